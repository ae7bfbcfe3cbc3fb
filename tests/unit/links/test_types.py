"""Names of types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from awaken.links import find_type, name_of_type, register_callback_type


@dataclass
class Decision:
    approved: bool


@pytest.mark.parametrize("annotation", [Decision, str, int, float, bool, dict, list, None])
def test_names_lead_back_to_their_types(annotation: Any) -> None:
    assert find_type(name_of_type(annotation)) is annotation


def test_registered_names_serve_every_type() -> None:
    register_callback_type("decisions", list[Decision])

    assert name_of_type(list[Decision]) == "decisions"
    assert find_type("decisions") == list[Decision]
    with pytest.raises(ValueError, match=r"names .* already"):
        register_callback_type("decisions", list[int])


def test_types_that_cannot_be_found_again_are_refused() -> None:
    class Local:
        pass

    for annotation in (Local, list[int], dict[str, int] | None):
        with pytest.raises(TypeError, match="has no name that a link can carry"):
            name_of_type(annotation)


@pytest.mark.parametrize("name", ["nowhere.at.all:X", "builtins:Missing", "x", ":", "a:"])
def test_unknown_names_are_told(name: str) -> None:
    with pytest.raises(LookupError, match="not known in this process"):
        find_type(name)
