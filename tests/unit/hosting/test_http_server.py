"""The HTTP server of the embedded runtime's APIs."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme
from awaken.cli.tls_files import load_tls
from awaken.hosting.http_server import HttpServer
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Receive, Scope, Send


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    status = int(scope["path"].strip("/"))
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Waiting:
    """Answers when a test says so."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_asked.set()
        await self.may_answer.wait()
        await answer(scope, receive, send)


async def test_serves_any_status_on_a_kept_connection() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        statuses = [(await client.get(f"/{status}")).status_code for status in (200, 418, 470, 600, 999)]
        await server.stop()

        with pytest.raises(httpx.ConnectError):
            await client.get("/200")
    assert statuses == [200, 418, 470, 600, 999]


@pytest.mark.parametrize("is_http2", [False, True])
async def test_answers_count_by_status(is_http2: bool) -> None:
    metrics = Metrics()
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    server.measure(metrics, "admin")
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, http1=not is_http2, http2=is_http2) as client:
        for status in (200, 404, 200):
            await client.get(f"/{status}")
        counted = metrics.snapshot()
        await server.stop()

    answers = {labels: cells[0] for labels, cells in counted[instruments.HTTP_REQUESTS].items()}
    connections = {labels: cells[0] for labels, cells in counted[instruments.CONNECTIONS].items() if cells[0]}
    assert answers == {("admin", "200"): 2, ("admin", "404"): 1}
    assert connections == {("admin", "2" if is_http2 else "1.1"): 1}


async def test_requests_that_are_no_http_count_as_well() -> None:
    metrics = Metrics()
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    server.measure(metrics, "ingress")
    await server.start()
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n")

    head = await reader.readline()
    writer.close()
    await server.stop()

    assert head.startswith(b"HTTP/1.1 400")
    assert metrics.counter(instruments.HTTP_REQUESTS).of("ingress", "400").value == 1


async def test_open_requests_may_end() -> None:
    app = Waiting()
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        request = asyncio.create_task(client.get("/200"))
        await app.is_asked.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        app.may_answer.set()

        assert (await request).status_code == 200
        await stopping


async def test_requests_that_go_on_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    app = Waiting()
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
        request = asyncio.create_task(client.get("/200"))
        await app.is_asked.wait()

        await server.stop(grace_s=0.0)

        with pytest.raises(httpx.TransportError):
            await request
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_an_address_in_use_is_an_error() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.start()

    with pytest.raises(OSError, match="address already in use"):
        await HttpServer.of_application(answer, *server.address).start()
    await server.stop()


async def test_stopping_what_never_started_is_fine() -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.stop()
    with pytest.raises(RuntimeError, match="start the server first"):
        _ = server.address


@pytest.mark.parametrize("is_http2", [False, True])
async def test_stopping_does_not_wait_for_idle_connections(is_http2: bool) -> None:
    server = HttpServer.of_application(answer, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, http1=not is_http2, http2=is_http2) as client:
        assert (await client.get("/200")).is_success

        async with asyncio.timeout(1):  # less than any deadline of a peer
            await server.stop()


@pytest.mark.parametrize("is_http2", [False, True])
async def test_open_requests_of_both_versions_are_cut_off(is_http2: bool) -> None:
    app = Waiting()
    server = HttpServer.of_application(app, "127.0.0.1", 0)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url, http1=not is_http2, http2=is_http2) as client:
        request = asyncio.create_task(client.get("/200"))
        await app.is_asked.wait()

        await server.stop(grace_s=0.0)

        with pytest.raises(httpx.TransportError):
            await request


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize("is_http2", [False, True])
async def test_tls_negotiates_the_version(authority: trustme.CA, tmp_path: Path, is_http2: bool) -> None:
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    server = HttpServer.of_application(scheme, "127.0.0.1", 0, tls=load_tls(certificate, key, None))
    await server.start()

    async with httpx.AsyncClient(base_url=server.url, verify=trust, http2=is_http2) as client:
        response = await client.get("/")

    assert server.url.startswith("https://")
    assert (response.http_version, response.text) == ("HTTP/2" if is_http2 else "HTTP/1.1", "https")
    await server.stop()


async def scheme(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})
