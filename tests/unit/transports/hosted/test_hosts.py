"""Real ASGI servers: both directions at once over HTTP/2, one after the other over HTTP/1.1, and disconnects."""

from __future__ import annotations

import http.client
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from awaken.transports.dialer.dialing import make_dialer

from tests import frames
from tests.e2e.waiting import eventually
from tests.hosts import HOSTS, Host
from tests.unit.transports.client import Client
from tests.unit.transports.dialing import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow
V6 = "application/vnd.restate.invocation.v6"
V4 = "application/vnd.restate.endpointmanifest.v4+json"
HTTP2 = [name for name, kind in HOSTS.items() if kind.is_http2]
HTTP1 = [name for name, kind in HOSTS.items() if not kind.is_http2]


@pytest.fixture(scope="module")
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    kind = HOSTS[request.param]
    host = Host(
        kind,
        "tests.unit.transports.hosted.app:app",
        "tests.unit.transports.hosted.app:outer",
        tmp_path_factory.mktemp(kind.name),
    )
    host.start()
    yield host
    host.kill()


def parametrize(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("host", names, indirect=True, scope="module")


async def connect(host: Host) -> Client:
    return await Client.connect(("127.0.0.1", host.port))


def invoke(client: Client, host: Host, handler: str, body: bytes, *, is_end: bool = False) -> int:
    path = f"{host.kind.prefix}/invoke/Waiter/{handler}"
    base = [(":method", "POST"), (":scheme", "http"), (":authority", "test"), (":path", path)]
    return client.request(body, is_end=is_end, base=base, headers=[("content-type", V6)])


@parametrize(*HOSTS)
def test_curl_discovers_the_mode_that_fits_the_version(host: Host) -> None:
    command = ["curl", "-s", "-H", f"accept: {V4}", "-D", "-", f"{host.url}/discover"]
    if host.kind.is_http2:
        command.insert(1, "--http2-prior-knowledge")
    head, _, body = subprocess.run(command, capture_output=True, check=True).stdout.partition(b"\r\n\r\n")

    manifest: dict[str, Any] = json.loads(body)
    assert manifest["protocolMode"] == ("BIDI_STREAM" if host.kind.is_http2 else "REQUEST_RESPONSE")
    assert f"content-type: {V4}".encode() in head.lower()
    assert b" 200" in head.splitlines()[0]


@parametrize(*HTTP2)
async def test_result_comes_while_the_request_is_open(host: Host) -> None:
    client = await connect(host)
    stream = invoke(client, host, "wait", frames.request())
    await client.read_until(lambda: client.responses[stream].status is not None)
    assert client.responses[stream].headers[b"content-type"] == V6.encode()
    assert not client.responses[stream].is_ended

    client.send(stream, frames.signal(17, b'"now"'))
    await client.read_until(lambda: b'"now"' in client.responses[stream].body)
    client.send(stream, b"", is_end=True)
    response = await client.response(stream)

    assert frames.names(bytes(response.body)) == ["Output", "End"]
    await client.close()


@parametrize(*HTTP2)
async def test_end_of_the_request_asks_to_suspend(host: Host) -> None:
    client = await connect(host)
    stream = invoke(client, host, "wait", frames.request(), is_end=True)

    response = await client.response(stream)

    assert frames.names(bytes(response.body)) == ["Suspension"]
    assert response.reset_code is None
    await client.close()


@parametrize(*HTTP2)
async def test_reset_unwinds_the_handler_and_the_connection_goes_on(host: Host) -> None:
    client = await connect(host)
    stream = invoke(client, host, "act", frames.request())
    await client.read_until(lambda: client.responses[stream].status is not None)
    eventually(lambda: "acting" in host.log, what="the action")

    client.h2.reset_stream(stream)
    client.flush()
    other = invoke(client, host, "echo", frames.request(b'"x"'))
    answer = await client.response(other)

    assert frames.names(bytes(answer.body)) == ["Output", "End"]
    eventually(lambda: "unwound act" in host.log, what="the unwinding of the action")
    await client.close()


@pytest.mark.parametrize("size", [8_000_000, 31_000_000])
@parametrize(*HOSTS)
async def test_large_bodies_cross_both_ways(host: Host, size: int) -> None:
    text = json.dumps("x" * size).encode()
    dialer = make_dialer(host.url, use_http_11=not host.kind.is_http2)
    caller = Caller(dialer, "POST", "/invoke/Waiter/echo", {"content-type": V6})

    await caller.send_all(frames.request(text))
    status, body = await caller.response()

    assert status == 200
    assert frames.names(body) == ["Output", "End"]
    assert text in body
    await dialer.close()


@pytest.mark.parametrize("size", [31_000_000])
@parametrize(*HTTP2)
async def test_large_result_reaches_a_waiting_handler(host: Host, size: int) -> None:
    text = json.dumps("x" * size).encode()
    dialer = make_dialer(host.url)
    caller = Caller(dialer, "POST", "/invoke/Waiter/wait", {"content-type": V6})
    await caller.send_all(frames.request(), is_last=False)
    await caller.wait_until(lambda: caller.exchange.status == 200)

    await caller.send_all(frames.signal(17, text))
    _, body = await caller.response()

    assert frames.names(body) == ["Output", "End"]
    assert text in body
    await dialer.close()


@parametrize(*HTTP1)
def test_one_after_the_other_over_http_1(host: Host) -> None:
    client = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    answers = []
    for handler, body in (("echo", b'"x"'), ("wait", b"")):
        path = f"{host.kind.prefix}/invoke/Waiter/{handler}"
        client.request("POST", path, iter([frames.request(body)]), {"content-type": V6})
        answers.append(frames.names(client.getresponse().read()))
    client.close()

    assert answers == [["Output", "End"], ["Suspension"]]


@parametrize(*HTTP1)
def test_departure_unwinds_the_handler_over_http_1(host: Host) -> None:
    client = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    client.request("POST", f"{host.kind.prefix}/invoke/Waiter/act", frames.request(), {"content-type": V6})
    eventually(lambda: "acting" in host.log, what="the action")

    client.close()

    eventually(lambda: "unwound act" in host.log, what="the unwinding of the action")
    client.request(
        "POST", f"{host.kind.prefix}/invoke/Waiter/echo", frames.request(b'"x"'), {"content-type": V6}
    )
    assert frames.names(client.getresponse().read()) == ["Output", "End"]
    client.close()


@parametrize(*HOSTS)
def test_unknown_route_is_answered_with_404(host: Host) -> None:
    command = ["curl", "-s", "-w", " %{http_code}", f"{host.url}/nowhere"]
    if host.kind.is_http2:
        command.insert(1, "--http2-prior-knowledge")

    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout

    assert "no route" in answer
    assert answer.endswith(" 404")


@parametrize(*HOSTS)
def test_hosts_find_nothing_to_complain_about(host: Host) -> None:
    """With the official SDK, hosts log "ASGI Framework Lifespan error" on each start."""
    assert host.log.strip()
    assert "lifespan error" not in host.log.lower()
    assert "lifespan' protocol appears unsupported" not in host.log
    assert "Traceback" not in host.log
