"""A form as its template shows it: inputs, and the words on its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.callbacks.inputs import Input, describe_problems, make_inputs
from awaken.callbacks.submission import LONGEST_REASON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.callbacks.fields import Field, Form
    from awaken.control.answers import Problem

__all__ = ["CHOICES", "FormView", "VerdictView"]

#: What a button in a message may have in its address, `?choose=approve`: the page highlights the button of that name.
CHOICES: Final = ("approve", "reject")
#: The words of two buttons by the name of their field; the name itself goes without saying then.
_WORDS: Final = {
    "approved": ("Approve", "Reject"),
    "approve": ("Approve", "Reject"),
    "accepted": ("Accept", "Decline"),
    "accept": ("Accept", "Decline"),
    "confirmed": ("Confirm", "Decline"),
    "confirm": ("Confirm", "Decline"),
    "allowed": ("Allow", "Deny"),
    "allow": ("Allow", "Deny"),
    "granted": ("Grant", "Deny"),
    "grant": ("Grant", "Deny"),
    "agreed": ("Agree", "Disagree"),
    "agree": ("Agree", "Disagree"),
}
_YES_OR_NO: Final = ("Yes", "No")


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The two buttons that answer a field."""

    id: str
    title: str
    is_title_shown: bool
    help: str
    yes: str
    no: str
    problem: str


class FormView:
    """One form.

    Args:
        form: of the type.
        given: what stands in its inputs.
        problems: of what was entered.
        chosen: `approve` or `reject`, if a button of a message said so.
    """

    longest_reason = LONGEST_REASON

    def __init__(
        self, form: Form, given: Mapping[str, str], problems: Sequence[Problem] = (), chosen: str = ""
    ) -> None:
        field = form.verdict
        inputs = make_inputs(form.fields, given, problems)
        self.inputs: tuple[Input, ...] = tuple(one for one in inputs if one.field != field)
        self.described = describe_problems(inputs, problems)
        self.title = form.title
        self.description = form.description
        self.chosen = chosen if chosen in CHOICES else ""
        self.reason = given.get("reason", "")
        self.reason_problem = _problem_at("reason", problems)
        self.verdict = None if field is None else _verdict(field, _problem_at(field.path, problems))

    @property
    def paragraphs(self) -> list[str]:
        """The docstring of the type, by paragraphs."""
        blocks = (" ".join(block.split()) for block in self.description.split("\n\n"))
        return [block for block in blocks if block]


def _verdict(field: Field, problem: str) -> VerdictView:
    word = field.label.removeprefix("is_").lower()
    yes, no = _WORDS.get(word, _YES_OR_NO)
    is_title_shown = field.path != "$" and (word not in _WORDS or field.title.lower() != word)
    return VerdictView(field.id, field.title, is_title_shown, field.description, yes, no, problem)


def _problem_at(path: str, problems: Sequence[Problem]) -> str:
    return next((one.message for one in problems if one.path == path), "")
