"""What exchanges of our own server know of their requests beyond what endpoints need, over both versions of HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports.server.server import start_server

from tests.unit.transports.receivers import Recorder
from tests.unit.transports.sockets import listening_socket, open_connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.exchange import ServedExchange
    from awaken.transports.server.server import Server

    from tests.unit.transports.client import Client

    Start = Callable[..., Awaitable[Server]]
    Connect = Callable[..., Awaitable[Client]]


class Responder:
    """An accept that remembers its exchanges, and answers each request in one step."""

    def __init__(self) -> None:
        self.exchanges: list[ServedExchange] = []

    def __call__(self, exchange: ServedExchange) -> Recorder:
        self.exchanges.append(exchange)
        receiver = Recorder(exchange)
        exchange.respond(200, [("content-length", "5")], b"whole")
        return receiver


async def test_http1_exchange_knows_its_whole_request() -> None:
    responder = Responder()
    server = await start_server(responder, sock=listening_socket())
    reader, writer = await open_connection(server.address)

    writer.write(b"GET http://h/a%2Fb/c?x=1&y=? HTTP/1.1\r\nHost: h\r\nX-Two: a\r\nx-two: b\r\n\r\n")
    answer = await reader.readuntil(b"whole")

    (exchange,) = responder.exchanges
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert (exchange.path, exchange.query, exchange.http_version) == ("/a%2Fb/c", "x=1&y=?", "1.1")
    assert list(exchange.header_list) == [("host", "h"), ("x-two", "a"), ("x-two", "b")]
    assert exchange.client == writer.get_extra_info("sockname")[:2]
    assert not exchange.is_tls
    writer.close()
    await server.close()


async def test_http2_exchange_knows_its_whole_request(start: Start, connect: Connect) -> None:
    responder = Responder()
    server = await start(responder)
    client = await connect(server.address)

    base = [(":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/a%2Fb/c?x=1&y=?")]
    stream_id = client.request(base=base, headers=[("cookie", "a=1"), ("x-two", "a"), ("cookie", "b=2")])
    await client.read_until(lambda: client.responses[stream_id].is_ended)

    (exchange,) = responder.exchanges
    assert bytes(client.responses[stream_id].body) == b"whole"
    assert (exchange.path, exchange.query, exchange.http_version) == ("/a%2Fb/c", "x=1&y=?", "2")
    assert list(exchange.header_list) == [("cookie", "a=1; b=2"), ("x-two", "a"), ("host", "h")]
    assert exchange.client == client.writer.get_extra_info("sockname")[:2]
    assert not exchange.is_tls
