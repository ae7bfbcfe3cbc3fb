"""What a client sends for each of its methods."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.client import AwakeableOutcome, AwakeableStatus
from awaken.client.addresses import join

from tests.unit.client.services import Person, add, digest, greet, ping, read, run, status
from tests.unit.client.twins import AWAKEABLE, INVOCATION, TWINS, Recorder, open_twin

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = "http://127.0.0.1:8080"
KEY = "a/b ?#é%2F"
QUOTED = "a%2Fb%20%3F%23%C3%A9%252F"
SENT = {"invocationId": INVOCATION, "status": "Accepted"}

pytestmark = pytest.mark.parametrize("twin", TWINS)


@pytest.mark.parametrize(
    ("use", "method", "path", "content_type", "body"),
    [
        (
            lambda c: c.service_call(greet, Person("Ada", 36)),
            "POST",
            "/Greeter/greet",
            "application/json",
            b'{"name": "Ada", "age": 36}',
        ),
        (lambda c: c.service_call(ping, None), "POST", "/Greeter/ping", None, b""),
        (
            lambda c: c.service_call(digest, b"\xff"),
            "POST",
            "/Greeter/digest",
            "application/octet-stream",
            b"\xff",
        ),
        (lambda c: c.service_call(read, b"text"), "POST", "/Greeter/read", "text/plain", b"text"),
        (lambda c: c.object_call(add, "", 1), "POST", "/Counter//add", "application/json", b"1"),
        (lambda c: c.object_call(add, KEY, 1), "POST", f"/Counter/{QUOTED}/add", "application/json", b"1"),
        (lambda c: c.object_call(add, "..", 1), "POST", "/Counter/%2E%2E/add", "application/json", b"1"),
        # An empty body must not have a content type.
        (lambda c: c.object_call(add, "k", None), "POST", "/Counter/k/add", None, b""),
        (lambda c: c.workflow_call(run, "w", "a@b"), "POST", "/Signup/w/run", "application/json", b'"a@b"'),
        (lambda c: c.generic_call("S", "h", b"{}"), "POST", "/S/h", "application/json", b"{}"),
        (lambda c: c.generic_call("S", "h", b"", key="k"), "POST", "/S/k/h", None, b""),
        (lambda c: c.attach(INVOCATION), "GET", f"/restate/invocation/{INVOCATION}/attach", None, b""),
        (lambda c: c.output(INVOCATION), "GET", f"/restate/invocation/{INVOCATION}/output", None, b""),
        (
            lambda c: c.workflow_attach(run, KEY),
            "GET",
            f"/restate/workflow/Signup/{QUOTED}/attach",
            None,
            b"",
        ),
        (lambda c: c.workflow_output(run, "w"), "GET", "/restate/workflow/Signup/w/output", None, b""),
        (
            lambda c: c.awakeable(AWAKEABLE).resolve({"n": 1}),
            "POST",
            f"/restate/awakeables/{AWAKEABLE}/resolve",
            "application/json",
            b'{"n": 1}',
        ),
        (
            lambda c: c.awakeable(AWAKEABLE).reject("nö"),
            "POST",
            f"/restate/awakeables/{AWAKEABLE}/reject",
            "text/plain",
            "nö".encode(),
        ),
    ],
)
async def test_method_sends(
    twin: str, use: Callable[[Any], Any], method: str, path: str, content_type: str | None, body: bytes
) -> None:
    recorder = Recorder(httpx.Response(200))

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        await use(client)

    assert recorder.request.method == method
    assert recorder.request.url.raw_path.decode() == path
    assert recorder.request.headers.get("content-type") == content_type
    assert recorder.request.content == body


@pytest.mark.parametrize(
    ("use", "path"),
    [
        (lambda c: c.service_send(greet, Person("Ada")), "/Greeter/greet/send"),
        (lambda c: c.object_send(add, "k", 1, timedelta(days=2)), "/Counter/k/add/send?delay=172800000ms"),
        (lambda c: c.object_send(add, "k", 1, timedelta(seconds=-1)), "/Counter/k/add/send"),
        (lambda c: c.workflow_send(run, "w", "a@b", timedelta(0.5)), "/Signup/w/run/send?delay=43200000ms"),
        (lambda c: c.generic_send("S", "h", b"1", "k", timedelta(milliseconds=5)), "/S/k/h/send?delay=5ms"),
        (lambda c: c.scope("t 1").service_send(ping, None), "/restate/scope/t%201/send/Greeter/ping"),
        (lambda c: c.scope("t").object_send(add, "k", 1), "/restate/scope/t/send/Counter/k/add"),
        (lambda c: c.scope("t").workflow_send(run, "w", "x"), "/restate/scope/t/send/Signup/w/run"),
        (lambda c: c.generic_send("S", "h", b"1", scope="t"), "/restate/scope/t/send/S/h"),
    ],
)
async def test_send_goes_to(twin: str, use: Callable[[Any], Any], path: str) -> None:
    recorder = Recorder(httpx.Response(202, json=SENT))

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        handle = await use(client)

    assert recorder.request.url.raw_path.decode() == path
    assert (handle.invocation_id, handle.status_code, handle.is_new) == (INVOCATION, 202, True)
    assert handle.execution_time is None


@pytest.mark.parametrize(
    ("use", "path"),
    [
        (lambda c: c.service_call(ping, None, "l/1"), "/restate/scope/t/call/Greeter/ping"),
        (lambda c: c.object_call(add, "k", 1, "l/1"), "/restate/scope/t/call/Counter/k/add"),
        (lambda c: c.workflow_call(status, "w", None, "l/1"), "/restate/scope/t/call/Signup/w/status"),
    ],
)
async def test_scoped_call_carries_its_limit_key(twin: str, use: Callable[[Any], Any], path: str) -> None:
    recorder = Recorder(httpx.Response(200))

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        await use(client.scope("t"))

    assert recorder.request.url.raw_path.decode() == path
    assert recorder.request.headers["x-restate-limit-key"] == "l/1"


async def test_headers_come_from_the_client_and_from_the_call(twin: str) -> None:
    recorder = Recorder(httpx.Response(200))

    async with open_twin(
        twin, BASE, {"authorization": "Bearer 1", "x-a": "client"}, transport=httpx.MockTransport(recorder)
    ) as client:
        await client.generic_call(
            "S", "h", b"<a/>", idempotency_key="k1", headers={"x-a": "call", "Content-Type": "text/xml"}
        )

    headers = recorder.request.headers
    assert headers["authorization"] == "Bearer 1"
    assert headers.get_list("x-a") == ["call"]
    assert headers.get_list("content-type") == ["text/xml"]
    assert headers["idempotency-key"] == "k1"


async def test_cancel_goes_to_the_admin_address(twin: str) -> None:
    recorder = Recorder(httpx.Response(202))

    async with open_twin(
        twin, BASE, admin="http://admin:9070/", transport=httpx.MockTransport(recorder)
    ) as client:
        await client.cancel(INVOCATION)

    assert recorder.request.method == "PATCH"
    assert str(recorder.request.url) == f"http://admin:9070/invocations/{INVOCATION}/cancel"


async def test_addresses_come_from_the_environment(twin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_INGRESS", "https://ingress.example/below/")
    monkeypatch.setenv("AWAKEN_ADMIN", "admin.example:9070")
    recorder = Recorder(httpx.Response(200))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        await client.service_call(ping, None)
        await client.cancel(INVOCATION)

    assert [str(request.url) for request in recorder.requests] == [
        "https://ingress.example/below/Greeter/ping",
        f"http://admin.example:9070/invocations/{INVOCATION}/cancel",
    ]


@pytest.mark.parametrize("address", ["ftp://a", "http://", "http://a:x", "http://a?b", "a b://c"])
async def test_address_that_is_none_is_refused(twin: str, address: str) -> None:
    with pytest.raises(ValueError, match=r"ingress is .*; give an address such as http://127\.0\.0\.1:8080"):
        async with open_twin(twin, address):
            pass


async def test_answers_are_read_as_the_handlers_declare(twin: str) -> None:
    recorder = Recorder(
        httpx.Response(200, content=b'{"name": "Ada", "age": 36}'),
        httpx.Response(200, content=b"\xff\x00"),
        httpx.Response(200, content=b"true"),
        httpx.Response(200, content=b'[{"name": "Ada"}]'),
        httpx.Response(200, content=b""),
    )

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        answers = [
            await client.service_call(greet, Person("Ada", 36)),
            await client.service_call(digest, b""),
            await client.workflow_attach(run, "w"),
            await client.attach(INVOCATION, type_hint=list[Person]),
            await client.output(INVOCATION),
        ]

    assert answers == [Person("Ada", 36), b"\xff\x00", True, [Person("Ada")], None]


async def test_send_handle_tells_what_was_there_and_what_is_delayed(twin: str) -> None:
    answer = {**SENT, "status": "PreviouslyAccepted", "executionTime": "2026-11-22T09:28:57.027000000Z"}
    recorder = Recorder(httpx.Response(202, json=answer))

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        handle = await client.service_send(ping, None)

    assert not handle.is_new
    assert handle.execution_time == datetime(2026, 11, 22, 9, 28, 57, 27000, tzinfo=UTC)


class Reversing:
    """A codec that can be seen, and that really awaits."""

    def encode(self, buf: bytes) -> bytes:
        return b"<" + buf[::-1]

    async def decode(self, buf: bytes) -> bytes:
        assert buf[:1] == b"<"
        return buf[:0:-1]


async def test_values_go_through_the_codec_and_nothing_else_does(twin: str) -> None:
    recorder = Recorder(
        httpx.Response(200, content=b"<" + b"42"),
        httpx.Response(202, content=json.dumps(SENT)),
        httpx.Response(202),
        httpx.Response(202),
        httpx.Response(200, content=b"<cba"),
        httpx.Response(200, content=b"<"),
    )

    async with open_twin(
        twin, BASE, journal_value_codec=Reversing(), transport=httpx.MockTransport(recorder)
    ) as client:
        called = await client.object_call(add, "k", 12)
        sent = await client.object_send(add, "k", 12)
        await client.awakeable(AWAKEABLE).resolve(12)
        await client.awakeable(AWAKEABLE).reject("no")
        raw = await client.generic_call("S", "h", b"abc")
        void = await client.service_call(ping, None)

    assert (called, sent.invocation_id, raw, void) == (24, INVOCATION, b"abc", None)
    assert [request.content for request in recorder.requests] == [
        b"<21",
        b"<21",
        b"<21",
        b"no",
        b"<cba",
        b"",
    ]


async def test_join_keeps_segments_whole(twin: str) -> None:
    assert join(BASE, ".", "..", "...", "a.b") == f"{BASE}/%2E/%2E%2E/.../a.b"


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, AwakeableOutcome.ACCEPTED),
        ({"x-awaken-outcome": "of a later version"}, AwakeableOutcome.ACCEPTED),
        *(({"x-awaken-outcome": outcome.value}, outcome) for outcome in AwakeableOutcome),
    ],
)
async def test_outcome_is_what_the_runtime_tells(
    twin: str, headers: dict[str, str], outcome: AwakeableOutcome
) -> None:
    recorder = Recorder(httpx.Response(202, headers=headers))

    async with open_twin(twin, BASE, transport=httpx.MockTransport(recorder)) as client:
        outcomes = [
            await client.awakeable(AWAKEABLE).resolve(1),
            await client.awakeable(AWAKEABLE).reject("no"),
        ]

    assert outcomes == [outcome, outcome]


SIGNAL = '{"Notification":{"ty":"Signal","id":{"SignalIndex":%d},"result":"Success"}}'
NAMED = '{"Notification":{"ty":"Signal","id":{"SignalName":"17"},"result":"Success"}}'


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], AwakeableStatus.UNKNOWN_INVOCATION),
        ([{"status": "scheduled"}], AwakeableStatus.NOT_STARTED),
        ([{"status": "pending"}], AwakeableStatus.NOT_STARTED),
        ([{"status": "suspended"}], AwakeableStatus.OPEN),
        ([{"status": "running", "entry_lite_json": SIGNAL % 18}], AwakeableStatus.OPEN),
        ([{"status": "running", "entry_lite_json": NAMED}], AwakeableStatus.OPEN),
        (
            [{"status": "paused", "entry_lite_json": SIGNAL % index} for index in (18, 17)],
            AwakeableStatus.COMPLETED,
        ),
        ([{"status": "completed", "entry_lite_json": SIGNAL % 17}], AwakeableStatus.COMPLETED),
        ([{"status": "completed"}], AwakeableStatus.INVOCATION_ENDED),
    ],
)
async def test_status_is_read_from_the_tables(
    twin: str, rows: list[dict[str, str]], status: AwakeableStatus
) -> None:
    recorder = Recorder(httpx.Response(200, json={"rows": rows}))

    async with open_twin(twin, BASE, admin="http://admin", transport=httpx.MockTransport(recorder)) as client:
        found = await client.awakeable(AWAKEABLE).status()

    assert found is status
    assert str(recorder.request.url) == "http://admin/query"
    assert recorder.request.headers["accept"] == "application/json"
    assert INVOCATION in json.loads(recorder.request.content)["query"]
