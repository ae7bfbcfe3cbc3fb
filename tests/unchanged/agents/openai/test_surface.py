"""Everything that the official module has under a name without underscore, as users import it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from typing import Any

import awaken.ext.openai as ours
import pytest
import restate.ext.openai as official

#: What users import from submodules, by what is known of applications.
IMPORTED = {
    "runner_wrapper": ["DurableRunner", "RestateSession"],
    "session": ["RestateSession"],
    "functions": ["durable_function_tool", "propagate_cancellation", "raise_terminal_errors"],
    "models": ["AgentsTerminalException"],
}


def parameters(function: Any) -> dict[str, tuple[Any, Any]]:
    """Return kind and default by name; defaults that are functions are compared by name."""
    return {
        each.name: (each.kind, getattr(each.default, "__name__", each.default))
        for each in inspect.signature(function).parameters.values()
        if each.kind is not inspect.Parameter.VAR_KEYWORD
    }


def test_names_are_there() -> None:
    assert set(official.__all__) <= set(ours.__all__)
    for module, names in IMPORTED.items():
        for name in names:
            assert hasattr(import_module(f"restate.ext.openai.{module}"), name)
            assert hasattr(import_module(f"awaken.ext.openai.{module}"), name)


@pytest.mark.parametrize(
    "name",
    [
        "durable_function_tool",
        "propagate_cancellation",
        "raise_terminal_errors",
        "restate_context",
        "restate_object_context",
    ],
)
def test_signatures_are_the_same(name: str) -> None:
    assert parameters(getattr(ours, name)) == parameters(getattr(official, name))


def test_runner_and_session_have_the_same_methods() -> None:
    assert parameters(official.DurableRunner.run).items() <= parameters(ours.DurableRunner.run).items()
    session = import_module("restate.ext.openai.session").RestateSession
    for name in ("get_items", "add_items", "pop_item", "clear_session", "flush"):
        assert parameters(getattr(ours.RestateSession, name)) == parameters(getattr(session, name))


def test_exception_is_an_error_of_both_sides() -> None:
    from agents import AgentsException
    from awaken.errors import TerminalError
    from awaken.ext.openai.models import AgentsTerminalException

    assert issubclass(AgentsTerminalException, AgentsException)
    assert issubclass(AgentsTerminalException, TerminalError)
    assert AgentsTerminalException("no way").status_code == 500


def test_missing_framework_names_the_extra() -> None:
    code = "import sys; sys.modules['agents'] = None; import awaken.ext.openai"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "the package `agents` is not installed: pip install 'awaken[openai]'" in ended.stderr


def test_awaken_itself_does_not_import_the_framework() -> None:
    code = "import sys, awaken, awaken.testing; print('agents' in sys.modules, 'openai' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["False", "False"]
