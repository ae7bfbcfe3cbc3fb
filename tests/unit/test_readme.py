"""The README's code is what it says it is."""

from __future__ import annotations

import re
from pathlib import Path

from awaken import Endpoint

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_readme_example_is_a_runnable_endpoint() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    endpoint = names["app"]
    assert isinstance(endpoint, Endpoint)
    assert list(endpoint.services["expenses"].handlers) == ["submit"]


def test_readme_names_only_targets_of_the_makefile() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    for target in re.findall(r"\$ make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
