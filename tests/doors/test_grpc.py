"""The gRPC control plane under callers that wait, leave, or send what makes no sense."""

from __future__ import annotations

import resource
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from awaken import _core
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    common_pb2,
    invocations_pb2,
    invocations_pb2_grpc,
)
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.e2e.gateway import Gateway
from tests.e2e.processes import free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import ServerWithEndpoint, Setup
    from tests.e2e.lanes import Lane

#: Calls that stay open.
MANY = 1000
#: Files that a process may open; 1,024 are usual.
FEW_FILES = 256
#: For answers that others may not delay.
PATIENCE_S = 20
WAIT = common_pb2.Target(service="Waiting", handler="wait")
GREET = common_pb2.Target(service="Greeter", handler="greet")


class Stubs:
    """Everything that can be called on one connection."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.awakeables: Any = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        self.invocations: Any = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]
        self.health: Any = health_pb2_grpc.HealthStub(channel)

    def send(self, target: common_pb2.Target, body: bytes = b"") -> str:
        request = invocations_pb2.SendRequest(target=target, body=body)
        return str(self.invocations.Send(request, timeout=PATIENCE_S).invocation_id)

    def resolve(self, invocation_id: str, value: bytes) -> None:
        """Resolve the first awakeable of an invocation, once its handler runs."""
        awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), 17)
        request = awakeables_pb2.ResolveRequest(id=awakeable, value=value)

        def is_resolved() -> bool:
            try:
                self.awakeables.Resolve(request, timeout=PATIENCE_S)
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND):
                    return False
                raise
            return True

        eventually(is_resolved, what=f"the resolution of {awakeable}")

    def check_health(self) -> None:
        answer = self.health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_S)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


@contextmanager
def connect(address: str, **options: int) -> Iterator[Stubs]:
    """Connect; gRPC shares the connections of channels with equal options."""
    with grpc.insecure_channel(address, options=list(options.items())) as channel:
        yield Stubs(channel)


def test_callers_that_wait_keep_no_one_from_what_they_wait_for(doors: Setup) -> None:
    with connect(doors.grpc) as stubs, connect(doors.grpc, other=1) as others:
        awaited = others.send(WAIT)
        attached = [
            stubs.invocations.Attach.future(invocations_pb2.AttachRequest(invocation_id=awaited))
            for _ in range(MANY)
        ]
        others.check_health()

        others.resolve(awaited, b'"there"')

        assert {future.result(timeout=PATIENCE_S).value for future in attached} == {b'"there"'}


def test_callers_that_leave_hold_nothing(doors: Setup) -> None:
    with connect(doors.grpc) as others:
        for round_number in range(3):
            with connect(doors.grpc, other=2 + round_number) as stubs:
                awaited = others.send(WAIT)
                request = invocations_pb2.AttachRequest(invocation_id=awaited)
                calls = [stubs.invocations.Attach.future(request) for _ in range(MANY)]
                for call in calls[: MANY // 2]:
                    call.cancel()
            # The other half has left with its connection.
            others.resolve(awaited, b"1")
            answer = others.invocations.Attach(request, timeout=PATIENCE_S)
            assert answer.value == b"1"


# A server with default settings learns only after a minute what its handlers wait for.
@pytest.mark.on("dev", "runtime")
def test_those_who_watch_awakeables_starve_no_one(doors: Setup) -> None:
    with connect(doors.grpc, other=9) as stubs, connect(doors.grpc) as others:
        request = awakeables_pb2.WatchAwakeablesRequest(service="Keeper")
        streams = [stubs.awakeables.Watch(request) for _ in range(MANY)]

        awaited = others.send(common_pb2.Target(service="Keeper", handler="hold", key="watched"))

        seen = [next(stream) for stream in streams]
        kinds = awakeables_pb2.AwakeableEvent
        assert {(one.kind, one.awakeable.invocation_id) for one in seen} == {(kinds.KIND_PENDING, awaited)}
        others.check_health()
        others.resolve(awaited, b"1")
        assert {next(stream).kind for stream in streams} == {kinds.KIND_GONE}


def test_those_who_watch_invocations_starve_no_one(doors: Setup) -> None:
    with connect(doors.grpc, other=10) as stubs, connect(doors.grpc) as others:
        watched = [others.send(WAIT) for _ in range(10)]
        streams = [
            stubs.invocations.Watch(
                invocations_pb2.WatchInvocationRequest(invocation_id=watched[number % 10])
            )
            for number in range(MANY)
        ]
        assert {next(stream).entry.entry_type for stream in streams} == {"Command: Input"}
        others.check_health()

        for invocation_id in watched:
            others.resolve(invocation_id, b"1")

        ends = [list(stream)[-1] for stream in streams]
        assert {end.invocation.status for end in ends} == {"completed"}


@pytest.mark.usefixtures("server")  # starts before the limit is there
@pytest.mark.parametrize("kind", ["dev", "gateway"])
def test_callers_that_wait_need_few_files(open_doors: OpenDoors, kind: str) -> None:
    with ExitStack() as stack:
        with few_files():
            doors = stack.enter_context(open_doors(kind))
        stubs, others = (
            stack.enter_context(connect(doors.grpc)),
            stack.enter_context(connect(doors.grpc, other=1)),
        )
        awaited = others.send(WAIT)
        request = invocations_pb2.AttachRequest(invocation_id=awaited)

        attached = [stubs.invocations.Attach.future(request) for _ in range(MANY)]
        others.resolve(awaited, b"1")

        assert {future.result(timeout=PATIENCE_S).value for future in attached} == {b"1"}


@contextmanager
def few_files() -> Iterator[None]:
    """Let processes that are started meanwhile open few files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_FILES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_gateway_goes_on_without_a_node(server: ServerWithEndpoint, tmp_path: Path, is_first: bool) -> None:
    urls = (beside_a_dead_one(url, is_first=is_first) for url in (server.ingress_url, server.admin_url))
    runtime = SimpleNamespace(**dict(zip(("ingress_url", "admin_url"), urls, strict=True)))

    with (
        Gateway(cast("Lane", SimpleNamespace(runtime=runtime)), tmp_path) as gateway,
        connect(gateway.address) as stubs,
    ):
        invoked = invocations_pb2.InvokeRequest(target=GREET, body=b'"you"')
        assert stubs.invocations.Invoke(invoked, timeout=PATIENCE_S).value == b'"hello you"'
        awaited = stubs.send(WAIT)
        stubs.resolve(awaited, b"7")
        attached = invocations_pb2.AttachRequest(invocation_id=awaited)
        assert stubs.invocations.Attach(attached, timeout=PATIENCE_S).value == b"7"
        assert stubs.invocations.List(
            invocations_pb2.ListInvocationsRequest(), timeout=PATIENCE_S
        ).invocations


def beside_a_dead_one(url: str, *, is_first: bool) -> str:
    """Return two addresses, of which nothing listens on one."""
    dead = f"http://127.0.0.1:{free_port()}"
    return f"{dead},{url}" if is_first else f"{url},{dead}"
