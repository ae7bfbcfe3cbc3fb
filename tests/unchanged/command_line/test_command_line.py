"""Each subcommand of the official command line does the same on the embedded runtime as on the server."""

from __future__ import annotations

import difflib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.unchanged.command_line.differences import DIFFERENCES
from tests.unchanged.command_line.masks import cells, described
from tests.unchanged.command_line.prepared import Pair
from tests.unchanged.command_line.readings import READINGS, Reading
from tests.unchanged.command_line.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.unchanged.command_line.command_line import Outcome
    from tests.unchanged.command_line.prepared import Prepared
    from tests.unchanged.command_line.readings import Order
    from tests.unchanged.command_line.side import Side

#: The first one starts both runtimes.
pytestmark = pytest.mark.timeout(120)
#: How the command line ends when it does not understand its arguments: then it has asked nothing.
MISUSED = 2


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.command)
def test_reading_gives_the_same(
    reading: Reading, prepared: Pair[Prepared], read: Mapping[str, Pair[Outcome]]
) -> None:
    names = Pair(*(one.names for one in prepared))

    problem = _compare(read[reading.command], names, reading.order)

    assert not problem, problem


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_changing_gives_the_same(
    scenario: Callable[[Side], None], changeable: Pair[Prepared], tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as threads:
        sides = Pair(*threads.map(lambda one: one.play(scenario, tmp_path), changeable))

    names = Pair(*(side.names for side in sides))
    pairs = [Pair(*pair) for pair in zip(*(side.outcomes for side in sides), strict=True)]
    problems = [problem for pair in pairs if (problem := _compare(pair, names, "cells"))]
    assert not problems, "\n".join(problems)


def _compare(pair: Pair[Outcome], names: Pair[Mapping[str, str]], order: Order) -> str:
    """Return what differs and is not listed, or what is listed and does not differ."""
    server, embedded = (
        _ordered(described(outcome, known), order) for outcome, known in zip(pair, names, strict=True)
    )
    command = pair.server.command
    if pair.server.exit_code == MISUSED:
        return "\n".join(("", f"$ restate {command}", *server))
    if command in DIFFERENCES:
        return _differs_as_listed(pair, server, embedded)
    found = difflib.unified_diff(server, embedded, "server", "embedded", lineterm="", n=1)
    return "" if server == embedded else "\n".join(("", f"$ restate {command}", *found))


def _differs_as_listed(pair: Pair[Outcome], server: list[str], embedded: list[str]) -> str:
    difference, says = DIFFERENCES[pair.server.command]
    codes = (pair.server.exit_code, pair.embedded.exit_code)
    if codes != (difference.exit_codes or (codes[0], codes[0])):
        return f"$ restate {pair.server.command}\nexit codes {codes}"
    if not any(re.search(says, line) for line in embedded) or any(re.search(says, line) for line in server):
        return "\n".join(
            ("", f"$ restate {pair.server.command}", f"only one says {says!r}:", *server, *embedded)
        )
    return ""


def _ordered(lines: list[str], order: Order) -> list[str]:
    match order:
        case "lines":
            return lines
        case "rows":
            return sorted(lines)
        case "cells":
            return cells(lines)
