"""Nothing of the official command line is left out without a reason, and the documentation says what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.install_tools import install_command_line
from tests.unchanged.command_line import not_tried
from tests.unchanged.command_line.differences import DIFFERENCES
from tests.unchanged.command_line.page import render
from tests.unchanged.command_line.readings import READINGS
from tests.unchanged.command_line.scenarios import SCENARIOS
from tests.unchanged.command_line.side import ImaginedSide
from tests.unchanged.command_line.surface import Subcommand, read_surface, used_by

PAGE = Path(__file__).parents[3] / "docs" / "comparison" / "official-api.md"
BEGIN, END = "<!-- the official command line: begin -->", "<!-- the official command line: end -->"


@pytest.fixture(scope="module")
def surface() -> Subcommand:
    return read_surface(install_command_line())


def _commands() -> list[str]:
    side = ImaginedSide()
    for scenario in SCENARIOS:
        scenario(side)
    return [*(reading.command for reading in READINGS), *side.commands]


def test_every_subcommand_and_option_is_tried_or_has_a_reason(surface: Subcommand) -> None:
    tried: dict[str, set[str]] = {}
    for command in _commands():
        name, options = used_by(surface, command)
        tried.setdefault(name, set()).update(options)
    leaves = [leaf for leaf in surface.leaves() if leaf.name.split()[0] not in not_tried.SUBCOMMANDS]
    missing = {leaf.name for leaf in leaves} - tried.keys()
    missing |= {
        f"{leaf.name} {option}"
        for leaf in leaves
        for option in set(leaf.options.values()) - tried.get(leaf.name, set())
        if option not in not_tried.OPTIONS
    }
    everywhere = {option for options in tried.values() for option in options}
    missing |= set(surface.options.values()) - everywhere - not_tried.OPTIONS.keys()

    assert missing - not_tried.OPTIONS.keys() == set()


def test_what_is_not_tried_is_there_and_is_not_tried(surface: Subcommand) -> None:
    used = [used_by(surface, command) for command in _commands()]
    groups = {name.split()[0] for name, _ in used}
    options = {option for _, options in used for option in options}
    pairs = {f"{name} {option}" for name, options in used for option in options}
    known = set(surface.options.values())
    for leaf in surface.leaves():
        known |= {*leaf.options.values(), *(f"{leaf.name} {option}" for option in leaf.options.values())}

    assert not_tried.SUBCOMMANDS.keys() <= surface.children.keys()
    assert not_tried.SUBCOMMANDS.keys().isdisjoint(groups)
    assert not_tried.OPTIONS.keys() <= known
    assert not_tried.OPTIONS.keys().isdisjoint(options | pairs)


def test_listed_differences_are_of_commands_that_are_run() -> None:
    assert DIFFERENCES.keys() <= set(_commands())


def test_the_page_has_the_table(surface: Subcommand) -> None:
    text = PAGE.read_text()
    written = text.partition(BEGIN)[2].partition(END)[0].strip()

    assert written == render(surface), f"put this between the marks in {PAGE.name}:\n{render(surface)}"
