"""Our dialers against third-party servers: Hypercorn, Granian, and the official SDK's application on both."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.server.server import make_tls_context, start_server

from tests.unit.transports.dialing import Caller, call
from tests.unit.transports.receivers import Acceptor, Echo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.exchange import Dialer

ROOT = Path(__file__).parents[4]
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def command_of(server: str, app: str, port: int, *, is_http2: bool) -> list[str]:
    target = f"tests.unit.transports.{app}"
    if server == "hypercorn":
        return [str(BIN / "hypercorn"), "--bind", f"127.0.0.1:{port}", target]
    version = "2" if is_http2 else "1"
    return [
        *(str(BIN / "granian"), "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--http", version, "--no-ws", target),
    ]


@asynccontextmanager
async def serving(server: str, app: str, *, is_http2: bool) -> AsyncIterator[str]:
    """Runs a server in a process of its own until it accepts connections, and stops it afterwards."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *command_of(server, app, port, is_http2=is_http2),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(25):
            while True:
                assert process.returncode is None, (await process.stderr.read()) if process.stderr else b""
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        # The workers too, and not gently: the official SDK takes SIGTERM away from the server that runs it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


async def check_echo(dialer: Dialer, version: str) -> None:
    body = bytes(range(256)) * 20_000
    caller = Caller(dialer, "POST", "/some/path")
    await caller.send_all(body)
    status, echoed = await caller.response()
    headers = dict(caller.exchange.headers)
    assert (status, headers["x-version"], headers["x-path"]) == (200, version, "/some/path")
    assert echoed == body
    answers = await asyncio.gather(*(call(dialer, body=b"%d" % number) for number in range(100)))
    assert answers == [(200, b"%d" % number) for number in range(100)]
    assert await call(dialer, "GET", "/x") == (200, b"")


@pytest.mark.slow
@pytest.mark.parametrize("server", ["hypercorn", "granian"])
@pytest.mark.parametrize("is_http2", [True, False])
async def test_servers_of_others_answer(server: str, is_http2: bool) -> None:
    async with serving(server, "asgi_app:echo", is_http2=is_http2) as url:
        dialer = make_dialer(url, use_http_11=not is_http2)
        await check_echo(dialer, "2" if is_http2 else "1.1")
        await dialer.close()


@pytest.mark.slow
@pytest.mark.parametrize("server", ["hypercorn", "granian"])
@pytest.mark.parametrize("is_http2", [True, False])
async def test_official_sdk_tells_its_services(server: str, is_http2: bool) -> None:
    accepted = "application/vnd.restate.endpointmanifest.v3+json"
    async with serving(server, "official_app:app", is_http2=is_http2) as url:
        dialer = make_dialer(url, use_http_11=not is_http2)
        caller = Caller(dialer, "GET", "/discover", {"accept": accepted})
        caller.exchange.end()

        status, body = await caller.response()

        assert status == 200
        assert b'"greeter"' in body
        mode = b"BIDI_STREAM" if is_http2 else b"REQUEST_RESPONSE"
        assert mode in body
        await dialer.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def trust(authority: trustme.CA, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_alpn_protocols(list(protocols))
    return context


def server_context(authority: trustme.CA, folder: Path) -> ssl.SSLContext:
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for link in issued.cert_chain_pems:
        link.write_to_path(folder / "cert.pem", append=True)
    return make_tls_context(folder / "cert.pem", folder / "key.pem")


@pytest.mark.slow
@pytest.mark.parametrize("is_http2", [True, False])
async def test_tls_negotiates(authority: trustme.CA, tmp_path: Path, is_http2: bool) -> None:
    server = await start_server(Acceptor(Echo), tls=server_context(authority, tmp_path))
    url = "https://{}:{}".format(*server.address)
    dialer = make_dialer(
        url, use_http_11=not is_http2, tls=trust(authority, "h2" if is_http2 else "http/1.1")
    )

    assert await call(dialer, body=b"secret" * 50_000) == (200, b"secret" * 50_000)

    await dialer.close()
    await server.close()


@pytest.mark.slow
async def test_tls_connection_that_ends_with_its_response_is_read_to_the_end(
    authority: trustme.CA, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n0\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head + b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n")
        writer.close()

    context = server_context(authority, tmp_path)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    dialer = make_dialer(f"https://127.0.0.1:{port}", use_http_11=True, tls=trust(authority, "http/1.1"))

    assert await call(dialer) == (200, b"x" * 1000)

    assert caplog.messages == []
    await dialer.close()
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("is_http2", [True, False])
async def test_untrusted_certificate_is_a_failure(
    authority: trustme.CA, tmp_path: Path, is_http2: bool
) -> None:
    server = await start_server(Acceptor(Echo), tls=server_context(authority, tmp_path))
    dialer = make_dialer("https://{}:{}".format(*server.address), use_http_11=not is_http2)

    assert "cannot connect: TLS failed: " in await Caller(dialer).failure()

    await dialer.close()
    await server.close()


@pytest.mark.slow
async def test_tls_without_http2_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    context = server_context(authority, tmp_path)
    context.set_alpn_protocols(["http/1.1"])
    server = await start_server(Acceptor(Echo), tls=context)
    dialer = make_dialer("https://{}:{}".format(*server.address), tls=trust(authority, "h2"))

    assert "does not offer HTTP/2 (ALPN)" in await Caller(dialer).failure()

    await dialer.close()
    await server.close()
