"""The code in the page about the client works."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from awaken.client import RestateClient

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "client.md").read_text()


def test_code_of_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    namespace: dict[str, object] = {}

    exec(compile(code, "docs/how-to/client.md", "exec"), namespace)

    assert inspect.iscoroutinefunction(namespace["main"])


def test_methods_of_the_page_exist() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    for method in re.findall(r"client\.(\w+)\(", code):
        assert hasattr(RestateClient, method), method
