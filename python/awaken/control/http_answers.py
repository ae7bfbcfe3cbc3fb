"""Errors that a runtime answers over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.control.errors import OperationError, UnexpectedAnswerError, refusal_of

if TYPE_CHECKING:
    import httpx

__all__ = ["explain", "refused"]


def refused(answer: httpx.Response) -> OperationError:
    """Return the error that an answer stands for."""
    if answer.status_code in (404, 405) and _message(answer) is None:
        return UnexpectedAnswerError(
            f"{answer.request.url} answered {answer.status_code}, but not as a runtime does; is this the URL of an "
            "ingress where an admin API belongs, or the other way round?"
        )
    return refusal_of(answer.status_code, explain(answer))


def explain(answer: httpx.Response) -> str:
    """Return the message of an error answer."""
    return " ".join(str(_message(answer) or answer.text or answer.reason_phrase).split())


def _message(answer: httpx.Response) -> Any:
    try:
        facts: Any = answer.json()
    except ValueError:
        return None
    return facts.get("message") if isinstance(facts, dict) else None
