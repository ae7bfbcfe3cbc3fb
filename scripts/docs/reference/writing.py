"""Writes the pages of the reference, or tells which of them are not current."""

from __future__ import annotations

import difflib
import sys
from itertools import islice
from typing import Final

from scripts.docs.places import DOCS, ROOT
from scripts.docs.reference import command_line, errors, grpc, http, python_pages, settings

_FOLDER: Final = DOCS / "reference"
#: Pages of this folder that people write.
_BY_HAND: Final = frozenset(("index.md", "handlers.md", "versions.md"))
#: Lines of a difference that are shown of each page.
_SHOWN: Final = 100
_MARK: Final = "<!-- Written by `python -m scripts.docs reference` from the code; edit that. -->\n"


def pages() -> dict[str, str]:
    """Return every page of the reference by its name, as the code has it now."""
    found: dict[str, str] = {}
    for module in (command_line, settings, http, grpc, errors, python_pages):
        found |= module.write_pages()
    return {name: f"{_MARK}\n{text.rstrip()}\n" for name, text in found.items()}


def write(*, is_check: bool = False) -> int:
    """Write the pages, or only compare them.

    Returns:
        1 if pages were to be compared and are not current.
    """
    wanted = pages()
    stale = 0
    for path in sorted(_FOLDER.rglob("*.md")):
        name = path.relative_to(_FOLDER).as_posix()
        if name not in wanted and name not in _BY_HAND:
            stale += 1
            if is_check:
                print(f"{path.relative_to(ROOT)} has no source any more", file=sys.stderr)
            else:
                path.unlink()
    for name, text in wanted.items():
        path = _FOLDER / name
        now = path.read_text() if path.exists() else ""
        if now == text:
            continue
        stale += 1
        if is_check:
            _show(name, now, text)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if is_check and stale:
        print("docs/reference is not current: run `make reference`", file=sys.stderr)
    return 1 if is_check and stale else 0


def _show(name: str, now: str, wanted: str) -> None:
    lines = difflib.unified_diff(
        now.splitlines(), wanted.splitlines(), name, "as the code has it", n=1, lineterm=""
    )
    for line in islice(lines, _SHOWN):
        print(line, file=sys.stderr)
