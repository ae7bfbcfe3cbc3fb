"""The blocks of a message in Slack, within Slack's limits; what does not fit is on the page of the link."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from awaken.messages.composing import describe_decision, describe_moment
from awaken.messages.data_rows import rows_of
from awaken.notify.mrkdwn import escape_mrkdwn, write_mrkdwn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.approvals import ApprovalMessage

__all__ = ["APPROVE", "REJECT", "describe_answer", "make_blocks", "mark_of", "replace_buttons"]

#: Ids of the buttons that answer; their value is the token of the link.
APPROVE: Final = "awaken_approve"
REJECT: Final = "awaken_reject"
_OPEN: Final = "awaken_open"
#: Characters of the text of a section.
_LONGEST_TEXT: Final = 3000
#: Characters of a field, with its label, and fields of a section.
_LONGEST_FIELD: Final = 2000
_MOST_FIELDS: Final = 10
#: Sections of fields: a message has at most 50 blocks, and people read fewer.
_MOST_SECTIONS: Final = 4
#: Of an answer beside a name: what was chosen, in a mark that colour-blind people can tell apart.
_MARKS: Final = {True: "✅", False: "⛔", None: "⌛"}

Block = dict[str, Any]


def make_blocks(message: ApprovalMessage, *, has_buttons: bool, is_reply: bool = False) -> list[Block]:
    """Return the blocks of a message.

    Args:
        message: what to say.
        has_buttons: whether a click can answer, because a route receives clicks. If not, all buttons are links.
        is_reply: the question stands above it already.
    """
    blocks: list[Block] = [{**_section(f"*{escape_mrkdwn(message.title)}*"), "block_id": mark_of(message)}]
    if message.kind == "decided":
        blocks.append(_context(describe_answer(message.outcome)))
        comment = str(message.outcome.get("comment") or "")
        if comment:
            blocks.append(_section(_cut(escape_mrkdwn(comment), _LONGEST_TEXT)))
    if not is_reply:
        details = write_mrkdwn(message.details).strip()  # link definitions alone are none
        if details:
            blocks.append(_section(_cut(details, _LONGEST_TEXT)))
        if message.data is not None:
            blocks += _fields(message.data)
    if message.kind != "decided":
        blocks.append(_buttons(message, has_buttons=has_buttons))
        blocks.append(_context(f"Open until {_moment(message.link.expires_at_ms)}"))
    return blocks


def mark_of(message: ApprovalMessage) -> str:
    """Return the id of the first block, by which a message is found again: nothing has to be stored for that."""
    facts = f"{message.link.id}\n{message.person.casefold()}"
    return f"awaken-{hashlib.sha256(facts.encode()).hexdigest()[:40]}"


def replace_buttons(blocks: list[Block], lines: list[str], *, keeps_buttons: bool) -> list[Block]:
    """Return the blocks of a message in which somebody clicked, with what came of it.

    Args:
        blocks: as Slack sent them.
        lines: what to say.
        keeps_buttons: whether others can still answer.
    """
    kept = [one for one in blocks if keeps_buttons or one.get("type") != "actions"]
    return [*kept, *map(_context, lines)]


def describe_answer(outcome: Mapping[str, Any]) -> str:
    """Return a line about a decision: who, when, and what."""
    mark = _MARKS[outcome.get("is_approved")]
    at_ms = outcome.get("at_ms")
    text = escape_mrkdwn(describe_decision({**outcome, "at_ms": None}).rstrip("."))
    return f"{mark} {text}{f', {_moment(at_ms)}' if isinstance(at_ms, int) else ''}"


def _buttons(message: ApprovalMessage, *, has_buttons: bool) -> Block:
    url = message.link.url
    is_alone = not message.is_yes_or_no
    opening = _button(_OPEN, "Open", style="primary" if is_alone else None, url=url)
    if is_alone:
        return {"type": "actions", "elements": [opening]}
    if has_buttons:
        token = urlsplit(url).path.rpartition("/")[2]
        approve: dict[str, str] = {"value": token}
        reject = approve
    else:
        approve, reject = {"url": f"{url}?choose=approve"}, {"url": f"{url}?choose=reject"}
    return {
        "type": "actions",
        "elements": [
            _button(APPROVE, "Approve", style="primary", **approve),
            _button(REJECT, "Reject", style=None, **reject),
            opening,
        ],
    }


def _button(action: str, text: str, *, style: str | None, **facts: str) -> Block:
    button: Block = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        **facts,
    }
    return button if style is None else {**button, "style": style}


def _fields(data: Any) -> list[Block]:
    rows = rows_of(data)
    most = _MOST_FIELDS * _MOST_SECTIONS
    if len(rows) > most:
        rows = [*rows[: most - 1], ("…", "more is on the page")]
    texts = [
        _cut(
            f"*{escape_mrkdwn(label)}*\n{escape_mrkdwn(value)}" if label else escape_mrkdwn(value),
            _LONGEST_FIELD,
        )
        for label, value in rows
        if label or value  # Slack refuses a message with an empty text
    ]
    return [
        {"type": "section", "fields": [_text(text) for text in texts[start : start + _MOST_FIELDS]]}
        for start in range(0, len(texts), _MOST_FIELDS)
    ]


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(_cut(text, _LONGEST_TEXT))}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_text(_cut(text, _LONGEST_FIELD))]}


def _text(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _cut(text: str, longest: int) -> str:
    """Return text within a limit, cut between two words, and not within what stands in angle brackets."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    opened = head.rfind("<")
    if opened > head.rfind(">"):
        head = head[:opened]
    if "&" in head[-5:] and ";" not in head[head.rfind("&") :]:
        head = head[: head.rfind("&")]
    return f"{head}…"


def _moment(at_ms: int) -> str:
    """Return a moment that Slack shows in the time zone of who reads it."""
    return f"<!date^{at_ms // 1000}^{{date_long_pretty}}, {{time}}|{describe_moment(at_ms)}>"
