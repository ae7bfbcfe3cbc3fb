"""Renders the files of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from awaken.scaffold.template_name import Template

__all__ = ["render"]

_FOLDER: Final = Path(__file__).parent / "templates"


def render(template: Template, *, project: str, module: str, version: str) -> dict[str, str]:
    """Return the texts of a project's files by their paths, with `/` between the parts of a path.

    Args:
        template: what the project begins with.
        project: its name.
        module: the name of its module.
        version: of awaken, the lowest that the project accepts.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=False,  # noqa: S701 -- the files are code and Markdown, not HTML
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sources = {
        "README.md": "README.md.jinja",
        "pyproject.toml": "pyproject.toml.jinja",
        f"{module}.py": f"{template}.py.jinja",
        f"tests/test_{module}.py": f"test_{template}.py.jinja",
        ".gitignore": "gitignore.jinja",
    }
    facts = {"project": project, "module": module, "version": version, "template": template.value}
    return {path: environment.get_template(source).render(facts) for path, source in sources.items()}
