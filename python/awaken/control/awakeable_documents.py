"""Pending awakeables as the admin API of the embedded runtime lists them: JSON documents, written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.approvals import ApprovalFacts
from awaken.control.operations import AwakeablePage, AwakeableView, StoredAnswer, StoredAnswerPage, Target
from awaken.timing.timestamps import format_time, read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["describe_answers", "describe_page", "read_answers", "read_page"]


def describe_page(page: AwakeablePage) -> dict[str, Any]:
    """Return a page as a document."""
    document: dict[str, Any] = {"awakeables": [_describe(one) for one in page.awakeables]}
    return document if page.next is None else document | {"next": page.next}


def describe_answers(page: StoredAnswerPage) -> dict[str, Any]:
    """Return a page of stored answers as a document."""
    answers = [
        {
            "invocation": one.invocation_id,
            "index": one.index,
            "signal": one.signal,
            "at": format_time(one.at_ms),
            "size": one.size,
        }
        for one in page.answers
    ]
    return {"answers": answers} | ({} if page.next is None else {"next": page.next})


def read_answers(document: Mapping[str, Any]) -> StoredAnswerPage:
    """Read what `describe_answers` wrote."""
    answers = (
        StoredAnswer(one["invocation"], one["index"], one["signal"], read_time(one["at"]) or 0, one["size"])
        for one in document["answers"]
    )
    return StoredAnswerPage(tuple(answers), document.get("next"))


def _describe(one: AwakeableView) -> dict[str, Any]:
    """Return a pending awakeable as a document; what is not known is absent."""
    document: dict[str, Any] = {
        "id": one.awakeable_id,
        "invocation": one.invocation_id,
        "service": one.target.service,
        "handler": one.target.handler,
        "key": one.target.key,
        "status": one.status,
        "since": _write_time(one.since_ms),
        "name": one.name,
        "type": one.type_name,
        "labels": dict(one.labels) or None,
        "expires_at": _write_time(one.expires_at_ms),
        "beside": list(one.beside) or None,
        "document": one.has_document or None,
    }
    if one.approval is not None:
        document |= {
            "approval": one.approval.write(),
            "question": one.question_id,
            "question_index": one.first_index,
            "answers": one.answer_count,
        }
    return {name: value for name, value in document.items() if value is not None}


def read_page(document: Mapping[str, Any]) -> AwakeablePage:
    """Read what `describe_page` wrote."""
    return AwakeablePage(tuple(_read(one) for one in document["awakeables"]), document.get("next"))


def _read(document: Mapping[str, Any]) -> AwakeableView:
    return AwakeableView(
        document["id"],
        document["invocation"],
        Target(document["service"], document["handler"], document.get("key")),
        document.get("status", ""),
        read_time(document.get("since")),
        document.get("name"),
        document.get("type"),
        document.get("labels", {}),
        read_time(document.get("expires_at")),
        tuple(document.get("beside", ())),
        approval=ApprovalFacts.read(document.get("approval")),
        has_document=document.get("document", False),
        first_index=document.get("question_index"),
    )


def _write_time(at_ms: int | None) -> str | None:
    return None if at_ms is None else format_time(at_ms)
