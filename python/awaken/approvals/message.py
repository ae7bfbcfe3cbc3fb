"""What a notifier gets: one message for one person."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the annotations of public types are read at run time
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ApprovalLink", "ApprovalMessage"]


@dataclass(frozen=True, slots=True)
class ApprovalLink:
    """The link by which one person answers. `str(link)` is its URL."""

    #: Treat it as a password.
    url: str
    #: The id of the approval's first awakeable.
    id: str
    #: Whom it names, such as `lead@example.com` or `group:finance`; empty if anybody may answer.
    person: str
    #: UTC milliseconds.
    expires_at_ms: int

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class ApprovalMessage:
    """One message for one person. Send it as it is, or write your own from its facts."""

    #: `ask`, `remind`, `escalate` (others did not answer in time, so you are asked) or `decided`.
    kind: Literal["ask", "remind", "escalate", "decided"]
    #: Whom it is for, as the handler named them; empty if it named nobody.
    person: str
    #: The subject, a line of text.
    title: str
    #: The whole message as text, with the link.
    text: str
    #: The whole message as HTML for a mail, with the link as a button.
    html: str
    #: Where to answer; of `decided`, where to see what became of it.
    link: ApprovalLink
    #: The facts of the question, for messages of your own: Markdown, and a JSON value.
    details: str = ""
    data: Any = None
    #: Whether a yes or a no is a whole answer: a chat can offer two buttons.
    is_yes_or_no: bool = False
    #: Which message of its kind this person gets, from 1: there may be several reminders.
    number: int = 1
    #: Of `decided`: `is_approved`, `by`, `at_ms`, `via`, `comment`, as far as they are known.
    outcome: Mapping[str, Any] = field(default_factory=dict)
