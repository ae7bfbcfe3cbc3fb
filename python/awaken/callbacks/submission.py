"""What a person did with a form: answered, rejected, or changed a list and wants to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.callbacks.form_values import (
    MOST_SENT,
    change_items,
    count_items,
    read_form,
    reopen_form,
    tidy_form,
)
from awaken.control.answers import InvalidAnswerError, Problem, check_answer
from awaken.control.operations import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.callbacks.fields import Form

__all__ = ["LONGEST_REASON", "Submission", "read_submission"]

#: Characters of a reason: it becomes the message of the handler's error. The page's input stops there as well.
LONGEST_REASON: Final = 1000
#: Values of the buttons that answer yes or no, and what they mean.
VERDICTS: Final = {"yes": "true", "no": "false"}


@dataclass(frozen=True, slots=True)
class Submission:
    """A form that was sent."""

    #: Its fields, to be shown again.
    form: dict[str, str]
    #: The answer as JSON, or a rejection; None if it is to be shown again.
    result: bytes | Failure | None = None
    #: Why there is no result; empty if an item was added to a list, or removed.
    problems: tuple[Problem, ...] = ()


def read_submission(sent: Mapping[str, str], form: Form, annotation: Any) -> Submission:
    """Return what a form says.

    Args:
        sent: its fields, with `do` for the button that was pressed.
        form: whose inputs it has.
        annotation: the type of the answer; None for any JSON.
    """
    do = sent.get("do", "")
    count = count_items(sent)
    if count > MOST_SENT:  # a page has inputs for each, so no form of ours says this
        problem = Problem("do", f"its lists have {count} items, and at most {MOST_SENT} are accepted")
        return Submission({}, problems=(problem,))
    changed = change_items(sent, form.fields, do)
    if changed is not None:
        return Submission(changed)
    if do == "reject":
        return _reject(dict(sent))
    tidied = tidy_form(sent, form.fields)
    if do in VERDICTS and form.verdict is not None:
        tidied[form.verdict.name] = VERDICTS[do]
    elif do != "resolve":
        problem = Problem("do", "press one of the two buttons")
        return Submission(reopen_form(tidied, form.fields), problems=(problem,))
    try:
        answer = read_form(tidied, form.fields)
        check_answer(answer, annotation)
    except InvalidAnswerError as error:
        return Submission(reopen_form(tidied, form.fields), problems=tuple(error.problems))
    return Submission(tidied, answer)


def _reject(sent: dict[str, str]) -> Submission:
    reason = sent.get("reason", "")
    if len(reason) > LONGEST_REASON:
        text = f"it has {len(reason)} characters, and at most {LONGEST_REASON} are accepted"
        return Submission(sent, problems=(Problem("reason", text),))
    return Submission(sent, Failure(500, reason))
