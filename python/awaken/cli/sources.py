"""Finds the files of an application: those whose change restarts it, or may repair it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.diagnostics.tracebacks import PACKAGE, is_authored

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CODE", "DATA", "loaded_files", "tree"]

#: What imports load.
CODE: Final = (".py",)
#: What code may read while it is imported, judged by name; logs and databases are left out.
DATA: Final = (".cfg", ".env", ".html", ".ini", ".json", ".md", ".sql", ".toml", ".txt", ".yaml", ".yml")

#: At most this many folders are searched, in case the working directory is the home folder.
_MAX_FOLDERS: Final = 5000
#: What tells that a folder is a virtual environment.
_ENVIRONMENT: Final = "pyvenv.cfg"


def loaded_files() -> set[Path]:
    """Return the files of the author's loaded modules."""
    files = {
        file
        for module in list(sys.modules.values())
        if (file := getattr(module, "__file__", None)) and file.endswith(CODE)
    }
    return {Path(file) for file in files if not _is_installed(file)}


def tree(kinds: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files of these kinds below the working directory and other folders that modules are imported from."""
    folders = 0
    for root in _roots():
        for folder, below, names in os.walk(root):
            folders += 1
            if folders > _MAX_FOLDERS:
                return
            below[:] = [name for name in below if not _is_foreign(folder, name)]
            yield from (Path(folder, name) for name in names if name.endswith(kinds))


def _roots() -> set[str]:
    here = str(Path.cwd())
    roots = {here}
    for entry in sys.path:
        folder = str(Path(entry or here).absolute())
        is_inside = folder.startswith(here + os.sep)
        if not is_inside and not _is_installed(folder + os.sep) and not PACKAGE.startswith(folder + os.sep):
            roots.add(folder)
    return {root for root in roots if not _exists(Path(root).parent / _ENVIRONMENT)}


def _is_installed(file: str) -> bool:
    """Return whether a file belongs to Python, to an installed package or to this one."""
    return not is_authored(file) or "-packages" + os.sep in file


def _is_foreign(folder: str, name: str) -> bool:
    if name.startswith(".") or name in ("__pycache__", "node_modules") or name.endswith("-packages"):
        return True
    return _exists(Path(folder, name, _ENVIRONMENT))


def _exists(path: Path) -> bool:
    """Return whether a file is there and may be looked at; below `/`, for one, much may not."""
    try:
        return path.exists()
    except OSError:
        return False
