"""docs/production/troubleshooting.md: every message on it is one that the code can print."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "production" / "troubleshooting.md").read_text()
#: Messages are in the first column of these sections; the first section is about statuses.
TABLES = PAGE.partition("\n## While starting\n")[2]
#: Of SQLite and of the system.
OF_OTHERS = {"database or disk is full", "Too many open files"}
PLACEHOLDER = "\N{HORIZONTAL ELLIPSIS}"


@cache
def sources() -> str:
    """Return all code, with what joins the parts of a text and its placeholders taken out."""
    paths = [*(ROOT / "python/awaken").rglob("*.py"), *(ROOT / "rust/core/src").rglob("*.rs")]
    text = "\n".join(path.read_text() for path in paths)
    text = re.sub(r"\"\s*\n\s*f?\"|'\s*\n\s*f?'|\"\s*\n\s*f?'|'\s*\n\s*f?\"", "", text)
    return re.sub(r"\{[^{}\n]*\}", PLACEHOLDER, text)


def messages() -> list[str]:
    firsts = re.findall(r"^\| (.*?) \|", TABLES, flags=re.MULTILINE)
    quoted = [text for first in firsts for text in re.findall(r"`([^`]+)`", first)]
    return [text for text in quoted if not text.startswith(("awaken ", "Accepted", "damage"))]


@pytest.mark.parametrize("message", messages())
def test_message_is_one_that_the_code_prints(message: str) -> None:
    if message in OF_OTHERS:
        return
    numbered = re.fullmatch(r"\[(\d+) (.*)\]", message)
    parts = (
        [f'{numbered[1]}: "{numbered[2]}"']
        if numbered
        else [part.strip(' "') for part in message.split(PLACEHOLDER)]
    )

    assert [part for part in parts if part and part not in sources()] == []


def test_there_are_messages() -> None:
    assert len(messages()) > 20
