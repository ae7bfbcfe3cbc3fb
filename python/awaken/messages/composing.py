"""Makes the messages of an approval: a pure function of the question, so that replays make the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from awaken.approvals import ApprovalMessage
from awaken.diagnostics.printable import escape_line, escape_text, one_line
from awaken.messages.data_rows import rows_of
from awaken.messages.mail_page import render_mail
from awaken.messages.markdown_text import MarkdownText
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.approvals import ApprovalDocument, ApprovalFacts, ApprovalLink

__all__ = ["compose_message", "is_yes_or_no"]

_SUBJECTS: Final = {"ask": "{}", "remind": "Reminder: {}", "escalate": "Escalated: {}"}
_NOTES: Final = {
    "ask": "",
    "remind": "This still waits for an answer.",
    "escalate": "Others did not answer in time, so you are asked.",
}
#: Characters of a label that values are aligned with; longer ones push theirs to the right.
_WIDEST_LABEL: Final = 24
#: Characters of one value. The page has all of it.
_LONGEST_VALUE: Final = 1000
_details: Final = MarkdownText()


def compose_message(
    kind: Literal["ask", "remind", "escalate", "decided"],
    *,
    name: str,
    facts: ApprovalFacts,
    document: ApprovalDocument,
    link: ApprovalLink,
    number: int = 1,
    outcome: Mapping[str, Any] | None = None,
) -> ApprovalMessage:
    """Return a message for the person of a link.

    Args:
        kind: what it is about.
        name: of the approval, which is its question unless the document has a title.
        facts: how it is decided.
        document: the question in detail.
        link: where the person answers.
        number: which message of its kind this person gets, from 1: reminders are several.
        outcome: of `decided`: `is_approved` (None if nobody answered in time), `by`, `at_ms`, `via`, `comment`.
    """
    question = " ".join(one_line(document.title or name).split())
    outcome = outcome or {}
    decision = describe_decision(outcome) if kind == "decided" else ""
    title = f"{_word_of(outcome)}: {question}" if kind == "decided" else _SUBJECTS[kind].format(question)
    note = decision or _NOTES[kind]
    until = "" if kind == "decided" else f"Open until {describe_moment(link.expires_at_ms)}."
    data = () if document.data is None else rows_of(document.data)
    rows = [(label, _shortened(value)) for label, value in data]
    yes_or_no = kind != "decided" and is_yes_or_no(facts, document)
    comment = str(outcome.get("comment") or "")
    is_open = kind != "decided"
    return ApprovalMessage(
        kind=kind,
        person=link.person,
        title=title,
        text=_text(question, note, comment, document.details, rows, until, link, is_open=is_open),
        html=render_mail(
            title=title,
            question=question,
            note=note,
            comment=comment,
            details=document.details,
            rows=rows,
            until=until,
            url=link.url,
            person=link.person,
            has_choices=yes_or_no,
            is_open=is_open,
        ),
        link=link,
        details=document.details,
        data=document.data,
        is_yes_or_no=yes_or_no,
        number=number,
        outcome=outcome,
    )


def is_yes_or_no(facts: ApprovalFacts, document: ApprovalDocument) -> bool:
    """Return whether a yes or a no is a whole answer: nothing else in the answer's type is required."""
    if facts.verdict_field is None:
        return False
    if facts.verdict_field == "$":
        return True
    if document.schema is None:
        return False
    required = _root_of(document.schema).get("required", [])
    return isinstance(required, list) and set(required) <= {facts.verdict_field}


def describe_moment(milliseconds: int) -> str:
    """Return a moment for people everywhere.

    Args:
        milliseconds: since 1970, in UTC.
    """
    moment = datetime.fromtimestamp(min(max(milliseconds, 0), LAST_MS) / 1000, UTC)
    return f"{moment:%A}, {moment.day} {moment:%B %Y, %H:%M} UTC"


def describe_decision(outcome: Mapping[str, Any]) -> str:
    """Return what became of an approval, a sentence."""
    by, at_ms = outcome.get("by"), outcome.get("at_ms")
    if outcome.get("is_approved") is None:
        return "Nobody answered in time."
    who = f" by {by}" if by else ""
    when = f" on {describe_moment(at_ms)}" if isinstance(at_ms, int) else ""
    return f"{_word_of(outcome)}{who}{when}."


def _word_of(outcome: Mapping[str, Any]) -> str:
    is_approved = outcome.get("is_approved")
    return "Expired" if is_approved is None else "Approved" if is_approved else "Rejected"


def _root_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found = schema.get("$defs", {}).get(reference.rpartition("/")[2]) if isinstance(reference, str) else None
    return found if isinstance(found, dict) else schema


def _text(
    question: str,
    note: str,
    comment: str,
    details: str,
    rows: list[tuple[str, str]],
    until: str,
    link: ApprovalLink,
    *,
    is_open: bool,
) -> str:
    action = "Answer here" if is_open else "See it here"
    keep = f"This link answers as {link.person}. Keep it to yourself." if link.person and is_open else ""
    parts = (
        question,
        note,
        comment,
        _details.write(details).strip(),  # link definitions alone are none
        _lines(rows),
        until,
        f"{action}: {link.url}",
        keep,
    )
    return "\n\n".join(escape_text(part) for part in parts if part) + "\n"


def _lines(rows: list[tuple[str, str]]) -> str:
    """Return rows as lines, with the values below each other."""
    width = min(max((len(label) for label, _ in rows), default=0), _WIDEST_LABEL)
    indent = " " * (width + 4 if width else 2)
    lines = []
    for label, value in rows:
        head = f"  {escape_line(label):{width}}  " if width else "  "
        lines.append(head + value.replace("\n", f"\n{indent}"))
    return "\n".join(lines)


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
