"""The page that a link opens in a browser: the question, a form, and a way to reject. Opening it changes nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from awaken.diagnostics.printable import escape_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.callbacks.forms import Field
    from awaken.control.answers import Problem

__all__ = ["render_form", "render_inputs", "render_message", "render_problems"]

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
form { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid #8884; }
label { display: block; margin: .8rem 0 .2rem; font-weight: 600; }
label.choice { font-weight: 400; }
input[type=text], input[type=number], select, textarea {
  width: 100%; box-sizing: border-box; font: inherit; padding: .4rem;
}
textarea { min-height: 6rem; font-family: ui-monospace, monospace; }
button { font: inherit; padding: .5rem 1.2rem; margin-top: 1rem; }
small, .facts { color: light-dark(#555, #aaa); }
.problem { border-left: 4px solid #c33; padding: .2rem .8rem; }
"""


def render_form(
    name: str,
    expires: str,
    fields: Sequence[Field],
    token: str,
    *,
    filled: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    """Return the page with the form.

    Args:
        name: what is asked for.
        expires: when the link expires, for people.
        fields: the inputs of the answer.
        token: proves that a form was sent from this page.
        filled: what was entered before.
        problems: what did not fit in it.
    """
    given = filled or {}
    problem = render_problems(problems)
    inputs = render_inputs(fields, given)
    hidden = f'<input type="hidden" name="form" value="{escape(token)}">'
    body = f"""
<h1>{escape_html(name)}</h1>
<p class="facts">Open until {escape(expires)}. The first answer counts.</p>
{problem}
<form method="post">{hidden}{inputs}<button name="do" value="resolve">Send the answer</button></form>
<form method="post">{hidden}
<label for="reason">Or reject, with a reason</label>
<input type="text" id="reason" name="reason" maxlength="1000" value="{escape(given.get("reason", ""))}">
<button name="do" value="reject">Reject</button></form>"""
    return _page(name, body)


def render_problems(problems: Sequence[Problem]) -> str:
    """Return the problems as a part of a page; empty without any."""
    if not problems:
        return ""
    items = "".join(f"<li><b>{escape_html(one.path)}</b> {escape_html(one.message)}</li>" for one in problems)
    return f'<div class="problem" role="alert"><p>This does not fit:</p><ul>{items}</ul></div>'


def render_inputs(fields: Sequence[Field], given: Mapping[str, str]) -> str:
    """Return the inputs of a form, with what was entered before."""
    return "".join(_input(field, given.get(field.name)) for field in fields)


def render_message(title: str, text: str) -> str:
    """Return a page with a message and no form."""
    return _page(title, f"<h1>{escape_html(title)}</h1><p>{escape_html(text)}</p>")


def _input(field: Field, given: str | None) -> str:
    name, label = escape(field.name), escape_html(field.label)
    note = f"<small>{escape_html(field.description)}</small>" if field.description else ""
    required = " required" if field.is_required and not field.is_nullable else ""
    value = escape(given or "")
    head = f'<label for="{name}">{label}</label>{note}'
    match field.kind:
        case "boolean":
            radios = "".join(
                f'<label class="choice"><input type="radio" name="{name}" value="{text}"'
                f"{' checked' if given == text else ''}{required}> {word}</label>"
                for text, word in (("true", "yes"), ("false", "no"))
            )
            return f'<div role="radiogroup" aria-label="{label}"><label>{label}</label>{note}{radios}</div>'
        case "choice":
            options = "".join(
                f"<option{' selected' if choice == given else ''}>{escape(choice)}</option>"
                for choice in field.choices
            )
            empty = '<option value=""></option>'  # a browser would preselect the first one
            return f'{head}<select id="{name}" name="{name}"{required}>{empty}{options}</select>'
        case "integer" | "number":
            step = "1" if field.kind == "integer" else "any"
            return f'{head}<input type="number" step="{step}" id="{name}" name="{name}" value="{value}"{required}>'
        case "json":
            return f'{head}<small>as JSON</small><textarea id="{name}" name="{name}"{required}>{value}</textarea>'
        case _:
            return f'{head}<input type="text" id="{name}" name="{name}" value="{value}"{required}>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape_html(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>\n"
    )
