"""Writes a new project into a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken._core import __version__
from awaken.scaffold.naming import module_name
from awaken.scaffold.rendering import render

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.scaffold.template_name import Template

__all__ = ["Project", "create_project"]

#: What a folder may contain that is otherwise empty: a repository that was made, or cloned, before.
_HARMLESS: Final = frozenset({".git"})


@dataclass(frozen=True, slots=True)
class Project:
    """A project that was written.

    Args:
        name: the name of the project.
        module: the module with the application, `app`.
        template: what it begins with.
        directory: where it is, as it was asked for.
        files: paths of what was written, below the directory, with `/` between their parts.
    """

    name: str
    module: str
    template: Template
    directory: Path
    files: tuple[str, ...]


def create_project(name: str, template: Template, directory: Path) -> Project:
    """Write a project into a folder that is empty or does not exist.

    Raises:
        ValueError: the name cannot be that of a project.
        FileExistsError: there is something at the directory.
        OSError: a file cannot be written.
    """
    module = module_name(name)
    texts = render(template, project=name, module=module, version=__version__)
    _check_is_free(directory)
    for path, text in texts.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return Project(name, module, template, directory, tuple(texts))


def _check_is_free(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise FileExistsError(f"{directory} is a file; name another folder with --directory")
    present = sorted(entry.name for entry in directory.iterdir() if entry.name not in _HARMLESS)
    if present:
        shown = ", ".join(present[:3]) + (f" and {len(present) - 3} more" if len(present) > 3 else "")
        raise FileExistsError(
            f"{directory} is not empty: it has {shown}; name another folder with --directory"
        )
