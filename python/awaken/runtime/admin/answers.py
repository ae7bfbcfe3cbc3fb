"""How the admin API reads bodies and answers: in JSON, except for requests that it cannot parse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

__all__ = ["AdminError", "UnreadableError", "answer_json", "empty", "read_json", "read_path_id"]

T = TypeVar("T")


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
        self.message = message
        self.code = code

    def response(self) -> Response:
        """Build the answer."""
        return answer_json(self.status, {"message": self.message, "restate_code": self.code})


class UnreadableError(Exception):
    """A request that cannot be parsed; the answer is plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def response(self) -> Response:
        """Build the answer."""
        return PlainTextResponse(self.message, self.status)


def answer_json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Build an answer with a JSON document."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def empty(status: int) -> Response:
    """Build an answer without a body."""
    return Response(status_code=status)


async def read_json(request: Request, shape: type[T]) -> T:
    """Read a JSON body.

    Raises:
        UnreadableError: it is not JSON, or has another shape.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise UnreadableError(415, "Expected request with `Content-Type: application/json`")
    try:
        return msgspec.json.decode(await request.body(), type=shape)
    except msgspec.ValidationError as error:
        raise UnreadableError(
            422, f"Failed to deserialize the JSON body into the target type: {error}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(400, f"Failed to parse the request body as JSON: {error}") from error


def read_path_id(request: Request, name: str, prefix: str) -> str:
    """Return an id from the path, if it looks like one.

    Raises:
        UnreadableError: it does not.
    """
    value: str = request.path_params[name]
    if not value.startswith(prefix):
        raise UnreadableError(400, f"Invalid URL: Cannot parse `{name}` with value `{value}`: bad format")
    return value
