"""The code in the pages about deploying and observing runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from awaken.transports.hosted.aws_lambda import LambdaHandler
from fastapi import FastAPI

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


@pytest.fixture(autouse=True)
def _examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `approval` be the README's example."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    yield
    sys.modules.pop("approval", None)


def run(code: str) -> dict[str, Any]:
    module = ModuleType("documented")
    exec(compile(code, "docs", "exec"), module.__dict__)
    return module.__dict__


def test_ways_to_deploy() -> None:
    mounted, function, guarded = (run(code) for code in blocks("deploying.md"))

    assert isinstance(mounted["app"], FastAPI)
    assert isinstance(function["handler"], LambdaHandler)
    assert len(guarded["app"].identity_keys) == 1


def test_ways_to_observe() -> None:
    logging, tracing = (run(code) for code in blocks("observability.md"))

    assert logging["log"].filters
    assert "expenses" in tracing["app"].services


def test_pages_are_linked() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in ("deploying.md", "observability.md"):
        assert f"(docs/{page})" in readme
