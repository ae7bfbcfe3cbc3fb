"""The one interface of a runtime: in its own process and over HTTP it does the same, and refuses the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from awaken import _core
from awaken.control.errors import (
    AlreadyInvokedError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    NotReadyError,
    OperationError,
    TooEarlyError,
    TooLargeError,
)
from awaken.control.operations import AwakeableState, Change, Failure, Operations, Success
from awaken.control.reads import find_awakeable, find_invocation, list_entries, list_invocations
from awaken.control.remote import connect_runtime
from awaken.errors import InvalidIdError
from awaken.hosting.runtime_server import RuntimeServer
from awaken.outcomes import LAST_AWAKEABLE, AwakeableOutcome
from awaken.runtime.admin import Admin
from awaken.runtime.admission import MAX_BODY_SIZE
from awaken.runtime.ingress import Ingress

from tests.unit.control.completing import complete
from tests.unit.runtime.harness import Harness, awakeable_of, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

STRANGER = _core.format_invocation_id(bytes(24))


@pytest_asyncio.fixture(params=["in this process", "over HTTP"])
async def operations(request: pytest.FixtureRequest, harness: Harness) -> AsyncIterator[Operations]:
    if request.param == "in this process":
        yield harness.runtime
        return
    anywhere = ("127.0.0.1", 0)
    server = RuntimeServer(
        Ingress(harness.runtime, harness.deployments),
        Admin(harness.runtime, harness.deployments),
        ingress_bind=anywhere,
        admin_bind=anywhere,
    )
    await server.open()
    remote = connect_runtime(server.ingress_url, server.admin_url)
    yield remote
    await remote.close()
    await server.close(0)


async def kind_of(work: Awaitable[Any]) -> type[Exception] | None:
    """Return the class of the error that an operation raises."""
    try:
        await work
    except (OperationError, InvalidIdError) as error:
        return type(error)
    return None


async def waiting(harness: Harness) -> str:
    """Return an invocation that waits for its awakeable."""
    before = len(harness.runtime.pending_awakeables())
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting(before + 1)
    return invocation_id


async def test_calls_have_results(operations: Operations) -> None:
    value = await operations.call(request("Echo/echo", "hello"))
    failure = await operations.call(request("Echo/refuse"))

    assert value.result == Success(b'"hello"')
    assert isinstance(failure.result, Failure)
    assert (failure.result.code, failure.result.metadata) == (418, {"k": "v"})


async def test_sends_are_accepted_once_for_a_key(harness: Harness, operations: Operations) -> None:
    first, again = [await operations.send(request("Echo/echo", "x", idempotency_key="k")) for _ in range(2)]
    delayed = await operations.send(request("Echo/echo", "x", delay_ms=60_000))

    assert (first.is_new, again.is_new) == (True, False)
    assert first.invocation_id == again.invocation_id
    assert (await operations.attach(first.invocation_id)).result == Success(b'"x"')
    assert harness.status(delayed.invocation_id) == "scheduled"


async def test_requests_that_do_not_fit_are_refused(harness: Harness, operations: Operations) -> None:
    await operations.send(request("Approval/w/run"))
    kinds = {
        "service": await kind_of(operations.call(request("Strangers/echo"))),
        "handler": await kind_of(operations.call(request("Echo/shout"))),
        "body": await kind_of(operations.call(request("Echo/wait", "needless"))),
        "missing key": await kind_of(operations.call(request("Counter/add", 1))),
        "second run": await kind_of(operations.call(request("Approval/w/run"))),
        "idempotent run": await kind_of(operations.call(request("Approval/v/run", idempotency_key="k"))),
        "delay": await kind_of(operations.send(request("Echo/echo", "x", delay_ms=-1))),
    }

    assert kinds == {
        "service": NotFoundError,
        "handler": NotFoundError,
        "body": InvalidRequestError,
        "missing key": InvalidRequestError,
        "second run": AlreadyInvokedError,
        "idempotent run": InvalidRequestError,
        "delay": InvalidRequestError,
    }
    assert harness.rows("SELECT count(*) FROM invocation") == [(1,)]


@pytest.mark.slow
async def test_what_is_too_large_is_refused(harness: Harness, operations: Operations) -> None:
    awakeable_id = awakeable_of(await waiting(harness))
    large = bytes(MAX_BODY_SIZE + 1)

    assert await kind_of(operations.call(request("Echo/echo", large.decode()))) is TooLargeError
    assert await kind_of(operations.resolve_awakeable(awakeable_id, large)) is TooLargeError
    failure = Failure(500, large.decode())
    assert await kind_of(operations.reject_awakeable(awakeable_id, failure)) is TooLargeError


async def test_awakeables_are_completed_once(harness: Harness, operations: Operations) -> None:
    invocation_id = await waiting(harness)
    awakeable_id = awakeable_of(invocation_id)
    pending = (await find_awakeable(operations, awakeable_id)).state

    outcomes = [
        await complete(operations, awakeable_id, b'"yes"'),
        await complete(operations, awakeable_id, Failure(500, "no")),
        await complete(operations, awakeable_of(STRANGER), b"1"),
    ]
    result = await operations.attach(invocation_id)
    late = await complete(operations, awakeable_of(invocation_id, 40), b"1")

    expected = [AwakeableOutcome.APPLIED, AwakeableOutcome.ALREADY_COMPLETED, AwakeableOutcome.UNKNOWN]
    assert (outcomes, late) == (expected, AwakeableOutcome.GONE)
    assert result.result == Success(b'"yes"')
    states = (pending, (await find_awakeable(operations, awakeable_id)).state)
    assert states == (AwakeableState.PENDING, AwakeableState.COMPLETED)


@pytest.mark.parametrize("index", [LAST_AWAKEABLE + 1, 2**32 - 1])
async def test_an_index_that_no_handler_reaches_is_unknown_and_stored_nowhere(
    harness: Harness, operations: Operations, index: int
) -> None:
    invocation_id = await waiting(harness)
    far = awakeable_of(invocation_id, index)

    outcomes = {await complete(operations, far, b"1") for _ in range(2)}

    assert outcomes == {AwakeableOutcome.UNKNOWN}
    assert await kind_of(find_awakeable(operations, far)) is NotFoundError
    assert len(await list_entries(operations, invocation_id)) == 1
    # One that a handler may be about to make keeps what comes early.
    near = awakeable_of(invocation_id, LAST_AWAKEABLE)
    assert await complete(operations, near, b"1") is AwakeableOutcome.APPLIED


async def test_invocations_are_changed(harness: Harness, operations: Operations) -> None:
    scheduled = await harness.send("Echo/echo", "x", delay_ms=60_000)
    paused, killed = await waiting(harness), await waiting(harness)

    early = await kind_of(operations.resume(scheduled))
    pausing = await operations.pause(paused)
    await harness.until_status(paused, "paused")
    resuming = await operations.resume(paused)
    not_ready = await kind_of(operations.output(killed))
    killing = await operations.kill(killed)
    again = await kind_of(operations.kill(killed))
    ended = (await operations.output(killed)).result
    forgetting = await operations.purge_journal(killed)
    purging = await operations.purge(killed)
    await operations.resolve_awakeable(awakeable_of(paused), b'"yes"')
    await operations.attach(paused)
    cancelling = await operations.cancel(scheduled)

    assert (early, not_ready, again) == (TooEarlyError, NotReadyError, ConflictError)
    assert (pausing, resuming) == (Change.REQUESTED, Change.DONE)
    assert (killing, forgetting, purging, cancelling) == (Change.DONE,) * 4
    assert isinstance(ended, Failure)
    assert ended.message == "killed"
    gone = [await kind_of(operations.attach(one)) for one in (killed, scheduled)]
    assert gone == [NotFoundError, NotFoundError]


async def test_a_completed_invocation_is_started_anew(harness: Harness, operations: Operations) -> None:
    first = await operations.call(request("Echo/echo", "hello"))

    new_id = await operations.restart_as_new(first.invocation_id)

    assert new_id != first.invocation_id
    assert (await operations.attach(new_id)).result == Success(b'"hello"')


async def test_state_is_replaced(harness: Harness, operations: Operations) -> None:
    await operations.call(request("Counter/a/add", 1))

    await operations.edit_state("Counter", "a", {"total": b"41"})
    await harness.until(lambda: harness.rows("SELECT value FROM state") == [(b"41",)])

    assert (await operations.call(request("Counter/a/add", 1))).result == Success(b"42")


async def test_unknown_and_malformed_ids_are_told_apart(operations: Operations) -> None:
    for change in (
        "cancel",
        "kill",
        "pause",
        "resume",
        "purge",
        "purge_journal",
        "restart_as_new",
        "attach",
        "output",
    ):
        operation = getattr(operations, change)

        assert (change, await kind_of(operation(STRANGER))) == (change, NotFoundError)
        assert (change, await kind_of(operation("garbage"))) == (change, InvalidIdError)
    assert await kind_of(find_invocation(operations, STRANGER)) is NotFoundError
    assert await kind_of(find_awakeable(operations, awakeable_of(STRANGER))) is NotFoundError
    assert await kind_of(operations.awakeables(invocation_id="garbage")) is InvalidIdError


async def test_invocations_are_read(harness: Harness, operations: Operations) -> None:
    completed = (await operations.call(request("Echo/echo", "hello"))).invocation_id
    harness.advance(1000)
    running = await waiting(harness)
    await harness.runtime.store.committed()

    row = await find_invocation(operations, completed)
    newest = [one["id"] for one in await list_invocations(operations)]
    chosen = [one["id"] for one in await list_invocations(operations, ["completed"], "Echo", "echo", limit=1)]
    entries = [entry["entry_type"] for entry in await list_entries(operations, completed)]

    assert (row["status"], row["completion_result"]) == ("completed", "success")
    assert (newest, chosen) == ([running, completed], [completed])
    assert entries == ["Command: Input", "Command: Output"]
    assert await kind_of(list_invocations(operations, ["asleep"])) is InvalidRequestError


async def test_attaching_waits(harness: Harness, operations: Operations) -> None:
    invocation_id = await waiting(harness)
    attached = asyncio.create_task(operations.attach(invocation_id))
    await asyncio.sleep(0)

    await operations.reject_awakeable(awakeable_of(invocation_id), Failure(500, "no"))

    result = (await attached).result
    assert isinstance(result, Failure)
    assert result.message == "no"


async def test_registered_services_are_listed(operations: Operations) -> None:
    services = await operations.services()
    deployments = await operations.deployments()
    address = await operations.ingress_address()

    echo = next(one for one in services if one.name == "Echo")
    assert (echo.kind, echo.has_keys, echo.is_public, echo.revision) == ("Service", False, True, 1)
    assert [one.name for one in echo.handlers] == sorted(one.name for one in echo.handlers)
    assert echo.find("echo") in echo.handlers
    assert echo.find("nowhere") is None
    assert echo.options["retry_policy.on_max_attempts"] in ("Pause", "Kill")
    assert [one.deployment_id for one in deployments] == [echo.deployment_id]
    assert ("Echo", 1) in deployments[0].services
    assert address.startswith("http://127.0.0.1:")
