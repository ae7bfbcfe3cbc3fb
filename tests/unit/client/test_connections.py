"""The connections of one client with many requests in flight, through real servers."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from awaken.client import ConnectionRetries, create_client, create_sync_client
from awaken.client.async_connections import AsyncConnections
from awaken.client.sync_connections import SyncConnections
from awaken.hosting.applications import Applications
from awaken.transports.server.server import start_server

from tests.unit.client.site import Site
from tests.unit.client.twins import TWINS, open_twin
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

twins = pytest.mark.parametrize("twin", TWINS)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site().serving() as site:
        yield site


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(list(protocols))
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def call(client: Any, how: str, body: bytes = b"-", key: str | None = None) -> bytes:
    result: bytes = await client.generic_call("S", how, body, idempotency_key=key)
    return result


# ---------------------------------------------------------------- reuse


@twins
async def test_calls_one_after_another_share_a_connection(site: Site, twin: str) -> None:
    async with open_twin(twin, site.url) as client:
        for number in range(20):
            assert await call(client, "echo", b"%d" % number) == b"%d" % number

    assert len(site.is_open) == 1
    site.wait_until(lambda: site.open == 0)


@pytest.mark.slow
async def test_a_thousand_calls_at_once_have_a_connection_each_and_leave_a_hundred(site: Site) -> None:
    async with create_client(site.url) as client:
        calls = [asyncio.ensure_future(call(client, "wait", b"%d" % n)) for n in range(1_000)]
        await wait_until(lambda: len(site.targets) == 1_000)
        site.let_go()
        answers = await asyncio.gather(*calls)

        assert answers == [b"%d" % n for n in range(1_000)]
        assert len(site.is_open) == 1_000
        await wait_until(lambda: site.open == 100)
        await asyncio.gather(*(call(client, "echo") for _ in range(100)))
        assert len(site.is_open) == 1_000

    await wait_until(lambda: site.open == 0)


@pytest.mark.slow
def test_threads_share_a_blocking_client(site: Site) -> None:
    def work(client: Any, worker: int) -> None:
        for number in range(20):
            body = b"%d" % worker * number * 100
            assert client.generic_call("S", "echo", body) == body

    with create_sync_client(site.url) as client, ThreadPoolExecutor(32) as threads:
        list(threads.map(work, [client] * 32, range(32)))

    assert len(site.is_open) <= 32
    site.wait_until(lambda: site.open == 0)


@twins
async def test_idle_connections_are_closed_with_a_later_request(site: Site, twin: str) -> None:
    connections: Any = AsyncConnections if twin == "async" else SyncConnections
    transport = connections(verify=False, idle_s=0.01)
    async with open_twin(twin, site.url, transport=transport) as client:
        calls = [asyncio.ensure_future(call(client, "wait")) for _ in range(3)]
        await wait_until(lambda: len(site.targets) == 3)
        site.let_go()
        await asyncio.gather(*calls)
        assert site.open == 3
        await asyncio.sleep(0.02)

        await call(client, "echo")

        await wait_until(lambda: site.open == 1)


# ---------------------------------------------------------------- servers that close


@twins
async def test_server_that_closes_idle_connections_is_not_noticed(site: Site, twin: str) -> None:
    async with open_twin(twin, site.url, retries=ConnectionRetries(attempts=1)) as client:
        for number in range(20):
            assert await call(client, "farewell") == b"%d" % number
            await wait_until(lambda: site.open == 0)


@twins
async def test_broken_connection_is_an_error_and_the_next_call_has_another(site: Site, twin: str) -> None:
    async with open_twin(twin, site.url) as client:
        assert await call(client, "number") == b"0"

        with pytest.raises(httpx.RemoteProtocolError):
            await call(client, "break")
        assert await call(client, "number") == b"1"
        with pytest.raises(httpx.RemoteProtocolError):
            await call(client, "break", key="k")

    assert site.targets.count("/S/break") == 1 + ConnectionRetries().attempts


@twins
async def test_server_that_is_not_there_leaves_the_client_usable(site: Site, twin: str) -> None:
    async with open_twin(twin, "http://127.0.0.1:1", admin=site.url) as client:
        with pytest.raises(httpx.ConnectError):
            await call(client, "echo")
        with pytest.raises(httpx.ConnectError):
            await call(client, "echo")

    assert site.is_open == []


# ---------------------------------------------------------------- ends in the middle


@pytest.mark.parametrize("how", ["wait", "half"])
async def test_cancelled_call_closes_its_connection_and_no_other(site: Site, how: str) -> None:
    async with create_client(site.url) as client:
        await call(client, "number")
        others = [asyncio.ensure_future(call(client, how, b"%d-" % n * 50)) for n in range(5)]
        await wait_until(lambda: site.targets.count(f"/S/{how}") == 5)

        others[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await others[0]

        await wait_until(lambda: site.open == 4)
        assert await call(client, "number") == b"5"
        site.let_go()
        assert await asyncio.gather(*others[1:]) == [b"%d-" % n * 50 for n in range(1, 5)]


@twins
@pytest.mark.parametrize("how", ["wait", "half"])
async def test_call_that_takes_too_long_closes_its_connection(site: Site, twin: str, how: str) -> None:
    async with open_twin(twin, site.url, timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            await call(client, how, b"0123456789")

        await wait_until(lambda: site.open == 0)
        assert await call(client, "number") == b"1"


async def test_closed_client_fails_the_calls_in_flight(site: Site) -> None:
    async with create_client(site.url, retries=ConnectionRetries(attempts=1)) as client:
        calls = [asyncio.ensure_future(call(client, how)) for how in ("wait", "half") for _ in range(3)]
        await wait_until(lambda: len(site.targets) == 6)

    results = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(result) for result in results} == {httpx.ReadError}
    await wait_until(lambda: site.open == 0)


# ---------------------------------------------------------------- processes, threads and loops


FORK = """
import os, sys
from awaken.client import create_sync_client

