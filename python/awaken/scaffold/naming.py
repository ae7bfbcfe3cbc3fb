"""Which names a new project may have, and the name of its module."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

__all__ = ["module_name"]

#: As packaging wants it: letters and digits, with `-`, `_` or `.` between them.
_PROJECT_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
#: With more, imports of the module would not fit on a line of the generated files.
_MAX_LENGTH: Final = 40
#: What a project has beside its module, or may install, even if this environment lacks it.
_TAKEN: Final = {
    "conftest": "the module that pytest reads fixtures from",
    "fastapi": "a package that projects install",
    "pytest": "a package that projects install",
    "setup": "the file that builds a package",
    "tests": "the folder of the project's tests",
    "uvicorn": "a package that projects install",
}
#: Files and folders cannot have these names on Windows, whatever their case and what follows a `.`.
_DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def module_name(project: str) -> str:
    """Return the name of a project's module: `my_orders` for `My-Orders`.

    Raises:
        ValueError: the name cannot be that of a project and a module, or would hide another module.
    """
    if "/" in project or "\\" in project:
        raise ValueError(f"{project!r} is a path; give a name, and the folder with --directory")
    if not _PROJECT_NAME.fullmatch(project):
        raise ValueError(
            f"{project!r} cannot be the name of a project; use letters and digits of ASCII, with '-', '_' or "
            "'.' between them"
        )
    if len(project) > _MAX_LENGTH:
        raise ValueError(f"{project!r} has {len(project)} characters; a name has at most {_MAX_LENGTH}")
    module = re.sub(r"[-_.]+", "_", project).lower()
    if (device := project.partition(".")[0].lower()) in _DEVICES:
        raise ValueError(
            f"{project!r} cannot name a folder on Windows, where {device!r} is a device; try 'my-{project}'"
        )
    if not module.isidentifier():
        raise ValueError(f"{project!r} cannot name a module, which begins with a letter; try 'app-{project}'")
    if keyword.iskeyword(module):
        raise ValueError(
            f"{project!r} cannot name a module: {module!r} is a word of Python; try 'my-{project}'"
        )
    if owner := _owner_of(module):
        raise ValueError(f"{project!r} would hide {module!r}, {owner}; try 'my-{project}'")
    return module


def _owner_of(module: str) -> str | None:
    """Return what has a module's name already, or None. What lies in the working directory does not count."""
    if module in sys.stdlib_module_names or module == "test":
        return "a module of Python"
    if module in _TAKEN:
        return _TAKEN[module]
    here = Path.cwd()
    path = [entry for entry in sys.path if entry and Path(entry).resolve() != here]
    spec = PathFinder.find_spec(module, path)
    # A folder without code has no origin; it may be anything.
    return (
        None if spec is None or spec.origin is None else f"which is installed in {Path(spec.origin).parent}"
    )
