"""The HTML of a message, for mail programs: tables and styles at the elements, because many know nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awaken.pages import Branding, create_environment

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_mail"]


def render_mail(**facts: Any) -> str:
    """Return the HTML of a message; `templates/mail.html` names the facts."""
    # Half of a surrogate pair fits into no mail.
    return _template().render(facts).encode(errors="backslashreplace").decode()


@cache
def _template() -> Template:
    environment = create_environment(Branding(), messages=Path(__file__).parent / "templates")
    return environment.get_template("messages/mail.html")
