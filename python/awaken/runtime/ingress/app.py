"""The ingress as an ASGI application: routes, cross-origin headers, and errors."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from awaken.control.errors import OperationError
from awaken.runtime.admission import MAX_BODY_SIZE
from awaken.runtime.connected import PATIENCE_SECONDS
from awaken.runtime.ingress.answers import IngressError, allow_origin, answer_json, error_answer
from awaken.runtime.ingress.awakeables import complete_awakeable
from awaken.runtime.ingress.bodies import RequestBodies, TooLargeError, raw_path
from awaken.runtime.ingress.calls import Calls
from awaken.runtime.ingress.paths import split
from awaken.runtime.ingress.results import Results

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from awaken.control.operations import Operations
    from awaken.runtime.ingress.paths import Mode
    from awaken.runtime.ingress.results import Wish
    from awaken.runtime.schema import Schema

__all__ = ["Ingress"]

log = logging.getLogger("awaken")

#: The most segments that a path may have.
_MAX_SEGMENTS: Final = 7


class Ingress:
    """The ingress.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
        max_body_size: bytes of the largest body.
        patience_s: how many seconds to wait for a result before checking that the client is still connected.
    """

    def __init__(
        self,
        operations: Operations,
        schema: Schema,
        *,
        max_body_size: int = MAX_BODY_SIZE,
        patience_s: float = PATIENCE_SECONDS,
    ) -> None:
        self._operations = operations
        self._schema = schema
        self._bodies = RequestBodies(max_body_size)
        self._calls = Calls(operations, schema, self._bodies, patience_s)
        self._results = Results(operations, schema, self._bodies, patience_s)
        self._reserved: dict[str, Callable[[Request, list[str]], Awaitable[Response]]] = {
            "awakeables": self._complete_awakeable,
            "a": self._complete_awakeable,
            "call": partial(self._invoke, "call"),
            "send": partial(self._invoke, "send"),
            "invocation": self._results.of_invocation,
            "workflow": self._results.of_workflow,
            "attach": partial(self._find_target, "attach"),
            "output": partial(self._find_target, "output"),
            "lookup": self._look_up,
            "health": self._health,
            "scope": self._refuse_scope,
        }

    @property
    def reserved(self) -> Sequence[str]:
        """The paths below `/restate/` that are answered."""
        return tuple(self._reserved)

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
        allow_origin(request.headers, response)
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
        answer = self._reserved.get(what)
        if answer is None:
            raise IngressError(404, "not found")
        return await answer(request, rest)

    async def _complete_awakeable(self, request: Request, rest: list[str]) -> Response:
        return await complete_awakeable(self._operations, request, self._bodies, rest)

    async def _invoke(self, mode: Mode, request: Request, rest: list[str]) -> Response:
        return await self._calls.answer(request, rest or [""], mode)

    async def _find_target(self, wish: Wish, request: Request, rest: list[str]) -> Response:
        return await self._results.of_target(request, wish, rest)

    async def _look_up(self, request: Request, rest: list[str]) -> Response:
        if rest:
            raise IngressError(404, "not found")
        return await self._results.lookup(request)

    async def _refuse_scope(self, request: Request, rest: list[str]) -> Response:
        raise IngressError(400, "scoped invocations require vqueues to be enabled")

    async def _health(self, request: Request, rest: list[str]) -> Response:
        if rest:
            raise IngressError(404, "not found")
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
