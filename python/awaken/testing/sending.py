"""Sends the requests of a test's client, which raise the failure of the handler they wait for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from awaken.client.async_sender import AsyncSender
from awaken.client.retries import ConnectionRetries
from awaken.errors import HttpError
from awaken.testing.failures import GivenUp, HandlerFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import httpx

    from awaken.client.codec import ValueCodec
    from awaken.client.operation import Operation
    from awaken.testing.errors import NotThereError

__all__ = ["SenderUnderTest"]

T = TypeVar("T")


class SenderUnderTest(AsyncSender):
    """Sends requests, and raises in the test what a handler raised.

    Args:
        client: HTTP client for the runtime under test.
        codec: the journal value codec of the application, if it has one.
        check: raises an exception if the environment has ended.
        wait_for_trouble: waits until the request cannot be answered any more, and returns why.
        explain: returns the exception to raise for an error response, given the URL of the request.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        codec: ValueCodec | None,
        check: Callable[[], None],
        wait_for_trouble: Callable[[], Coroutine[Any, Any, HandlerFailure | NotThereError]],
        explain: Callable[[HttpError, str], BaseException],
    ) -> None:
        super().__init__(client, codec, ConnectionRetries())
        self._check = check
        self._wait_for_trouble = wait_for_trouble
        self._explain = explain

    async def send(self, operation: Operation[T]) -> T:
        """Send an operation's request and return its result.

        Raises:
            HttpError: the runtime refused the request.
            NotThereError: nothing happens that would answer the request.
            Exception: a handler that the request waits for raised this.
        """
        __tracebackhide__ = True
        self._check()
        loop = asyncio.get_running_loop()
        answer = loop.create_task(super().send(operation))
        trouble = loop.create_task(self._wait_for_trouble())
        try:
            await asyncio.wait({answer, trouble}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_answered = answer.done()
            answer.cancel()
            trouble.cancel()
            await asyncio.wait({answer, trouble})
        if not is_answered:
            found = trouble.result()
            error = found.take() if isinstance(found, HandlerFailure) else found
        else:
            try:
                return answer.result()
            except GivenUp as given_up:
                error = given_up.failure.take()
            except HttpError as failed:
                error = self._explain(failed, operation.request.url)
        raise error
