"""The examples as readers of the site get them: each folder as a ZIP with its tests, and each file by itself.

In the repository, the tests of an example import it and what they share by their places there. In a ZIP all of it is
in one folder, where `pytest` and `awaken dev` find it.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from scripts.docs.places import ROOT

EXAMPLES: Final = "examples"
_TESTS: Final = "tests/unit/examples"
#: What plays the demo of the repository, and needs the rest of it.
_NOT_OFFERED: Final = ("demo",)
_SUFFIXES: Final = (".ini", ".mjs", ".py")
#: What tests share, by the word in them that tells that they need it.
_SHARED: Final = {"servers.py": "serving", "conftest.py": "links"}
_PYTEST: Final = """\
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
markers =
    slow: needs more than a quarter of a second
"""
#: ZIPs of the same files are the same bytes.
_DATE: Final = (2026, 1, 1, 0, 0, 0)


def files() -> dict[str, bytes]:
    """Return what the site has below `examples/`, by its name in the site."""
    found: dict[str, bytes] = {}
    for path in sorted((ROOT / EXAMPLES).iterdir()):
        if path.is_dir() and path.name not in _NOT_OFFERED and (texts := _folder(path.name)):
            found |= {f"{EXAMPLES}/{path.name}/{name}": text.encode() for name, text in texts.items()}
            found[f"{EXAMPLES}/{path.name}.zip"] = _zip(
                {f"{path.name}/{name}": text for name, text in texts.items()}
            )
        elif path.suffix in _SUFFIXES:
            found[f"{EXAMPLES}/{path.name}"] = path.read_bytes()
    return found


def name_in_site(path: str) -> str | None:
    """Return the name in the site of a file or a folder of the repository, or None if the site does not have it."""
    test = re.fullmatch(rf"{_TESTS}/test_(\w+)\.py", path)
    if test and (ROOT / EXAMPLES / test[1]).is_dir():
        return f"{EXAMPLES}/{test[1]}/test_{test[1]}.py"
    folder, _, name = path.partition("/")
    if folder != EXAMPLES or not name or name.partition("/")[0] in _NOT_OFFERED or not (ROOT / path).exists():
        return None
    return f"{path}.zip" if (ROOT / path).is_dir() else path


def _folder(name: str) -> dict[str, str]:
    folder = ROOT / EXAMPLES / name
    texts = {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES}
    if name == "grpc_client":
        texts |= {
            str(path.relative_to(ROOT)): path.read_text()
            for path in sorted((ROOT / "proto").rglob("*.proto"))
        }
    test = ROOT / _TESTS / f"test_{name}.py"
    if test.exists():
        texts[test.name] = _in_one_folder(test.read_text(), name)
        texts["pytest.ini"] = _PYTEST
        for shared, word in _SHARED.items():
            if re.search(rf"\b{word}\b", texts[test.name]):
                texts[shared] = (ROOT / _TESTS / shared).read_text()
    return texts


def _in_one_folder(test: str, name: str) -> str:
    """Return a test that imports what is beside it."""
    test = re.sub(rf"\bfrom examples\.{name} import ", "import ", test)
    return re.sub(rf"\bfrom (?:examples\.{name}|tests\.unit\.examples)\.", "from ", test)


def _zip(texts: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED)
    return written.getvalue()
