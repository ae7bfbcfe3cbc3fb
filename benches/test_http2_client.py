"""One request and its response through a client's HTTP/2 engine, against that of the server, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken._core import BodyEnded, ResponseProgress
from awaken.transports import limits
from awaken.transports.http2.engines import make_client_engine, make_rust_engine
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.transports.http2.engine import Engine
    from pytest_benchmark.fixture import BenchmarkFixture

CONTENT_TYPE = "application/vnd.restate.invocation.v6"
BODY = bytes(100)


def answer(server: Engine, data: bytes) -> bytes:
    """Answer each request that is complete."""
    for event in server.receive(data):
        if isinstance(event, BodyEnded):
            server.send_headers(event.stream_id, 200, [("content-type", CONTENT_TYPE)])
            server.send_data(event.stream_id, BODY, is_end=True)
    return server.take_output()


def make_rust_caller() -> Callable[[], bytes]:
    client, server = make_client_engine(), make_rust_engine()
    client.receive(answer(server, client.take_output()), limits.SLICE)

    def call() -> bytes:
        headers = {"content-type": CONTENT_TYPE, "accept": CONTENT_TYPE, "x-restate-invocation-id": "inv_1"}
        stream_id = client.open("POST", "http", "127.0.0.1:9080", "/invoke/S/h", headers, is_end=False)
        assert stream_id is not None
        client.send_data(stream_id, BODY, is_end=True)
        (progress,), _ = client.receive(answer(server, client.take_output()), limits.SLICE)
        assert isinstance(progress, ResponseProgress)
        assert progress.is_ended
        client.acknowledge(stream_id, len(progress.data))
        return progress.data

    return call


def make_h2_caller() -> Callable[[], bytes]:
    configuration = H2Configuration(client_side=True, validate_inbound_headers=False)
    client, server = H2Connection(configuration), make_rust_engine()
    client.initiate_connection()
    client.receive_data(answer(server, client.data_to_send()))

    def call() -> bytes:
        stream_id = client.get_next_available_stream_id()
        head = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", "127.0.0.1:9080"),
            (":path", "/invoke/S/h"),
            ("content-type", CONTENT_TYPE),
            ("accept", CONTENT_TYPE),
            ("x-restate-invocation-id", "inv_1"),
        ]
        client.send_headers(stream_id, head)
        client.send_data(stream_id, BODY, end_stream=True)
        body = b""
        for event in client.receive_data(answer(server, client.data_to_send())):
            body += getattr(event, "data", b"") or b""
            if isinstance(event, StreamEnded):
                client.acknowledge_received_data(len(body), stream_id)
        return body

    return call


@pytest.mark.parametrize("make_caller", [make_rust_caller, make_h2_caller], ids=["rust", "h2"])
def test_request_and_response(
    benchmark: BenchmarkFixture, make_caller: Callable[[], Callable[[], bytes]]
) -> None:
    assert benchmark(make_caller()) == BODY
