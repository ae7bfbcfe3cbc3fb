"""What the admin API reads of requests: JSON bodies within limits, ids in paths, and parameters of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec

from awaken.control.errors import TooLargeError
from awaken.runtime.admin.answers import AdminError, UnreadableError
from awaken.runtime.bodies import TooSlowError
from awaken.runtime.identifiers import reason_against_record_id

if TYPE_CHECKING:
    from starlette.requests import Request

    from awaken.runtime.bodies import BodyRoom

__all__ = [
    "MAX_BODY_SIZE",
    "Bodies",
    "read_deployment",
    "read_flag",
    "read_number",
    "read_parameter",
    "read_path_id",
    "read_path_name",
]

T = TypeVar("T")

#: Bytes of a body, as on the server. Statements in SQL and addresses are far smaller.
MAX_BODY_SIZE: Final = 2 * 1024 * 1024
#: Largest number that a parameter may have, which is an entry or the size of a page.
_MAX_NUMBER: Final = 2**32 - 1


class Bodies:
    """Reads the bodies of the requests to one admin API.

    Args:
        room: the memory for bodies that are being read.
    """

    def __init__(self, room: BodyRoom) -> None:
        self._room = room

    async def read_json(self, request: Request, shape: type[T], *, limit: int = MAX_BODY_SIZE) -> T:
        """Read a JSON body of at most `limit` bytes.

        Raises:
            UnreadableError: it is not JSON, has another shape, is too large or too slow.
            UnavailableError: too many bodies are being read.
        """
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise UnreadableError(415, "Expected request with `Content-Type: application/json`")
        body = await self._read(request, limit)
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.ValidationError as error:
            raise UnreadableError(
                422, f"Failed to deserialize the JSON body into the target type: {error}"
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _not_json(str(error)) from error
        except RecursionError as error:
            raise _not_json("it is nested too deeply") from error

    async def _read(self, request: Request, limit: int) -> bytes:
        try:
            return await self._room.read(request, limit)
        except TooLargeError as error:
            raise UnreadableError(
                413, f"Failed to buffer the request body: length limit exceeded; {error}"
            ) from error
        except TooSlowError as error:
            raise UnreadableError(408, f"Failed to buffer the request body: {error}") from error


def read_path_id(request: Request, name: str, resource: str) -> str:
    """Return the id of a deployment (`dp`) or subscription (`sub`) from the path.

    Raises:
        UnreadableError: it is none.
    """
    value = read_path_name(request, name)
    reason = reason_against_record_id(value, resource)
    if reason is not None:
        raise UnreadableError(400, f"Invalid URL: Cannot parse `{name}` with value `{value}`: {reason}")
    return value


def read_path_name(request: Request, name: str) -> str:
    """Return a name from the path. Raises UnreadableError if the path is not text."""
    raw: bytes = request.scope.get("raw_path") or b""
    try:
        unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(400, f"Invalid URL: Invalid UTF-8 in `{name}`") from error
    value: str = request.path_params[name]
    return value


def read_parameter(request: Request, name: str) -> str | None:
    """Return a parameter of the query. Raises UnreadableError if it is given twice."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise _bad_query(f"duplicate field `{name}`")
    return values[0] if values else None


def read_flag(request: Request, name: str) -> bool:
    """Return a parameter of the query that is `true` or `false`, which it is by default. Raises UnreadableError."""
    text = read_parameter(request, name)
    if text not in (None, "true", "false"):
        raise _bad_query(f"{name}: provided string was not `true` or `false`")
    return text == "true"


def read_number(request: Request, name: str, default: int) -> int:
    """Return a parameter of the query as a number from 0 on. Raises UnreadableError if it is none."""
    text = read_parameter(request, name)
    if text is None:
        return default
    if not text:
        raise _bad_query(f"{name}: cannot parse integer from empty string")
    if not (text.isascii() and text.isdecimal()):
        raise _bad_query(f"{name}: invalid digit found in string")
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(_MAX_NUMBER)) or int(digits) > _MAX_NUMBER:
        raise _bad_query(f"{name}: number too large to fit in target type")
    return int(digits)


def read_deployment(where: str, given: str | None) -> str | None:
    """Return the id of the deployment on which an invocation goes on, `latest`, `keep`, or None if none is given.

    Args:
        where: what gave it, for the refusal.
        given: what it gave.

    Raises:
        AdminError: it is none of these.
    """
    if given is None or given in ("Keep", "keep", "Latest", "latest"):
        return given and given.lower()
    reason = reason_against_record_id(given, "dp")
    if reason is not None:
        raise AdminError(400, f"The {where} 'deployment' is invalid. Reason: {reason}")
    return given


def _not_json(reason: str) -> UnreadableError:
    return UnreadableError(400, f"Failed to parse the request body as JSON: {reason}")


def _bad_query(reason: str) -> UnreadableError:
    return UnreadableError(400, f"Failed to deserialize query string: {reason}")
