"""The names and signatures of the official SDK, and what happens without the framework."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from typing import Any

import awaken.ext.adk
import pytest
import restate.ext.adk


@pytest.mark.parametrize("name", restate.ext.adk.__all__)
def test_public_names_are_there(name: str) -> None:
    assert name in awaken.ext.adk.__all__


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [(each.name, each.kind, each.default) for each in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("module", ["plugin", "session", "summarizer"])
def test_methods_take_what_the_official_ones_take(module: str) -> None:
    theirs, ours = (importlib.import_module(f"{sdk}.ext.adk.{module}") for sdk in ("restate", "awaken"))
    names = [
        name
        for name in restate.ext.adk.__all__
        if getattr(vars(theirs).get(name), "__module__", None) == theirs.__name__
    ]
    assert len(names) == 1
    for name in names:
        official, own = getattr(theirs, name), getattr(ours, name)
        methods = [
            each for each in vars(official) if not each.startswith("_") and callable(getattr(official, each))
        ]
        assert parameters(official) == [each for each in parameters(own) if each[0] != "concurrent_tools"]
        for method in methods:
            assert parameters(getattr(own, method)) == parameters(getattr(official, method)), method


def test_missing_framework_names_the_extra() -> None:
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "google.adk":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import awaken.ext.adk
"""

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ran.stderr.endswith(
        "ImportError: the package `google.adk` is not installed: pip install 'awaken[adk]' installs one that works\n"
    )


def test_framework_is_imported_only_when_used() -> None:
    code = "import sys, awaken, awaken.ext, awaken.ext.contexts\nprint([n for n in sys.modules if 'google.adk' in n])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
