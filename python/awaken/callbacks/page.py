"""The pages that a link opens, and the parts of forms that other pages show. Opening one changes nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from awaken.callbacks.inputs import make_inputs
from awaken.pages import Branding, create_environment, hash_of_style, stylesheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2 import Environment

    from awaken.callbacks.fields import Field
    from awaken.callbacks.form_view import FormView
    from awaken.callbacks.question_view import AnswerView, QuestionView
    from awaken.control.answers import Problem

__all__ = ["TEMPLATES", "LinkPages", "render_answer_form", "render_inputs"]

#: The templates of this package, for the environments of others, under the name `callbacks`.
TEMPLATES: Final = Path(__file__).parent / "templates"
_ICONS: Final = {
    "approved": "check",
    "rejected": "cross",
    "failed": "alert",
    "waiting": "clock",
    "neutral": "clock",
}


class LinkPages:
    """Renders the pages of links.

    Args:
        branding: name, logo and colour.
        now_ms: the clock, in UTC milliseconds.
    """

    def __init__(self, branding: Branding, now_ms: Callable[[], int]) -> None:
        self._environment = create_environment(branding, now_ms=now_ms, callbacks=TEMPLATES)
        self._style = stylesheet(branding)
        #: The value of `content-security-policy`. Each page comes alone, with its style sheet in it.
        self.policy = (
            f"default-src 'none'; style-src {hash_of_style(self._style)}; img-src data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )

    def render_question(
        self, question: QuestionView, form: FormView | None, token: str, *, refusal: str = ""
    ) -> str:
        """Return the page of a question that waits.

        Args:
            question: what is asked.
            form: for the answer; None if this person may not answer.
            token: proves that a form was sent from this page.
            refusal: why this person may not answer.
        """
        return self._render("question", question=question, form=form, token=token, refusal=refusal)

    def render_outcome(
        self,
        title: str,
        text: str = "",
        *,
        name: str = "",
        state: str = "neutral",
        answers: Sequence[AnswerView] = (),
    ) -> str:
        """Return a page without a form.

        Args:
            title: what happened.
            text: what that means.
            name: what was asked.
            state: whose colour and icon it has: approved, rejected, failed, waiting or neutral.
            answers: that were given.
        """
        icon = _ICONS[state]
        return self._render(
            "outcome", title=title, text=text, name=name, state=state, icon=icon, given=answers
        )

    def _render(self, template: str, **facts: Any) -> str:
        return self._environment.get_template(f"callbacks/{template}.html").render(style=self._style, **facts)


def render_inputs(
    fields: Sequence[Field], given: Mapping[str, str], problems: Sequence[Problem] = ()
) -> Markup:
    """Return the inputs of a form.

    Args:
        fields: of the form.
        given: what stands in them; see `fill_form`.
        problems: of what was entered, which are shown beside their fields.
    """
    return _call("inputs", "inputs", make_inputs(fields, given, problems))


def render_answer_form(form: FormView, token: str) -> Markup:
    """Return the whole form of an answer: problems, inputs, and buttons to answer or reject.

    Args:
        form: what it shows.
        token: of the field `form`, which proves that it was sent from its page.
    """
    return _call("form", "answer_form", form, token)


def _call(template: str, macro: str, *arguments: Any) -> Markup:
    module = _environment().get_template(f"callbacks/{template}.html").module
    return Markup(getattr(module, macro)(*arguments))  # noqa: S704 -- what a macro returns is escaped


@cache
def _environment() -> Environment:
    return create_environment(Branding(), callbacks=TEMPLATES)
