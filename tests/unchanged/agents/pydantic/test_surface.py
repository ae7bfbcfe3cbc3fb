"""The names and signatures of the official extension."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

OFFICIAL = importlib.import_module("restate.ext.pydantic")
OURS = importlib.import_module("awaken.ext.pydantic")


def parameters(function: object) -> list[tuple[str, object, object]]:
    assert callable(function)
    signature = inspect.signature(function)
    return [(name, one.kind, one.default) for name, one in signature.parameters.items()]


def test_every_name_is_there() -> None:
    assert sorted(OURS.__all__) == sorted(OFFICIAL.__all__)


@pytest.mark.parametrize("name", OFFICIAL.__all__)
def test_what_is_called_takes_the_same(name: str) -> None:
    assert parameters(getattr(OURS, name)) == parameters(getattr(OFFICIAL, name))


@pytest.mark.parametrize("method", ["run", "iter", "run_stream", "run_sync", "run_stream_events", "override"])
def test_methods_of_agents_take_at_least_the_same(method: str) -> None:
    ours = inspect.signature(getattr(OURS.RestateAgent, method)).parameters
    assert set(inspect.signature(getattr(OFFICIAL.RestateAgent, method)).parameters) <= set(ours)


def test_missing_framework_names_the_extra() -> None:
    program = "import sys; sys.modules['pydantic_ai'] = None; import awaken.ext.pydantic"
    failed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "pip install 'awaken[pydantic_ai]'" in failed.stderr


def test_framework_is_loaded_only_with_its_module() -> None:
    program = "import sys, awaken, awaken.ext; sys.exit('pydantic_ai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
