"""The environment of templates: everything that a template shows is escaped, unless it was made safe here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from awaken.diagnostics.printable import escape_field, escape_page_text
from awaken.pages.data_table import read_data
from awaken.pages.markdown import render_markdown
from awaken.pages.names import humanise
from awaken.pages.times import describe_age, describe_due, describe_moment, describe_span, write_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.pages.branding import Branding

__all__ = ["create_environment"]

_TEMPLATES: Final = Path(__file__).parent / "templates"


def create_environment(
    branding: Branding, *, now_ms: Callable[[], int] | None = None, **folders: Path
) -> Environment:
    """Return an environment whose templates are those of this package, as `pages/...`, and those of folders.

    Filters: `markdown`, `data` (a JSON value as a `Cell`), `humanise`, `age`, `due`, `moment`, `span` and `iso` (of UTC
    milliseconds), and `field_value` for what a form sends back.

    Args:
        branding: name, logo and colour, which the layout shows.
        now_ms: the clock, in UTC milliseconds.
        folders: of templates, by the name in front of theirs.
    """
    loaders = {name: FileSystemLoader(folder) for name, folder in {"pages": _TEMPLATES, **folders}.items()}
    environment = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    clock = now_ms or (lambda: time.time_ns() // 1_000_000)
    environment.globals |= {"branding": branding, "now_ms": clock}
    environment.filters |= {
        "age": lambda at_ms: describe_age(at_ms, clock()),
        "due": lambda at_ms: describe_due(at_ms, clock()),
        "moment": lambda at_ms, has_seconds=False: describe_moment(at_ms, clock(), has_seconds=has_seconds),
        "span": describe_span,
        "iso": write_iso,
        "markdown": render_markdown,
        "data": read_data,
        "humanise": humanise,
        "field_value": _field_value,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Escape what a page cannot contain. Markup was made by a template or by this package."""
    return escape_page_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _field_value(value: object) -> Markup:
    """Return the value of an input: escaped for HTML, and else unchanged, because the form sends it back."""
    return Markup(escape_field(str(value)))  # noqa: S704 -- escaped
