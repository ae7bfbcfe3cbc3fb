"""Bodies that come whole, in parts, slowly or never, and callers who leave, over both versions of HTTP."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.control.operations import AnswerRules
from awaken.outcomes import AwakeableOutcome
from awaken.runtime import bodies
from awaken.runtime.callers import Pledge
from awaken.runtime.errors import StoreError
from awaken.runtime.ingress import Ingress

from tests.unit.runtime.fakes import AWAKEABLE_ID, FakeOperations, registered
from tests.unit.runtime.serving import serving
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MIB = 1024 * 1024
PATIENCE_S = 25


@pytest.fixture
async def operations() -> FakeOperations:
    return FakeOperations(await registered())


@pytest.fixture
async def ingress(operations: FakeOperations) -> Ingress:
    return Ingress(operations, await registered())


@pytest.fixture(params=["HTTP/1.1", "HTTP/2"])
async def client(request: pytest.FixtureRequest, ingress: Ingress) -> AsyncIterator[httpx.AsyncClient]:
    is_http2 = request.param == "HTTP/2"
    async with (
        serving(ingress) as plain,
        httpx.AsyncClient(
            base_url=plain.base_url, http1=not is_http2, http2=is_http2, timeout=PATIENCE_S
        ) as client,
    ):
        yield client


async def test_call_is_answered_over_both_versions(
    client: httpx.AsyncClient, operations: FakeOperations
) -> None:
    sent = {"x-mine": "1", "content-type": "application/json", "origin": "http://localhost"}
    response = await client.post("/Svc/echo?a=b%20c", content=b'"hi"', headers=sent)

    assert (response.status_code, response.content) == (200, b'"hi"')
    assert response.headers["access-control-allow-origin"] == "http://localhost"
    (request,) = operations.requests
    assert request.headers[0] == ("x-restate-ingress-path", "/Svc/echo?a=b%20c")
    assert ("x-mine", "1") in request.headers
    assert not {"host", "connection"} & {name for name, _ in request.headers}


async def test_body_in_parts_arrives_whole(client: httpx.AsyncClient) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield bytes(64 * 1024)

    headers = {"content-type": "image/png"}
    response = await client.post("/Svc/any", content=parts(), headers=headers)

    assert response.content == bytes(300 * 64 * 1024)


async def test_a_hundred_callers_share_a_connection(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/Svc/echo", json=str(n)) for n in range(100)))

    assert [answer.json() for answer in answers] == [str(n) for n in range(100)]


async def test_refused_request_leaves_its_connection_usable(client: httpx.AsyncClient) -> None:
    for _ in range(20):
        refused = await client.post("/Nobody/there", content=bytes(MIB))
        answered = await client.post("/Svc/echo", json="hi")

        assert (refused.status_code, answered.json()) == (404, "hi")


async def test_callers_who_leave_stop_waiting(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.waits = asyncio.Event()
    call = asyncio.create_task(client.post("/Svc/nothing"))
    await asyncio.wait_for(operations.waits.wait(), PATIENCE_S)

    call.cancel()
    await client.aclose()  # over HTTP/2, it resets no stream

    await wait_until(lambda: operations.was_left)


async def test_value_that_is_checked_counts_though_its_caller_has_left(
    client: httpx.AsyncClient, operations: FakeOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def __init__(self) -> None:
            self.is_asked = asyncio.Event()
            self.may_go_on = asyncio.Event()

        async def get(self) -> object:
            self.is_asked.set()
            await self.may_go_on.wait()
            return self

        async def decode(self, value: bytes) -> bytes:
            return value

    codec = Slow()
    rules = AnswerRules(None, True, codec)  # type: ignore[arg-type]
    monkeypatch.setattr(operations, "find_answer_rules", lambda _: rules)
    call = asyncio.create_task(client.post(f"/restate/awakeables/{AWAKEABLE_ID}/resolve", content=b"x"))
    await asyncio.wait_for(codec.is_asked.wait(), PATIENCE_S)

    call.cancel()
    await asyncio.sleep(0.05)
    codec.may_go_on.set()

    await wait_until(lambda: operations.asked == [("resolve", AWAKEABLE_ID, b"x")])


async def test_failure_is_no_noise_when_its_caller_has_left(
    client: httpx.AsyncClient,
    operations: FakeOperations,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting: list[asyncio.Future[None]] = []

    def begin_resolve(awakeable_id: str, value: bytes) -> Pledge[AwakeableOutcome]:
        waiting.append(asyncio.get_running_loop().create_future())
        return Pledge(AwakeableOutcome.APPLIED, waiting[0])

    monkeypatch.setattr(operations, "begin_resolve", begin_resolve)
    call = asyncio.create_task(client.post(f"/restate/awakeables/{AWAKEABLE_ID}/resolve", content=b"x"))
    await wait_until(lambda: bool(waiting))
    call.cancel()
    await client.aclose()
    await asyncio.sleep(0.05)

    waiting.pop().set_exception(StoreError("the disk is full"))
    await asyncio.sleep(0)
    gc.collect()

    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


HALF = b"POST /Svc/any HTTP/1.1\r\nhost: h\r\ncontent-type: image/png\r\ncontent-length: 10\r\n\r\nhalf"


async def test_body_that_does_not_come_is_not_waited_for(
    ingress: Ingress, monkeypatch: pytest.MonkeyPatch, operations: FakeOperations
) -> None:
    monkeypatch.setattr(bodies, "_PATIENCE_SECONDS", 0.1)
    async with serving(ingress) as plain:
        reader, writer = await asyncio.open_connection(plain.base_url.host, plain.base_url.port)
        writer.write(HALF)

        answer = await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE_S)

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"cannot read body: 4 bytes of the body arrived within 0 s" in answer
        writer.close()
    assert operations.requests == []


async def test_caller_who_leaves_within_the_body_gives_its_room_back(
    ingress: Ingress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_PATIENCE_SECONDS", 0.1)
    async with serving(ingress) as plain:
        reader, writer = await asyncio.open_connection(plain.base_url.host, plain.base_url.port)
        writer.write(HALF)
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.2)

        assert (await plain.post("/Svc/echo", json="hi")).json() == "hi"
        assert await reader.read() == b""


async def test_bodies_that_find_no_room_wait_for_it(operations: FakeOperations) -> None:
    ingress = Ingress(operations, await registered(), room_size=MIB)
    headers = {"content-type": "image/png"}

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(64 * 1024)
            await asyncio.sleep(0)

    async with serving(ingress) as client:
        answers = await asyncio.gather(
            *(client.post("/Svc/any", content=parts(), headers=headers) for _ in range(8)),
            *(client.post("/Svc/echo", json="small") for _ in range(8)),
        )

    assert [len(answer.content) for answer in answers] == [4 * MIB] * 8 + [7] * 8


class Lost(FakeOperations):
    """Cannot keep anything."""

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        raise OSError("secret")


async def test_failure_is_answered_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Ingress(Lost(), await registered())) as client:
        response = await client.post(f"/restate/awakeables/{AWAKEABLE_ID}/resolve", content=b"1")

    assert (response.status_code, response.json()["source"]) == (500, "ingress")
    assert "secret" not in response.text
    assert [record.getMessage() for record in caplog.records] == [
        f"the ingress failed at POST /restate/awakeables/{AWAKEABLE_ID}/resolve"
    ]
