"""One object for every host."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import awaken
import awaken.endpoint
import pytest
from awaken.transports.hosted.aws_lambda import LambdaHandler

from tests import frames

V6 = b"application/vnd.restate.invocation.v6"
waiter = awaken.Service("Waiter")


@waiter.handler()
async def wait(ctx: awaken.Context) -> Any:
    return await ctx.awakeable()[1]


class Request:
    """One invocation under an ASGI host, whose request stays open."""

    def __init__(self, app: awaken.Endpoint) -> None:
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "http_version": "2",
            "method": "POST",
            "path": "/invoke/Waiter/wait",
            "headers": [(b"content-type", V6)],
        }
        self.events.put_nowait({"type": "http.request", "body": frames.request(), "more_body": True})
        self.task = asyncio.create_task(app(scope, self.events.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(25):
            while len(self.sent) < count:
                await asyncio.sleep(0)


def test_hosts_take_it_for_an_asgi_application() -> None:
    app = awaken.app([waiter])

    assert inspect.iscoroutinefunction(app.__call__)  # how Uvicorn and Hypercorn recognize version 3 of ASGI
    assert app.app() is app
    assert callable(app.accept)


def test_names_are_where_applications_look_for_them() -> None:
    assert awaken.endpoint.app is awaken.app
    assert awaken.endpoint.Endpoint is awaken.Endpoint


def test_lambda_is_recognized_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = awaken.Endpoint().bind(waiter).streaming_protocol()
    assert bound.app() is bound

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "waiter")

    assert isinstance(bound.app(), LambdaHandler)
    assert isinstance(awaken.app([waiter]), LambdaHandler)
    assert bound.protocol == "request_response"


async def test_end_of_an_outer_lifespan_suspends_what_waits() -> None:
    app = awaken.app([waiter])
    async with app.lifespan(object()):
        request = Request(app)
        await request.until(2)  # the response's head
        request.events.put_nowait({"type": "http.request", "body": b"", "more_body": True})

        async def end_when_answered() -> None:
            await request.until(3)
            request.events.put_nowait({"type": "http.request", "body": b"", "more_body": False})

        peer = asyncio.create_task(end_when_answered())

    await asyncio.gather(request.task, peer)
    body = b"".join(message.get("body", b"") for message in request.sent)
    assert frames.names(body) == ["Suspension"]
    assert request.sent[-1]["more_body"] is False


async def test_lifespan_ends_with_the_error_of_its_body() -> None:
    with pytest.raises(ValueError, match="of the application"):
        async with awaken.app([waiter]).lifespan():
            raise ValueError("of the application")
