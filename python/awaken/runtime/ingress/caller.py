"""One request to the ingress, from its head to its answer.

No task serves a request. Its body arrives by calls of the transport; what is done with it begins an operation, whose
future calls back. A caller who leaves stops waiting; the invocation continues.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from awaken.control.errors import TooLargeError
from awaken.runtime.bodies import TooSlowError
from awaken.runtime.ingress.answers import Answer, IngressError, respond

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken.exchange import ServedExchange
    from awaken.runtime.bodies import Body, BodyRoom

__all__ = ["Caller", "Finish", "Waiting"]

log = logging.getLogger("awaken")


class Waiting(NamedTuple):
    """An answer that is still to come."""

    #: What it waits for.
    future: asyncio.Future[Any]
    #: Makes the answer of the future, which is done. What it raises is answered instead.
    read: Callable[[asyncio.Future[Any]], Answer]
    #: Whether the future is for this caller alone, and is cancelled if the caller leaves.
    is_result: bool = False


if TYPE_CHECKING:
    #: Does what a request asks for when its body is there.
    Finish: TypeAlias = Callable[[bytes], Answer | Waiting]
else:
    Finish = object


class Caller:
    """A receiver of one request.

    Args:
        exchange: the request.
        finish: called with its body.
        refuse: makes the answer to a request that failed.
    """

    __slots__ = ("_body", "_exchange", "_finish", "_is_gone", "_read", "_refuse", "_result", "_unread")

    _body: Body

    def __init__(
        self, exchange: ServedExchange, finish: Finish, refuse: Callable[[ServedExchange, Exception], Answer]
    ) -> None:
        self._exchange = exchange
        #: None when the body is taken, or nobody wants it any more.
        self._finish: Finish | None = finish
        self._refuse = refuse
        self._is_gone = False
        self._result: asyncio.Future[Any] | None = None

    def take_body(self, room: BodyRoom, limit: int) -> None:
        """Take the body, of `limit` bytes at most. It may be there already."""
        body = self._exchange.take_body()
        if body is not None and len(body) <= limit:
            self._go_on(body)
            return
        self._unread = 0
        self._body = room.begin(limit, self._read_on, self._fail)
        if body is not None:
            self.receive_data(body)

    # From the exchange.

    def receive_data(self, data: bytes) -> None:
        """Keep a part of the body; the peer may send more as soon as there is room."""
        try:
            may_go_on = self._body.keep(data)
        except TooLargeError as error:
            self._fail(error)
            return
        if may_go_on:
            self._exchange.acknowledge(len(data))
        else:
            self._unread += len(data)

    def receive_end(self) -> None:
        """Do what the request asks for."""
        self._body.leave()
        body = self._body.join()
        del self._body  # it may be large, and the answer may come in a week
        self._go_on(body)

    def disconnect(self) -> None:
        """Stop waiting."""
        self._is_gone = True
        if self._result is not None:
            self._result.cancel()
        elif self._finish is not None:
            self._finish = None
            self._body.leave()

    def resume_writing(self) -> None:
        """Do nothing: an answer is written at once."""

    def drain(self) -> None:
        """Do nothing: whoever stops the runtime dismisses its callers."""

    # Steps.

    def _read_on(self) -> None:
        unread, self._unread = self._unread, 0
        self._exchange.acknowledge(unread)

    def _fail(self, error: Exception) -> None:
        """Answer that the body cannot be read."""
        self._finish = None
        self._body.leave()
        if isinstance(error, TooLargeError):
            error = IngressError(413, "cannot read body: LengthLimitError")
        elif isinstance(error, TooSlowError):
            error = IngressError(408, f"cannot read body: {error}")
        self._respond(self._refuse(self._exchange, error))

    def _go_on(self, body: bytes) -> None:
        finish, self._finish = self._finish, None
        if finish is None:
            return
        try:
            outcome = finish(body)
        except Exception as error:
            outcome = self._refuse(self._exchange, error)
        if isinstance(outcome, Answer):
            self._respond(outcome)
        else:
            future, self._read, is_result = outcome
            if is_result:
                self._result = future
            future.add_done_callback(self._tell)

    def _tell(self, future: asyncio.Future[Any]) -> None:
        if self._is_gone:
            if not future.cancelled():
                future.exception()  # looked at, so that asyncio does not report it: nobody waits for it
            return
        if future.cancelled():
            self._exchange.reset()
            return
        try:
            answer = self._read(future)
        except Exception as error:
            answer = self._refuse(self._exchange, error)
        except BaseException as error:  # a supervisor's, which is for the test that it watches
            self._exchange.reset()
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            return
        self._respond(answer)

    def _respond(self, answer: Answer) -> None:
        self._is_gone = True
        try:
            respond(self._exchange, answer)
        except Exception:
            log.exception("the answer to %r cannot be sent; it is broken off", self._exchange)
            self._exchange.reset()
