"""How the admin API answers: in JSON, except for requests that it cannot parse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AdminError", "UnreadableError", "answer_document", "answer_json", "empty"]


#: Characters of a refusal, which may quote what was sent.
_MAX_MESSAGE: Final = 4_000


class AdminError(Exception):
    """An operation is refused.

    Args:
        status: of the answer.
        message: for the operator.
        code: the server's own code for it.
    """

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message[:_MAX_MESSAGE]
        self.code = code

    def response(self) -> Response:
        """Build the answer."""
        return answer_json(self.status, {"message": self.message, "restate_code": self.code})


class UnreadableError(Exception):
    """A request that cannot be parsed; the answer is plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message[:_MAX_MESSAGE]

    def response(self) -> Response:
        """Build the answer."""
        return PlainTextResponse(self.message, self.status)


def answer_json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Build an answer with a JSON document."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def answer_document(body: Any) -> Response:
    """Build an answer with an OpenAPI document, whose members are sorted, so that what is generated of it is stable."""
    return Response(msgspec.json.encode(body, order="sorted"), media_type="application/json")


def empty(status: int) -> Response:
    """Build an answer without a body."""
    return Response(status_code=status)
