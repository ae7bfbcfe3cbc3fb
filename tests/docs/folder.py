"""The folder in which a page works: files that it copies, writes, and shows in part."""

from __future__ import annotations

import re
import shutil
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.docs.page import ROOT, PageError

if TYPE_CHECKING:
    from tests.docs.page import Block, Copy
    from tests.docs.ports import Ports


#: Files in which a page's ports are replaced, as in what it writes itself.
_TEXTS: Final = (".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml")


def texts(item: Copy) -> list[str]:
    """Return the texts that a page copies."""
    source = ROOT / item.source
    found = sorted(source.rglob("*")) if source.is_dir() else [source]
    return [path.read_text() for path in found if path.suffix in _TEXTS and path.is_file()]


def copy(item: Copy, folder: Path, ports: Ports) -> None:
    """Copy a file, or what is in a folder, from the repository.

    Raises:
        PageError: there is none.
    """
    source = ROOT / item.source
    if source.is_dir():
        shutil.copytree(
            source,
            folder / item.target,
            dirs_exist_ok=True,
            copy_function=partial(_copy_file, ports),
            ignore=shutil.ignore_patterns("__pycache__", "node_modules", ".*_cache", ".awaken"),
        )
    elif source.is_file():
        target = folder / (item.target or source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(ports, source, target)
    else:
        raise PageError(f"<!-- copy: {item.source} -->: the repository has no such file or folder")


def _copy_file(ports: Ports, source: str | Path, target: str | Path) -> None:
    shutil.copy(source, target)
    if Path(source).suffix in _TEXTS:
        Path(target).write_text(ports.map(Path(source).read_text()))


def write(block: Block, folder: Path, ports: Ports) -> None:
    """Write the file that a block is."""
    assert block.title is not None
    target = folder / block.title
    if not target.resolve().is_relative_to(folder.resolve()):
        raise PageError(f"{block.where}: the file {block.title!r} is outside of the page's folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(ports.map(block.text))


def check_excerpt(block: Block, folder: Path, ports: Ports) -> None:
    """Check that a block is part of a file, of the working folder or of the repository.

    Raises:
        PageError: it is not, or there is no such file.
    """
    assert block.excerpt is not None
    for path, text in ((folder / block.excerpt, ports.map(block.text)), (ROOT / block.excerpt, block.text)):
        if path.is_file():
            if not occurs(text, path.read_text()):
                raise PageError(
                    f"{block.where}: this is no part of {block.excerpt}, which differs at "
                    f"{_first_difference(text, path.read_text())!r}"
                )
            return
    raise PageError(
        f"{block.where}: there is no file {block.excerpt}, neither of the page nor of the repository"
    )


def occurs(part: str, whole: str) -> bool:
    """Return whether consecutive lines of a text are a part of it, whatever the indentation of all of them."""
    wanted = textwrap.dedent(part).strip("\n").splitlines()
    lines = whole.splitlines()
    return any(
        textwrap.dedent("\n".join(lines[start : start + len(wanted)])).splitlines() == wanted
        for start, line in enumerate(lines)
        if line.strip() == wanted[0].strip()
    )


def _first_difference(part: str, whole: str) -> str:
    lines = textwrap.dedent(part).strip("\n").splitlines()
    for count in range(1, len(lines) + 1):
        if not occurs("\n".join(lines[:count]), whole):
            return lines[count - 1]
    return lines[-1]


def python_name(title: str) -> str | None:
    """Return the module that a file is, with dots, or None if it is none."""
    if not re.fullmatch(r"(?:\w+/)*\w+\.py", title):
        return None
    return title.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
