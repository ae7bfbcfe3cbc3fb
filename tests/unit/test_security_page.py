"""The limits on the page are those of the code, and every option it names exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from awaken.cli import app
from awaken.control.lanes import LIMITS, Kind
from awaken.runtime.settings import RuntimeSettings
from typer.main import get_command

DOCS = Path(__file__).parents[2] / "docs" / "production"
PAGE = (DOCS / "security.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| ([^|]+) \| `([\w.\[\]]+)` \|", re.MULTILINE)
ROWS = ROW.findall(PAGE)
UNITS = {"": 1, "s": 1, "KiB": 1024, "MiB": 1024**2, "characters": 1, "bytes": 1}
#: The attribute of a setting, and how many of its units make one of the page's.
SETTINGS = {
    "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": ("inactivity_timeout_ms", 1000),
    "RESTATE_WORKER__INVOKER__ABORT_TIMEOUT": ("abort_timeout_ms", 1000),
    "RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT": ("max_open_attempts", 1),
}


def value_on_the_page(text: str) -> float:
    number, _, unit = text.partition(" ")
    return float(number.replace(",", "")) * UNITS[unit]


def value_in_the_code(name: str) -> float:
    if name in SETTINGS:
        attribute, scale = SETTINGS[name]
        return float(getattr(RuntimeSettings(), attribute) / scale)
    lane = re.fullmatch(r"control\.lanes\.LIMITS\[(\w+)\]\.(\w+)", name)
    if lane is not None:
        return float(getattr(LIMITS[Kind[lane.group(1)]], lane.group(2)))
    module, _, constant = name.rpartition(".")
    return float(getattr(import_module(f"awaken.{module}"), constant))


@pytest.mark.parametrize(("value", "name"), ROWS, ids=[name for _, name in ROWS])
def test_value_is_that_of_the_code(value: str, name: str) -> None:
    assert value_on_the_page(value) == value_in_the_code(name)


def test_every_row_of_limits_was_read() -> None:
    limits = PAGE[PAGE.index("## Limits") : PAGE.index("## What is left to you")]
    rows = [line for line in limits.splitlines() if line.startswith("| ") and "---" not in line]
    headings = [line for line in rows if line.startswith("| limit |")]
    assert len(ROWS) == len(rows) - len(headings) > 40


def test_every_option_is_one_of_a_command() -> None:
    commands: Any = get_command(app)
    known = {
        option for command in commands.commands.values() for one in command.params for option in one.opts
    }
    assert set(re.findall(r"--[a-z][\w-]+", PAGE)) - known == set()


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [target for target in targets if not (DOCS / target).exists()] == []
