"""The ingress as an ASGI application: routes, cross-origin headers, and errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from awaken.control.errors import OperationError
from awaken.runtime.bodies import BodyRoom
from awaken.runtime.connected import PATIENCE_SECONDS
from awaken.runtime.ingress.answers import IngressError, answer_json, error_answer
from awaken.runtime.ingress.awakeables import complete_awakeable
from awaken.runtime.ingress.bodies import TooLargeError, raw_path
from awaken.runtime.ingress.calls import Calls
from awaken.runtime.ingress.paths import split
from awaken.runtime.ingress.results import Results

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from awaken.control.operations import Operations
    from awaken.runtime.schema import Schema

__all__ = ["Ingress"]

log = logging.getLogger("awaken")

#: The most segments that a path may have.
_MAX_SEGMENTS: Final = 7
_VARY: Final = "origin, access-control-request-method, access-control-request-headers"


class Ingress:
    """The ingress.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
        patience_s: how many seconds to wait for a result before checking that the client is still connected.
    """

    def __init__(
        self,
        operations: Operations,
        schema: Schema,
        *,
        patience_s: float = PATIENCE_SECONDS,
    ) -> None:
        self._operations = operations
        self._schema = schema
        self._room = BodyRoom()
        self._calls = Calls(operations, schema, self._room, patience_s)
        self._results = Results(operations, schema, self._room, patience_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as an ASGI application."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except TooLargeError as error:
            # The server refuses these before it looks at anything else, without CORS headers.
            await error.response()(scope, receive, send)
            return
        except IngressError as error:
            response = error_answer(error.status, error.message)
        except OperationError as error:
            response = error_answer(error.http_status, str(error))
        except Exception:
            log.exception("the ingress failed at %s %s", request.method, raw_path(request))
            response = error_answer(500, "internal error; see the log of the runtime")
        _allow_origin(request, response)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return _preflight(request)
        path = raw_path(request)
        segments = split(path)
        if not 2 <= len(segments) <= _MAX_SEGMENTS:
            raise IngressError(400, f"bad path: {path}")
        if segments[0] == "restate":
            return await self._answer_reserved(request, segments[1], segments[2:])
        return await self._calls.answer(request, segments)

    async def _answer_reserved(self, request: Request, what: str, rest: list[str]) -> Response:
        match what:
            case "awakeables" | "a":
                return await complete_awakeable(self._operations, request, self._room, rest)
            case "call" | "send":
                return await self._calls.answer(request, rest or [""], what)
            case "invocation":
                return await self._results.of_invocation(request, rest)
            case "workflow":
                return await self._results.of_workflow(request, rest)
            case "attach" | "output":
                return await self._results.of_target(request, what, rest)
            case "lookup" if not rest:
                return await self._results.lookup(request)
            case "health" if not rest:
                return self._health(request)
            case "scope":
                raise IngressError(400, "scoped invocations require vqueues to be enabled")
        raise IngressError(404, "not found")

    def _health(self, request: Request) -> Response:
        if request.method != "GET":
            raise IngressError(405, "method not allowed")
        return answer_json(200, {"services": [service.name for service in self._schema.services()]}, {})


def _preflight(request: Request) -> Response:
    headers = {
        f"access-control-allow-{what}": request.headers[f"access-control-request-{asked}"]
        for what, asked in (("methods", "method"), ("headers", "headers"))
        if f"access-control-request-{asked}" in request.headers
    }
    return Response(headers=headers)


def _allow_origin(request: Request, response: Response) -> None:
    response.headers["vary"] = _VARY
    response.headers["access-control-allow-credentials"] = "true"
    origin = request.headers.get("origin")
    if origin is not None:
        response.headers["access-control-allow-origin"] = origin
