"""Connections that stay silent, send half of something, or end their side early."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.doors.sockets import connect, read_to_end, status_of

if TYPE_CHECKING:
    from tests.doors.setups import Setup

SILENT_CONNECTIONS = 300
PARTS = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nhost: local",
    "half a body": b"POST /Greeter/greet HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf",
}


def _end_side(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    connection.shutdown(socket.SHUT_WR)
    return read_to_end(connection)


def test_request_before_the_end_of_a_side_is_answered(doors: Setup) -> None:
    for url in doors.own_urls:
        path = b"/ui/" if url == doors.admin_url else b"/restate/health" if url == doors.ingress_url else b"/"
        with connect(url) as connection:
            answer = _end_side(connection, b"GET " + path + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")

        assert status_of(answer) == 200


@pytest.mark.on("dev", "runtime")
def test_call_before_the_end_of_a_side_is_answered(doors: Setup) -> None:
    request = (
        b'POST /Greeter/greet HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n%s\r\n"you"'
    )
    with connect(doors.ingress_url) as connection:
        answer = _end_side(connection, request % b"content-length: 5\r\n")

    assert answer.endswith(b'"hello you"')


@pytest.mark.parametrize("part", PARTS)
def test_half_a_request_before_the_end_of_a_side_is_not_waited_for(doors: Setup, part: str) -> None:
    for url in doors.own_urls:
        with connect(url) as connection:
            answer = _end_side(connection, PARTS[part])

        assert b" 200 " not in answer


@pytest.mark.parametrize("part", PARTS)
def test_silent_connections_keep_nobody_out(doors: Setup, part: str) -> None:
    with ExitStack() as stack:
        for url in doors.own_urls:
            for _ in range(SILENT_CONNECTIONS):
                stack.enter_context(connect(url)).sendall(PARTS[part])

        assert doors.client.call("Greeter/greet", "somebody") == "hello somebody"


@pytest.mark.parametrize("is_answered", [False, True], ids=["before the answer", "after the answer"])
def test_body_that_is_not_http_concerns_its_connection_only(doors: Setup, is_answered: bool) -> None:
    head = b"POST /no-such-thing HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    for url in doors.own_urls:
        with connect(url) as connection:
            connection.sendall(head if is_answered else head + b"no chunk\r\n")
            if is_answered:
                connection.recv(1)
                connection.sendall(b"no chunk\r\n")
            answer = read_to_end(connection)

        assert b" 500 " not in answer
