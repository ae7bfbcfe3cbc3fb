"""The gRPC control plane in front of a runtime, from a client made from the `.proto` files."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import httpx
import pytest
import trustme
from awaken import _core
from awaken.approvals import ApprovalFacts, Via
from awaken.control.answering import Answerer, answer_question
from awaken.control.client import SyncControlClient, connect_control_sync
from awaken.control.remote import connect_runtime
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tests.e2e.gateway import Gateway
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

UNKNOWN_INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
COMPLETION = awakeables_pb2.CompletionResponse
STATE = awakeables_pb2.Awakeable


@pytest.fixture(scope="session")
def gateway(lane: Lane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One in front of each lane."""
    with Gateway(lane, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def control(gateway: Gateway) -> Iterator[SyncControlClient]:
    with connect_control_sync(gateway.address) as control:
        yield control


def suspended(lane: Lane, effects: Effects) -> tuple[str, str]:
    """Return invocation and awakeable of a handler that the runtime knows to wait."""
    invocation = lane.client.send("Awaiting/tagged", effects.path)
    awakeable = effects.wait_for_one("id").split()[1]
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation, awakeable


def code_of(error: pytest.ExceptionInfo[grpc.RpcError]) -> grpc.StatusCode:
    code: grpc.StatusCode = error.value.code()
    return code


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.lanes("h2-v7-suspending")
def test_value_of_a_callback_is_checked_against_its_type_where_that_is_known(
    lane: Lane, effects: Effects, tmp_path: Path, *, is_known: bool
) -> None:
    invocation = lane.client.send("Callbacks/decide", effects.path)
    awakeable = effects.wait_for_one("link").split()[0]
    lane.client.wait_for_status(invocation, lane.waiting)
    types = ("--types", "tests.e2e.services.callbacks") if is_known else ()

    with Gateway(lane, tmp_path, *types) as gateway, connect_control_sync(gateway.address) as control:
        wrong = b'{"approved": true}' if is_known else b"not JSON"
        with pytest.raises(grpc.RpcError) as refused:
            control.resolve(awakeable, wrong)
        control.resolve(awakeable, b'{"approved": true, "amount": 3, "cost": "office"}')

    assert code_of(refused) is grpc.StatusCode.INVALID_ARGUMENT
    assert "does not fit its declared type" in str(refused.value)
    assert lane.client.attach(invocation) == "True 3 office "


@pytest.mark.lanes("h2-v7-suspending")
def test_id_of_an_approval_takes_every_answer(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    facts = ApprovalFacts(5, quorum=2, approvers=("ann", "bob"), not_by=("carl",), verdict_field="$")
    asked = {"effects": effects.path, "facts": facts.write(), "type": "bool"}
    invocation = lane.client.send("Asking/ask", asked)
    question = effects.wait_for_one("asked")
    lane.client.wait_for_status(invocation, lane.waiting)

    with pytest.raises(grpc.RpcError) as wrong:
        control.resolve(question, b"3")
    first = control.resolve(question, b"true")
    with pytest.raises(grpc.RpcError) as second:
        control.resolve(question, b"true")
    found = eventually(
        lambda: control.get_awakeable(question), lambda one: one.approval.answers == 1, what="one answer"
    )
    answer_as(lane, question, "ann")
    decided = lane.client.attach(invocation)
    with pytest.raises(grpc.RpcError) as late:
        control.reject(question, "no")

    assert code_of(wrong) is grpc.StatusCode.INVALID_ARGUMENT
    assert (first.outcome, first.missing_approvals) == (COMPLETION.OUTCOME_APPLIED, 1)
    assert (found.question_id, list(found.approval.approvers)) == (question, ["ann", "bob"])
    assert (found.approval.quorum, list(found.approval.not_by)) == (2, ["carl"])
    assert [code_of(one) for one in (second, late)] == [grpc.StatusCode.ALREADY_EXISTS] * 2
    assert "Somebody unknown has answered already" in str(second.value)
    assert "decided already, by ann" in str(late.value)
    assert decided == {"decided": True, "by": [None, "ann"]}


def answer_as(lane: Lane, awakeable: str, person: str) -> None:
    """Answer an approval with a yes, as a door does that knows who answers."""

    async def answer() -> None:
        runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
        answerer = Answerer(person, (), Via.INBOX, time.time_ns() // 1_000_000)
        assert (await answer_question(runtime, awakeable, b"true", answerer)).is_applied
        await runtime.close()

    asyncio.run(answer())


def test_resolution_is_applied_once(lane: Lane, control: SyncControlClient, effects: Effects) -> None:
    invocation, awakeable = suspended(lane, effects)

    first = control.resolve(awakeable, b'"yes"')
    with pytest.raises(grpc.RpcError) as second:
        control.resolve(awakeable, b'"no"')

    assert first.outcome == COMPLETION.OUTCOME_APPLIED
    assert code_of(second) == grpc.StatusCode.ALREADY_EXISTS
    assert lane.client.attach(invocation) == "yes"


def test_rejection_reaches_the_handler(lane: Lane, control: SyncControlClient, effects: Effects) -> None:
    invocation, awakeable = suspended(lane, effects)

    answer = control.reject(awakeable, "no budget")

    assert answer.outcome == COMPLETION.OUTCOME_APPLIED
    assert lane.client.failure(invocation).message == "no budget"


def test_of_many_concurrent_resolutions_one_wins_and_all_know(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    invocation, awakeable = suspended(lane, effects)

    def resolve(number: int) -> grpc.StatusCode:
        try:
            control.resolve(awakeable, str(number).encode())
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    with ThreadPoolExecutor(16) as threads:
        codes = list(threads.map(resolve, range(100)))

    assert codes.count(grpc.StatusCode.OK) == 1
    assert codes.count(grpc.StatusCode.ALREADY_EXISTS) == 99
    assert codes.index(grpc.StatusCode.OK) == lane.client.attach(invocation)


@pytest.mark.parametrize(
    ("awakeable", "expected"),
    [
        ("garbage", grpc.StatusCode.INVALID_ARGUMENT),
        ("", grpc.StatusCode.INVALID_ARGUMENT),
        ("prom_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ", grpc.StatusCode.INVALID_ARGUMENT),
        (
            _core.format_awakeable_id(_core.parse_invocation_id(UNKNOWN_INVOCATION), 1),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (
            _core.format_awakeable_id(_core.parse_invocation_id(UNKNOWN_INVOCATION), 17),
            grpc.StatusCode.NOT_FOUND,
        ),
    ],
)
def test_what_cannot_be_resolved_says_why(
    control: SyncControlClient, awakeable: str, expected: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        control.resolve(awakeable, b"1")

    assert code_of(error) == expected


def test_resolution_after_the_end_is_refused(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    invocation, _ = suspended(lane, effects)
    lane.client.kill(invocation)
    lane.client.wait_for_status(invocation, ("completed",))
    other = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 40)

    with pytest.raises(grpc.RpcError) as error:
        control.resolve(other, b"1")

    assert code_of(error) == grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.lanes("h2-v7-suspending")
def test_pending_awakeables_are_listed_watched_and_gone(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    invocation, awakeable = suspended(lane, effects)
    watching = control.awakeables.Watch(
        awakeables_pb2.WatchAwakeablesRequest(service="Awaiting", interval=Duration(nanos=100_000_000)),
        timeout=20,
    )
    seen = next(event for event in watching if event.awakeable.id == awakeable)

    listed = {one.id: one for one in control.pending_awakeables("Awaiting")}[awakeable]
    before = control.get_awakeable(awakeable).state
    control.resolve(awakeable, b'"done"')
    gone = next(event for event in watching if event.awakeable.id == awakeable)
    watching.cancel()

    assert (listed.target.handler, listed.invocation_id, before) == (
        "tagged",
        invocation,
        STATE.STATE_PENDING,
    )
    assert seen.kind == awakeables_pb2.AwakeableEvent.KIND_PENDING
    assert gone.kind == awakeables_pb2.AwakeableEvent.KIND_GONE
    assert control.get_awakeable(awakeable).state == STATE.STATE_COMPLETED


@pytest.mark.lanes("h2-v7-suspending")
def test_pending_callbacks_tell_what_they_are_for(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    before = time.time()
    invocation = lane.client.send("Callbacks/decide", effects.path)
    awakeable = effects.wait_for_one("link").split()[0]
    lane.client.wait_for_status(invocation, lane.waiting)
    after = time.time()

    listed = {one.id: one for one in control.pending_awakeables("Callbacks")}[awakeable]

    assert listed == control.get_awakeable(awakeable)
    assert (listed.invocation_id, listed.target.handler) == (invocation, "decide")
    assert (listed.name, dict(listed.labels)) == ("approve <b>now</b>", {"team": "red"})
    assert listed.type_name == "tests.e2e.services.callbacks:Decision"
    # A server does not report since when a handler awaits it, but when the callback was created, a run earlier.
    assert before - 1 < listed.since.ToMilliseconds() / 1000 < after + 1
    days = (listed.expires_at.ToMilliseconds() - listed.since.ToMilliseconds()) / 86_400_000
    assert days == pytest.approx(30, abs=0.01)


def test_invocations_are_called_sent_and_attached(lane: Lane, control: SyncControlClient) -> None:
    called = control.invoke("Greeter", "greet", b'"Ada"')
    target = common_pb2.Target(service="Greeter", handler="greet")
    request = invocations_pb2.SendRequest(target=target, body=b'"Ada"', idempotency_key=called.invocation_id)
    first, again = (control.invocations.Send(request) for _ in range(2))
    attached = control.attach(first.invocation_id)

    assert called.value == attached.value
    assert (first.is_new, again.is_new) == (True, False)
    assert first.invocation_id == again.invocation_id


def test_failures_of_handlers_are_results(control: SyncControlClient) -> None:
    answer = control.invoke("Greeter", "refuse", b'"Ada"')

    assert answer.WhichOneof("result") == "failure"
    assert answer.failure.code != 0


@pytest.mark.parametrize(
    ("service", "handler", "expected"),
    [
        ("Nobody", "greet", grpc.StatusCode.NOT_FOUND),
        ("Greeter", "nothing", grpc.StatusCode.NOT_FOUND),
        ("Gre/eter", "greet", grpc.StatusCode.INVALID_ARGUMENT),
        ("", "", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_unknown_targets_are_not_found(
    control: SyncControlClient, service: str, handler: str, expected: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.RpcError) as error:
        control.invoke(service, handler, b'"x"')

    assert code_of(error) == expected


def test_invocation_is_watched_to_its_end(lane: Lane, control: SyncControlClient, effects: Effects) -> None:
    invocation, awakeable = suspended(lane, effects)
    watching = control.invocations.Watch(
        invocations_pb2.WatchInvocationRequest(invocation_id=invocation), timeout=20
    )
    first = next(watching)
    control.resolve(awakeable, b"1")

    events = [first, *watching]

    names = [event.entry.entry_type for event in events if event.HasField("entry")]
    statuses = [event.invocation.status for event in events if event.HasField("invocation")]
    assert names[:2] == ["Command: Input", "Command: Run"]
    assert names[-1] == "Command: Output"
    assert statuses[-1] == "completed"
    with pytest.raises(grpc.RpcError) as error:
        control.invocations.Cancel(invocations_pb2.CancelRequest(invocation_id=invocation))
    assert code_of(error) == grpc.StatusCode.FAILED_PRECONDITION


def test_invocations_are_looked_at_and_ended(
    lane: Lane, control: SyncControlClient, effects: Effects
) -> None:
    invocation, _ = suspended(lane, effects)
    listed = control.invocations.List(
        invocations_pb2.ListInvocationsRequest(service="Awaiting", statuses=list(lane.waiting))
    )
    with pytest.raises(grpc.RpcError) as not_yet:
        control.invocations.GetOutput(invocations_pb2.GetOutputRequest(invocation_id=invocation))

    control.invocations.Kill(invocations_pb2.KillRequest(invocation_id=invocation))

    result = control.attach(invocation)
    found = control.invocations.Get(invocations_pb2.GetInvocationRequest(invocation_id=invocation))
    assert invocation in [one.id for one in listed.invocations]
    assert code_of(not_yet) == grpc.StatusCode.FAILED_PRECONDITION
    assert (result.failure.code, result.failure.message) == (409, "killed")
    assert (found.status, found.completion_result) == ("completed", "failure")


def test_deadlines_are_kept(lane: Lane, control: SyncControlClient, effects: Effects) -> None:
    invocation, _ = suspended(lane, effects)

    with pytest.raises(grpc.RpcError) as error:
        control.attach(invocation, timeout=0.3)

    assert code_of(error) == grpc.StatusCode.DEADLINE_EXCEEDED


def test_health_and_reflection_are_served(gateway: Gateway) -> None:
    with grpc.insecure_channel(gateway.address) as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        services = ProtoReflectionDescriptorDatabase(channel).get_services()

    assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert {"awaken.control.v1.Awakeables", "awaken.control.v1.Invocations"} <= set(services)


def test_tokens_allow_their_group_of_methods(lane: Lane, tmp_path: Path, effects: Effects) -> None:
    _, awakeable = suspended(lane, effects)
    tokens = ("--token", "complete:c0ffee", "--token", "read:5eed")
    with Gateway(lane, tmp_path, *tokens) as gateway:
        codes = []
        for token in (None, "wrong", "5eed", "c0ffee"):
            with connect_control_sync(gateway.address, token=token) as control:
                try:
                    control.resolve(awakeable, b"1")
                    codes.append(grpc.StatusCode.OK)
                except grpc.RpcError as error:
                    codes.append(error.code())
        status = gateway.stop()

    unauthenticated = grpc.StatusCode.UNAUTHENTICATED
    denied = grpc.StatusCode.PERMISSION_DENIED
    assert codes == [unauthenticated, unauthenticated, denied, grpc.StatusCode.OK]
    assert status == 0


def test_tls_is_mutual_when_clients_have_to_show_a_certificate(lane: Lane, tmp_path: Path) -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1", "localhost"), authority.issue_cert("me@example.org")
    files = {name: tmp_path / f"{name}.pem" for name in ("cert", "key", "roots")}
    files["cert"].write_bytes(server.cert_chain_pems[0].bytes())
    files["key"].write_bytes(server.private_key_pem.bytes())
    authority.cert_pem.write_to_path(files["roots"])
    options = ("--tls-cert", files["cert"], "--tls-key", files["key"], "--tls-client-ca", files["roots"])
    with Gateway(lane, tmp_path, *map(str, options)) as gateway:
        roots = authority.cert_pem.bytes()
        shown = grpc.ssl_channel_credentials(
            roots, client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes()
        )
        with connect_control_sync(gateway.address, tls=shown) as control:
            answer = control.invoke("Greeter", "greet", b'"Ada"', timeout=10)
        with (
            connect_control_sync(gateway.address, tls=grpc.ssl_channel_credentials(roots)) as control,
            pytest.raises(grpc.RpcError) as refused,
        ):
            control.invoke("Greeter", "greet", b'"Ada"', timeout=10)

    assert answer.value
    assert code_of(refused) == grpc.StatusCode.UNAVAILABLE


def test_without_grpc_the_inbox_is_served_alone(lane: Lane, tmp_path: Path) -> None:
    with Gateway(lane, tmp_path, "--grpc", "off", "--inbox", "127.0.0.1:0") as gateway:
        page = httpx.get(gateway.inbox)
        status = gateway.stop()

    assert gateway.address == ""
    assert (page.status_code, status) == (200, 0)
