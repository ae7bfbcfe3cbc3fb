"""The HTML of a message, for mail programs: tables and styles at the elements, because many know nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from awaken.diagnostics.printable import escape_html

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_mail"]


def render_mail(**facts: Any) -> str:
    """Return the HTML of a message; `mail.html` names the facts."""
    # Half of a surrogate pair fits into no mail.
    return _template().render(facts).encode(errors="backslashreplace").decode()


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("awaken.messages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: Markup(escape_html(value)) if type(value) is str else value,  # noqa: S704
    )
    return environment.get_template("mail.html")
