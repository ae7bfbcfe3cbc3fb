"""The gRPC services in front of a runtime of the same process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from awaken import _core
from awaken.control.client import ControlClient, connect_control
from awaken.control.operations import InvocationRequest, Target
from awaken.control.server import start_control_server
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2
from awaken.runtime.admission import MAX_BODY_SIZE
from google.protobuf.duration_pb2 import Duration

from tests.unit.runtime.harness import Harness, awakeable_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

OUTCOME = awakeables_pb2.CompletionResponse
STRANGER = _core.format_invocation_id(bytes(24))


@pytest_asyncio.fixture
async def control(harness: Harness) -> AsyncIterator[ControlClient]:
    server = await start_control_server(harness.runtime)
    async with connect_control(f"127.0.0.1:{server.port}") as control:
        yield control
    await server.close(0)


async def code_of(call: Awaitable[object]) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_the_first_result_is_applied_and_the_second_refused(
    harness: Harness, control: ControlClient
) -> None:
    invocation_id = await harness.send("Echo/wait")
    (pending,) = await harness.until_waiting()

    first = await control.resolve(pending.awakeable_id, b'"yes"')
    second = await code_of(control.reject(pending.awakeable_id, "no"))

    assert first.outcome == OUTCOME.OUTCOME_APPLIED
    assert second == grpc.StatusCode.ALREADY_EXISTS
    assert await harness.result(invocation_id) == "yes"


async def test_what_cannot_be_completed_says_why(harness: Harness, control: ControlClient) -> None:
    killed = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.runtime.kill(killed)
    delayed = await harness.send("Echo/wait", delay_ms=60_000)
    with_code = awakeables_pb2.RejectRequest(id=awakeable_of(killed), failure=common_pb2.Failure(code=404))

    codes = {
        "gone": await code_of(control.resolve(awakeable_of(killed), b"1")),
        "not started": await code_of(control.resolve(awakeable_of(delayed), b"1")),
        "unknown": await code_of(control.resolve(awakeable_of(STRANGER), b"1")),
        "malformed": await code_of(control.resolve("garbage", b"1")),
        "cancel": await code_of(control.resolve(awakeable_of(killed, 1), b"1")),
        "prom": await code_of(control.resolve(awakeable_of(killed).replace("sign_1", "prom_1"), b"1")),
        "code": await code_of(control.awakeables.Reject(with_code)),
        "large": await code_of(control.resolve(awakeable_of(delayed), bytes(MAX_BODY_SIZE + 1))),
    }

    status = grpc.StatusCode
    assert codes == {
        "gone": status.FAILED_PRECONDITION,
        "not started": status.FAILED_PRECONDITION,
        "unknown": status.NOT_FOUND,
        "malformed": status.INVALID_ARGUMENT,
        "cancel": status.INVALID_ARGUMENT,
        "prom": status.INVALID_ARGUMENT,
        "code": status.INVALID_ARGUMENT,
        "large": status.RESOURCE_EXHAUSTED,
    }


async def test_calls_have_to_fit_what_is_registered(harness: Harness, control: ControlClient) -> None:
    async def send(service: str, handler: str, key: str | None = None, **more: Any) -> None:
        target = common_pb2.Target(service=service, handler=handler, key=key)
        await control.invocations.Send(invocations_pb2.SendRequest(target=target, **more))

    codes = {
        "fits": await code_of(send("Echo", "echo", body=b'"x"')),
        "unknown service": await code_of(send("Strangers", "echo")),
        "unknown handler": await code_of(send("Echo", "shout")),
        "needless key": await code_of(send("Echo", "echo", key="k", body=b'"x"')),
        "missing key": await code_of(send("Counter", "add", body=b"1")),
        "content type": await code_of(send("Echo", "echo", body=b"x", content_type="text/plain")),
        "needless body": await code_of(send("Echo", "wait", body=b"1")),
        "idempotent run": await code_of(send("Approval", "run", key="k", idempotency_key="i")),
        "negative delay": await code_of(send("Echo", "echo", body=b'"x"', delay=Duration(seconds=-1))),
        "endless delay": await code_of(send("Echo", "echo", body=b'"x"', delay=Duration(seconds=3 * 10**11))),
        "header": await code_of(send("Echo", "echo", body=b'"x"', headers={"name": "é"})),
    }

    assert codes.pop("fits") == grpc.StatusCode.OK
    assert codes.pop("unknown service") == codes.pop("unknown handler") == grpc.StatusCode.NOT_FOUND
    assert set(codes.values()) == {grpc.StatusCode.INVALID_ARGUMENT}, codes
    assert harness.rows("SELECT count(*) FROM invocation") == [(1,)]


async def test_invocations_are_called_attached_and_ended(harness: Harness, control: ControlClient) -> None:
    called = await control.invoke("Echo", "echo", b'"hello"')
    waiting = await harness.send("Echo/wait")
    await harness.until_waiting()
    output = invocations_pb2.GetOutputRequest(invocation_id=waiting)
    not_ready = await code_of(control.invocations.GetOutput(output))
    attached = asyncio.create_task(control.attach(waiting))
    await control.invocations.Kill(invocations_pb2.KillRequest(invocation_id=waiting))
    found = await control.invocations.Get(invocations_pb2.GetInvocationRequest(invocation_id=waiting))
    listed = await control.invocations.List(invocations_pb2.ListInvocationsRequest(service="Echo"))
    unknown = await code_of(control.attach(STRANGER))
    malformed = await code_of(control.attach("garbage"))
    again = await code_of(control.invocations.Kill(invocations_pb2.KillRequest(invocation_id=waiting)))

    assert called.value == b'"hello"'
    assert (await attached).failure.message == "killed"
    assert (found.status, found.completion_result) == ("completed", "failure")
    assert {one.id for one in listed.invocations} == {called.invocation_id, waiting}
    assert (not_ready, again) == (grpc.StatusCode.FAILED_PRECONDITION,) * 2
    assert (unknown, malformed) == (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_runtime_that_stopped_is_unavailable(harness: Harness, control: ControlClient) -> None:
    await harness.stop()

    output = invocations_pb2.GetOutputRequest(invocation_id=STRANGER)
    codes = {
        await code_of(control.invoke("Echo", "echo", b'"x"')),
        await code_of(control.attach(STRANGER)),
        await code_of(control.invocations.GetOutput(output)),
        await code_of(control.invocations.Get(invocations_pb2.GetInvocationRequest(invocation_id=STRANGER))),
    }
    await harness.start()

    assert codes == {grpc.StatusCode.UNAVAILABLE}


@pytest.mark.parametrize("token", ["x", "-1", "1.2", "9" * 30])
async def test_page_tokens_come_from_the_page_before(control: ControlClient, token: str) -> None:
    awakeables = awakeables_pb2.ListAwakeablesRequest(page_token=token)
    invocations = invocations_pb2.ListInvocationsRequest(page_token=token)

    assert await code_of(control.awakeables.List(awakeables)) == grpc.StatusCode.INVALID_ARGUMENT
    assert await code_of(control.invocations.List(invocations)) == grpc.StatusCode.INVALID_ARGUMENT


TARGET = common_pb2.Target(service="Echo", handler="echo")


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (invocations_pb2.SendRequest(), "the name of the service is missing"),
        (
            invocations_pb2.SendRequest(target=common_pb2.Target(service="Echo")),
            "name of the handler is missing",
        ),
        (
            invocations_pb2.SendRequest(target=common_pb2.Target(service="Echo/x", handler="y")),
            "'Echo/x' is not the name",
        ),
        (
            invocations_pb2.SendRequest(target=common_pb2.Target(service="restate", handler="health")),
            "'restate' is not the name",
        ),
        (
            invocations_pb2.SendRequest(target=common_pb2.Target(service="Echo", handler="y", key="..")),
            "a step in the path",
        ),
        (
            invocations_pb2.SendRequest(target=common_pb2.Target(service="Echo", handler="y", key="a\0")),
            "the key has a NUL",
        ),
        (
            invocations_pb2.SendRequest(
                target=common_pb2.Target(service="Echo", handler="y", key="x" * 17_000)
            ),
            "the key has 17000 bytes",
        ),
        (
            invocations_pb2.SendRequest(target=TARGET, headers={"a b": "c"}),
            "'a b' is not the name of a header",
        ),
        (invocations_pb2.SendRequest(target=TARGET, headers={"a": "\r\nb: c"}), "bad header a"),
        (invocations_pb2.SendRequest(target=TARGET, headers={"a": "\u00e9"}), "bad header a"),
        (
            invocations_pb2.SendRequest(target=TARGET, headers={"Content-Length": "1"}),
            "belongs to a connection",
        ),
        (invocations_pb2.SendRequest(target=TARGET, headers={"a": "x" * 13_000}), "the most is 12288"),
        (invocations_pb2.SendRequest(target=TARGET, content_type="a\nb"), "bad header content-type"),
        (invocations_pb2.SendRequest(target=TARGET, idempotency_key=" "), "the idempotency key is empty"),
        (
            invocations_pb2.SendRequest(target=TARGET, delay=Duration(seconds=2**63 - 1)),
            "ends after the year 9999",
        ),
        (invocations_pb2.SendRequest(target=TARGET, delay=Duration(seconds=-1)), "is negative"),
        (invocations_pb2.SendRequest(target=TARGET, delay=Duration(nanos=2**31 - 1)), "is not a duration"),
    ],
)
async def test_what_cannot_succeed_is_invalid(
    control: ControlClient, request_: invocations_pb2.SendRequest, text: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await control.invocations.Send(request_)

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert text in str(caught.value.details())


@pytest.mark.parametrize(
    "interval",
    [Duration(seconds=2**63 - 1), Duration(seconds=-1), Duration(nanos=2**31 - 1), Duration(seconds=86_401)],
)
async def test_watches_have_an_interval_that_is_one(control: ControlClient, interval: Duration) -> None:
    for stream in (
        control.awakeables.Watch(awakeables_pb2.WatchAwakeablesRequest(interval=interval)),
        control.invocations.Watch(
            invocations_pb2.WatchInvocationRequest(invocation_id=STRANGER, interval=interval)
        ),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_what_is_not_a_message_is_invalid(control: ControlClient) -> None:
    channel: Any = control._channel
    for data in (b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\x0f"):
        call = channel.unary_unary("/awaken.control.v1.Awakeables/Get")
        with pytest.raises(grpc.aio.AioRpcError, match="are not the message of this method") as caught:
            await call(data)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_lists_fit_into_what_any_client_takes(harness: Harness) -> None:
    keys = {f"{number:03}" * 20_000 for number in range(100)}  # 6 MB
    for key in keys:
        target = Target("Counter", "add_then_wait", key)
        await harness.runtime.send(InvocationRequest(target, b"1", [("content-type", "application/json")]))
    await harness.until_waiting(len(keys))
    server = await start_control_server(harness.runtime)
    listed = {"awakeables": set[str](), "invocations": set[str]()}

    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        client = ControlClient(channel)
        for name, request in (
            ("awakeables", awakeables_pb2.ListAwakeablesRequest()),
            ("invocations", invocations_pb2.ListInvocationsRequest()),
        ):
            while True:
                page = await getattr(client, name).List(request)
                listed[name] |= {one.target.key for one in getattr(page, name)}
                request.page_token = page.next_page_token
                if not page.next_page_token:
                    break

    assert listed == {"awakeables": keys, "invocations": keys}
    await server.close(0)
