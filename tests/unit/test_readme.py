"""The README's code works as described."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

from awaken import Endpoint

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_readme_shows_the_example_that_the_demo_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert code == (ROOT / "examples" / "approval.py").read_text()


def test_readme_example_is_a_runnable_endpoint() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    module = ModuleType("approval")
    sys.modules["approval"] = module
    try:
        exec(compile(code, "README.md", "exec"), module.__dict__)
    finally:
        del sys.modules["approval"]
    assert isinstance(module.app, Endpoint)
    assert list(module.app.services["expenses"].handlers) == ["submit"]


def test_readme_names_only_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\$ make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