with create_sync_client(sys.argv[1]) as client:
    number = lambda: client.generic_call("S", "number", b"-").decode()
    print(number(), flush=True)
    child = os.fork()
    if child == 0:
        print(number(), number(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(number(), flush=True)
"""
LOOP = """
import asyncio, sys
from awaken.client import create_client

async def number():
    return (await client.generic_call("S", "number", b"-")).decode()

opening = create_client(sys.argv[1])
with asyncio.Runner() as first, asyncio.Runner() as second:
    client = first.run(opening.__aenter__())
    print(first.run(number()), second.run(number()), second.run(number()))
    second.run(opening.__aexit__(None, None, None))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "numbers"),
    [
        pytest.param(
            FORK,
            "0 1 1 0",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork"),
        ),
        (LOOP, "0 1 1"),
    ],
    ids=["fork", "loop"],
)
def test_another_process_or_event_loop_opens_its_own_connections(
    site: Site, script: str, numbers: str
) -> None:
    said = subprocess.run(
        [sys.executable, "-c", script, site.url], capture_output=True, text=True, check=True, timeout=25
    )

    assert said.stdout.split() == numbers.split()
    assert said.stderr == ""


# ---------------------------------------------------------------- TLS, proxies


@twins
async def test_http2_carries_all_calls_on_one_connection(
    twin: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    peers: list[object] = []
    all_here = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        peers.append((scope["http_version"], scope["client"]))
        if len(peers) == 5:
            all_here.set()
        await all_here.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"1"})

    applications = Applications()
    server = await start_server(applications.serve(app), tls=server_context(authority, "h2", "http/1.1"))
    try:
        async with open_twin(twin, "https://{}:{}".format(*server.address)) as client:
            answers = await asyncio.gather(*(call(client, "echo") for _ in range(5)))
    finally:
        await server.close()
        await applications.end()

    assert answers == [b"1"] * 5
    assert len(peers) == 5
    assert set(peers) == {peers[0]}
    assert "2" in str(peers[0])


@twins
async def test_tls_without_http2_gives_each_call_a_connection(
    twin: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Site().serving(server_context(authority, "http/1.1")) as site:
        async with open_twin(twin, site.url) as client:
            assert await call(client, "number") == b"0"
            calls = [asyncio.ensure_future(call(client, "wait", b"%d" % n)) for n in range(4)]
            await wait_until(lambda: len(site.targets) == 5)
            site.let_go()

            assert await asyncio.gather(*calls) == [b"0", b"1", b"2", b"3"]
            assert await call(client, "echo") == b"-"

    assert len(site.is_open) <= 5


@twins
async def test_proxies_of_the_environment_are_used(
    site: Site, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", site.url)
    monkeypatch.setenv("no_proxy", "localhost")

    async with open_twin(twin, "http://runtime.example:8080") as client:
        assert await call(client, "echo", b"through") == b"through"
    async with open_twin(twin, site.url.replace("127.0.0.1", "localhost")) as client:
        assert await call(client, "echo", b"direct") == b"direct"

    assert site.targets == ["http://runtime.example:8080/S/echo", "/S/echo"]
