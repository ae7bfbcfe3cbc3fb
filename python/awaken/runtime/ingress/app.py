"""The ingress: routes of requests, cross-origin headers, and errors."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from awaken.control.errors import OperationError
from awaken.runtime.admission import MAX_BODY_SIZE
from awaken.runtime.bodies import ROOM_SIZE, BodyRoom, announced_size
from awaken.runtime.ingress.answers import Answer, IngressError, answer_json, error_answer, respond
from awaken.runtime.ingress.awakeables import Completions
from awaken.runtime.ingress.caller import Caller
from awaken.runtime.ingress.calls import Calls
from awaken.runtime.ingress.paths import split
from awaken.runtime.ingress.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken.exchange import Receiver, ServedExchange
    from awaken.runtime.callers import CallerOperations
    from awaken.runtime.ingress.caller import Finish
    from awaken.runtime.ingress.paths import Mode
    from awaken.runtime.ingress.results import Wish
    from awaken.runtime.schema import Schema

__all__ = ["Ingress"]

log = logging.getLogger("awaken")

#: The most segments that a path may have.
_MAX_SEGMENTS: Final = 7
_TOO_LARGE: Final = b"length limit exceeded"


class Ingress:
    """The ingress: call it with each exchange of a server, as its `AcceptServed`.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
        max_body_size: bytes of the largest body.
        room_size: bytes of all bodies that are being read.
    """

    def __init__(
        self,
        operations: CallerOperations,
        schema: Schema,
        *,
        max_body_size: int = MAX_BODY_SIZE,
        room_size: int = ROOM_SIZE,
    ) -> None:
        self._schema = schema
        self._max_body_size = max_body_size
        self._room = BodyRoom(room_size)
        completions = Completions(operations)
        self._calls = Calls(operations, schema)
        self._results = Results(operations, schema)
        self._reserved: dict[str, Callable[[ServedExchange, list[str]], Answer | Finish]] = {
            "awakeables": completions.answer,
            "a": completions.answer,
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

    def __call__(self, exchange: ServedExchange) -> Receiver:
        """Accept one request."""
        try:
            step = self._route(exchange)
        except Exception as error:
            step = _refuse(exchange, error)
        if isinstance(step, Answer):
            respond(exchange, step)
            return _ANSWERED
        size = announced_size(exchange.headers.get("content-length"))
        if size is not None and size > self._max_body_size:
            # The server refuses these before it looks at anything else, without CORS headers.
            length = ("content-length", str(len(_TOO_LARGE)))
            exchange.respond(413, [length, ("content-type", "text/plain; charset=utf-8")], _TOO_LARGE)
            return _ANSWERED
        caller = Caller(exchange, step, _refuse)
        caller.take_body(self._room, self._max_body_size)
        return caller

    def _route(self, exchange: ServedExchange) -> Answer | Finish:
        """Return the answer, or what makes it when the body is there."""
        if exchange.method == "OPTIONS":
            return _preflight(exchange)
        path = exchange.path
        segments = split(path)
        if not 2 <= len(segments) <= _MAX_SEGMENTS:
            raise IngressError(400, f"bad path: {path}")
        if segments[0] != "restate":
            return self._calls.answer(exchange, segments)
        answer = self._reserved.get(segments[1])
        if answer is None:
            raise IngressError(404, "not found")
        return answer(exchange, segments[2:])

    def _invoke(self, mode: Mode, exchange: ServedExchange, rest: list[str]) -> Finish:
        return self._calls.answer(exchange, rest or [""], mode)

    def _find_target(self, wish: Wish, exchange: ServedExchange, rest: list[str]) -> Finish:
        return self._results.of_target(exchange, wish, rest)

    def _look_up(self, exchange: ServedExchange, rest: list[str]) -> Finish:
        if rest:
            raise IngressError(404, "not found")
        return self._results.lookup(exchange)

    def _refuse_scope(self, _exchange: ServedExchange, _rest: list[str]) -> Answer:
        raise IngressError(400, "scoped invocations require vqueues to be enabled")

    def _health(self, exchange: ServedExchange, rest: list[str]) -> Answer:
        if rest:
            raise IngressError(404, "not found")
        if exchange.method != "GET":
            raise IngressError(405, "method not allowed")
        return answer_json(200, {"services": [service.name for service in self._schema.services()]}, {})


class _Answered:
    """The receiver of a request that is answered already; it is not called."""

    def receive_data(self, data: bytes) -> None:
        pass

    def receive_end(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass

    def drain(self) -> None:
        pass


_ANSWERED: Final = _Answered()


def _refuse(exchange: ServedExchange, error: Exception) -> Answer:
    """Build the answer to a request that failed."""
    if isinstance(error, IngressError):
        return error_answer(error.status, error.message)
    if isinstance(error, OperationError):
        return error_answer(error.http_status, str(error))
    log.error("the ingress failed at %s %s", exchange.method, exchange.path, exc_info=error)
    return error_answer(500, "internal error; see the log of the runtime")


def _preflight(exchange: ServedExchange) -> Answer:
    asked = exchange.headers
    return Answer(
        200,
        [
            (f"access-control-allow-{what}", asked[f"access-control-request-{name}"])
            for what, name in (("methods", "method"), ("headers", "headers"))
            if f"access-control-request-{name}" in asked
        ],
    )
