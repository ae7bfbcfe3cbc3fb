"""Invocations over HTTP/2 behave the same, whether the engine reads them into machines or they are exchanges."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from unittest.mock import DEFAULT, Mock

import awaken
import pytest
from awaken._core import Invocation
from awaken.endpoint.attempt import Attempt
from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode
from awaken.transports.server.http2_connection import Http2ServerConnection
from awaken.transports.server.server import Server, start_server
from h2.connection import ConnectionState

from tests import frames
from tests.unit.transports.client import Client
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from awaken.exchange import Exchange, Receiver

KEY = "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"

live = awaken.Service("Live")
unwound: list[str] = []


@live.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}!"


@live.handler()
async def headers(ctx: awaken.Context) -> dict[str, str]:
    return dict(ctx.request().attempt_headers)


@live.handler()
async def wait(ctx: awaken.Context) -> str:
    try:
        return await ctx.awakeable(type_hint=str)[1]
    except BaseException as error:
        unwound.append(type(error).__name__)
        raise


@live.handler()
async def tell(ctx: awaken.Context, size: int) -> None:
    ctx.generic_send("Live", "greet", bytes(size))
    ctx.generic_send("Live", "greet", b"next")
    await ctx.sleep(timedelta(days=1))
    ctx.generic_send("Live", "greet", b"last")


@pytest.fixture(params=["direct", "exchange"])
def way(request: pytest.FixtureRequest) -> str:
    unwound.clear()
    return str(request.param)


@asynccontextmanager
async def serving(
    way: str, endpoint: awaken.endpoint.Endpoint | None = None, window: int | None = None
) -> AsyncIterator[tuple[Server, Client]]:
    """Serve on a free port, with one client."""
    endpoint = endpoint or awaken.app([live])

    def through_exchanges(exchange: Exchange) -> Receiver:
        assert not isinstance(exchange, Invocation)
        return endpoint.accept(exchange)

    server = await start_server(endpoint.accept if way == "direct" else through_exchanges)
    client = await Client.connect(server.address, window)
    try:
        yield server, client
    finally:
        await client.close()
        await server.close()


def connection_of(server: Server) -> Http2ServerConnection:
    (connection,) = server._connections
    assert isinstance(connection, Http2ServerConnection)
    return connection


def ask(
    client: Client,
    path: str = "/invoke/Live/greet",
    body: bytes | None = None,
    *,
    is_end: bool = True,
    method: str = "POST",
    others: Mapping[str, str] | None = None,
) -> int:
    """Begin a request; `others` are headers, where an empty one is left out."""
    base = [(":method", method), (":scheme", "http"), (":authority", "test"), (":path", path)]
    given = {"content-type": "application/vnd.restate.invocation.v6"} | dict(others or {})
    return client.request(
        body, is_end=is_end, base=base, headers=[(name, value) for name, value in given.items() if value]
    )


async def test_greeting(way: str) -> None:
    async with serving(way) as (server, client):
        streams = [ask(client, body=frames.request(b'"%d"' % number)) for number in range(20)]
        responses = [await client.response(stream) for stream in streams]

        for number, response in enumerate(responses):
            output, end = frames.read(bytes(response.body))
            assert (output.name, end.name) == ("Output", "End")
            assert f'"Hello {number}!"'.encode() in output.payload
            assert response.status == 200
            assert response.headers[b"content-type"] == b"application/vnd.restate.invocation.v6"
            assert set(response.headers) == {b"content-type", b"x-restate-server"}
        assert server.exchange_count == 0
        assert connection_of(server).engine.stream_count == 0


async def test_greeting_byte_by_byte(way: str) -> None:
    async with serving(way) as (_, client):
        stream = ask(client, is_end=False)
        for byte in frames.request(b'"bob"'):
            client.send(stream, bytes([byte]))
        response = await client.response(stream)

        assert frames.names(bytes(response.body)) == ["Output", "End"]


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("/any/prefix/invoke/Live/greet?query=1", {}, 200),
        ("/invoke/Live/greet", {"content-type": "application/vnd.restate.invocation.v5"}, 200),
        ("/invoke/Live/greet", {"content-type": "application/json"}, 415),
        ("/invoke/Live/greet", {"content-type": ""}, 415),
        ("/invoke/Live/greet", {"origin": "http://evil.example"}, 403),
        ("/invoke/Live/greet/", {}, 404),
        ("/invoke/Live/other", {}, 404),
        ("/invoke/Other/greet", {}, 404),
        ("/reinvoke/Live/greet", {}, 404),
        ("/Live/greet", {}, 404),
        ("/greet", {}, 404),
    ],
)
async def test_requests_and_refusals(way: str, path: str, changes: dict[str, str], status: int) -> None:
    async with serving(way) as (_, client):
        response = await client.response(ask(client, path, frames.request(b'"bob"'), others=changes))

        assert response.status == status


async def test_other_methods_are_refused(way: str) -> None:
    async with serving(way) as (_, client):
        response = await client.response(ask(client, body=frames.request(b'"bob"'), method="PUT"))

        assert response.status == 405


async def test_repeated_content_type_counts_once(way: str) -> None:
    async with serving(way) as (_, client):
        repeated = [
            ("content-type", "application/json"),
            ("content-type", "application/vnd.restate.invocation.v6"),
        ]
        base = [(":method", "POST"), (":scheme", "http"), (":path", "/invoke/Live/greet")]
        response = await client.response(client.request(b"", base=base, headers=repeated))

        assert response.status == 415


async def test_known_strangers_are_refused(way: str) -> None:
    endpoint = awaken.app([live])
    async with serving(way, endpoint) as (_, client):
        first = await client.response(ask(client, body=frames.request(b'"bob"')))
        endpoint.identity_key(KEY)
        second = await client.response(ask(client, body=frames.request(b'"bob"')))

        assert (first.status, second.status) == (200, 401)


async def test_headers_of_the_request(way: str) -> None:
    async with serving(way) as (_, client):
        stream = ask(client, "/invoke/Live/headers", frames.request(), others={"traceparent": "00-1-2-01"})
        response = await client.response(stream)

        output, _ = frames.read(bytes(response.body))
        value = frames.fields(output.payload)[14]
        assert isinstance(value, bytes)
        seen = json.loads(value[value.index(b"{") :])
        assert seen["traceparent"] == "00-1-2-01"
        assert seen["host"] == "test"


@pytest.mark.parametrize("rest", [b"", frames.frame(0x0403, bytes(3))[:5]])
async def test_request_that_ends_before_its_journal(way: str, rest: bytes) -> None:
    async with serving(way) as (_, client):
        body = frames.start(known_entries=2) + frames.input_command(b'"bob"') + rest
        response = await client.response(ask(client, body=body))

        assert response.status == 200
        assert frames.names(bytes(response.body)) == ["Error"]


async def test_bytes_that_are_no_journal(way: str) -> None:
    async with serving(way) as (_, client):
        response = await client.response(ask(client, body=bytes(100), is_end=False))

        assert response.status == 200
        assert frames.names(bytes(response.body)) == ["Error"]


async def test_waiting_handler_gets_what_arrives_later(way: str) -> None:
    async with serving(way) as (_, client):
        stream = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        await client.read_until(lambda: client.responses[stream].status == 200)
        client.send(stream, frames.signal(17, b'"done"'))
        response = await client.response(stream)

        assert frames.names(bytes(response.body))[-2:] == ["Output", "End"]


async def test_waiting_handler_suspends_at_the_end_of_the_request(way: str) -> None:
    async with serving(way) as (_, client):
        stream = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        await client.read_until(lambda: client.responses[stream].status == 200)
        client.send(stream, b"", is_end=True)
        response = await client.response(stream)

        assert frames.names(bytes(response.body))[-1] == "Suspension"
        assert unwound == ["SuspendedException"]


@pytest.mark.parametrize("deed", ["reset", "lost", "aborted"])
async def test_lost_stream_unwinds_its_handler(way: str, deed: str) -> None:
    async with serving(way) as (server, client):
        waiting = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        begun = ask(client, "/invoke/Live/wait", frames.start(known_entries=1), is_end=False)
        await client.read_until(lambda: client.responses[waiting].status == 200)
        if deed == "reset":
            client.h2.reset_stream(waiting)
            client.h2.reset_stream(begun)
            client.flush()
        elif deed == "lost":
            client.writer.transport.abort()
        else:
            connection_of(server).abort()
            await client.read_to_close()

        await wait_until(lambda: unwound == ["CancelledError"])
        await wait_until(lambda: server.exchange_count == 0)


async def test_stream_that_breaks_the_protocol_unwinds_its_handler(way: str) -> None:
    async with serving(way) as (server, client):
        waiting = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        begun = ask(client, "/invoke/Live/wait", frames.start(known_entries=1), is_end=False)
        await client.read_until(lambda: client.responses[waiting].status == 200)
        for stream in (waiting, begun):
            itself = stream.to_bytes(4)
            client.writer.write(bytes([0, 0, 5, 2, 0, *itself, *itself, 0]))  # PRIORITY

        await wait_until(lambda: unwound == ["CancelledError"])
        await wait_until(lambda: server.exchange_count == 0)


async def test_stream_that_is_reset_with_its_journal_begins_nothing(way: str) -> None:
    async with serving(way) as (server, client):
        stream = client.h2.get_next_available_stream_id()
        base = [(":method", "POST"), (":scheme", "http"), (":path", "/invoke/Live/wait")]
        client.h2.send_headers(stream, [*base, ("content-type", "application/vnd.restate.invocation.v6")])
        client.h2.send_data(stream, frames.request())
        client.h2.reset_stream(stream)
        client.flush()
        response = await client.response(ask(client, body=frames.request(b'"bob"')))

        assert response.status == 200
        assert server.exchange_count == 0
        await asyncio.sleep(0)
        assert unwound in ([], ["CancelledError"])


async def test_drain_suspends_what_waits_and_what_is_about_to_begin(way: str) -> None:
    async with serving(way) as (server, client):
        waiting = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        begun = ask(client, "/invoke/Live/wait", frames.start(known_entries=1), is_end=False)
        await client.read_until(lambda: client.responses[waiting].status == 200)
        # For h2, a client is closed once it has a GOAWAY.
        client.h2.clear_outbound_data_buffer = partial(  # type: ignore[method-assign]
            setattr, client.h2.state_machine, "state", ConnectionState.CLIENT_OPEN
        )
        connection_of(server).drain()
        client.send(begun, frames.input_command())
        responses = [await client.response(stream) for stream in (waiting, begun)]

        for response in responses:
            assert frames.names(bytes(response.body))[-1] == "Suspension"


async def test_receiver_that_raises_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = awaken.app([live])
    direct = endpoint.direct
    assert direct is not None
    direct.begin = Mock(side_effect=[RuntimeError("a bug"), DEFAULT], wraps=direct.begin)  # type: ignore[method-assign]
    async with serving("direct", endpoint) as (_, client):
        first = await client.response(ask(client, body=frames.request(b'"bob"')))
        second = await client.response(ask(client, body=frames.request(b'"bob"')))

        assert (first.status, bytes(first.body)) == (500, b"")
        assert second.status == 200
        assert "only this exchange fails" in caplog.text


async def test_answered_stream_whose_request_stays_open_is_reset(way: str) -> None:
    async with serving(way) as (server, client):
        stream = ask(client, body=frames.request(b'"bob"'), is_end=False)
        await client.response(stream)
        assert server.exchange_count == 1
        connection_of(server).tick(asyncio.get_running_loop().time() + limits.DISCARD_TIMEOUT + 2)
        await client.read_until(lambda: client.responses[stream].reset_code is not None)

        assert client.responses[stream].reset_code == ErrorCode.NO_ERROR
        assert server.exchange_count == 0


async def test_connection_with_short_invocations_is_not_idle(way: str) -> None:
    async with serving(way) as (server, client):
        connection, now = connection_of(server), asyncio.get_running_loop().time()
        for step in range(1, 4):
            await client.response(ask(client, body=frames.request(b'"bob"')))
            connection.tick(now + step * 0.9 * limits.IDLE_TIMEOUT)
            connection._liveness.hear(connection._now)

        assert not connection._is_draining


async def test_connection_whose_invocation_was_reset_is_not_idle_yet(way: str) -> None:
    async with serving(way) as (server, client):
        connection, now = connection_of(server), asyncio.get_running_loop().time()
        stream = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        await client.read_until(lambda: client.responses[stream].status == 200)
        connection.tick(now + 2 * limits.IDLE_TIMEOUT)
        connection._liveness.hear(connection._now)
        client.h2.reset_stream(stream)
        client.flush()
        await wait_until(lambda: server.exchange_count == 0)
        connection.tick(now + 2.5 * limits.IDLE_TIMEOUT)

        assert not connection._is_draining


async def test_peer_that_does_not_read_stops_the_handler(way: str) -> None:
    async with serving(way, window=1000) as (_, client):
        client.gives_credit = False
        size = 4 * limits.BUFFER_HIGH
        journal = [frames.request(str(size).encode())]
        stream = ask(client, "/invoke/Live/tell", b"".join(journal), is_end=False)
        client.send(stream, frames.sleep_completion(3))
        await client.read_until(lambda: len(client.responses[stream].body) == 1000)
        await asyncio.sleep(0.01)

        client.h2.increment_flow_control_window(2**30)
        client.h2.increment_flow_control_window(2**30, stream)
        client.flush()
        response = await client.response(stream)

        names = frames.names(bytes(response.body))
        assert [name for name in names if name != "AwaitingOn"] == [
            "OneWayCall",
            "OneWayCall",
            "Sleep",
            "OneWayCall",
            "Output",
            "End",
        ]


async def test_socket_that_takes_nothing_stops_the_handler(way: str) -> None:
    async with serving(way) as (server, client):
        stream = ask(client, "/invoke/Live/wait", frames.request(), is_end=False)
        await client.read_until(lambda: client.responses[stream].status == 200)
        connection = connection_of(server)
        connection.pause_writing()
        client.send(stream, frames.signal(17, b'"done"'))
        await asyncio.sleep(0.02)
        assert client.responses[stream].body.count(b"done") == 0
        connection.resume_writing()
        response = await client.response(stream)

        assert frames.names(bytes(response.body))[-2:] == ["Output", "End"]


def receivers_and_contexts() -> list[object]:
    return [one for one in gc.get_objects() if isinstance(one, (Attempt, awaken.Context))]


async def test_nothing_is_left_of_an_invocation_without_the_collector(way: str) -> None:
    async with serving(way) as (_, client):
        gc.collect()
        others = set(map(id, receivers_and_contexts()))  # of other tests
        gc.disable()
        try:
            await client.response(ask(client, body=frames.request(b'"bob"')))
            await asyncio.sleep(0)
            left = [one for one in receivers_and_contexts() if id(one) not in others]
        finally:
            gc.enable()

        assert left == []


async def test_nothing_is_left_of_a_connection(way: str) -> None:
    async with serving(way) as (server, client):
        await client.response(ask(client, body=frames.request(b'"bob"')))
        connection = weakref.ref(connection_of(server))
    await asyncio.sleep(0)
    gc.collect()

    assert connection() is None
