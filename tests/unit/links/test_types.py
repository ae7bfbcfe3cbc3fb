"""Names of types."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from awaken.links import add_type_module, find_type, import_type, name_of_type, register_callback_type

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Decision:
    approved: bool


@pytest.mark.parametrize("annotation", [Decision, str, int, float, bool, dict, list, datetime, Decimal, None])
def test_names_lead_back_to_their_types(annotation: Any) -> None:
    assert import_type(name_of_type(annotation)) is annotation
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


@pytest.mark.parametrize(
    "name", ["nowhere.at.all:X", "builtins:Missing", "x", ":", "a:", ":x", "sys:modules"]
)
def test_unknown_names_are_told(name: str) -> None:
    for find in (import_type, find_type):
        with pytest.raises(LookupError, match="is not known in this process"):
            find(name)


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a module that leaves a trace when it is imported."""
    name = "a_module_that_nobody_may_import"
    (tmp_path / f"{name}.py").write_text("class Kind:\n    pass\n\nimport sys\nsys.trap = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(sys, "trap", raising=False)
    return name


def test_name_from_a_journal_imports_nothing(trap: str) -> None:
    with pytest.raises(LookupError):
        find_type(f"{trap}:Kind")
    assert not hasattr(sys, "trap")

    assert import_type(f"{trap}:Kind").__name__ == "Kind"
    assert hasattr(sys, "trap")


@pytest.mark.parametrize(
    "name", ["subprocess:Popen", "awaken.client:RestateClient", "pytest:Item", "httpx:URL"]
)
def test_name_from_a_journal_finds_no_class_of_a_library(name: str) -> None:
    with pytest.raises(LookupError):
        find_type(name)


def test_modules_that_the_operator_names_are_known() -> None:
    with pytest.raises(LookupError):
        find_type("hypothesis.configuration:Path")
    with pytest.raises(LookupError):
        find_type("hypothesis.errors:Flaky")

    add_type_module("hypothesis.errors")

    assert find_type("hypothesis.errors:Flaky").__name__ == "Flaky"
    with pytest.raises(LookupError):
        find_type("hypothesis.configuration:Path")


def test_lazy_attributes_of_modules_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "__getattr__", pytest.fail, raising=False)

    with pytest.raises(LookupError):
        find_type(f"{__name__}:Missing")


def test_names_that_no_link_can_carry_are_refused() -> None:
    class Long:
        pass

    Long.__qualname__ = "L" * 300
    Long.__module__ = __name__
    setattr(sys.modules[__name__], Long.__qualname__, Long)

    with pytest.raises(TypeError, match="limit is 250"):
        name_of_type(Long)
    for name in ("x" * 251, "\ud800"):
        with pytest.raises(ValueError, match=r"limit is 250|half of a character"):
            register_callback_type(name, list[Decision])
