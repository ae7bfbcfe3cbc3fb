"""The list of differences names tests that exist."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from tests.compat.differences import DIFFERENCES, OF_RUNTIMES, Difference, name_without_sdk

if TYPE_CHECKING:
    import pytest

EVERYTHING: dict[str, Difference] = DIFFERENCES | OF_RUNTIMES["embedded"] | OF_RUNTIMES["server"]


def test_every_difference_names_a_test() -> None:
    tests = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }

    assert {name.partition("[")[0] for name in EVERYTHING} <= tests


def test_every_difference_has_the_parameters_of_its_test(request: pytest.FixtureRequest) -> None:
    collected = {name_without_sdk(item.name) for item in request.session.items}
    functions = {name.partition("[")[0] for name in collected}

    assert {name for name in EVERYTHING if name.partition("[")[0] in functions} <= collected


def test_every_difference_has_a_reason() -> None:
    assert all(len(difference.reason) > 40 for difference in EVERYTHING.values())
