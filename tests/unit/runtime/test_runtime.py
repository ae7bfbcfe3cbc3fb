from __future__ import annotations

import json

import pytest
from awaken import _core
from awaken.control.errors import AlreadyInvokedError, NotFoundError, NotReadyError
from awaken.outcomes import AwakeableOutcome
from awaken.runtime.errors import RuntimeClosedError

from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of, request


async def test_call_returns_what_the_handler_returned(harness: Harness) -> None:
    assert await harness.call("Echo/echo", "hello") == "hello"


async def test_runs_are_stored_and_answered(harness: Harness) -> None:
    assert await harness.call("Echo/runs", 3) == [0, 1, 2]


async def test_terminal_error_reaches_the_caller(harness: Harness) -> None:
    with pytest.raises(InvocationFailed) as raised:
        await harness.call("Echo/refuse")

    failure = raised.value.failure
    assert (failure.code, failure.message, dict(failure.metadata)) == (418, "teapot", {"k": "v"})


async def test_sleep_ends_when_it_is_due(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/nap", 30_000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])

    harness.advance(29_000)
    assert harness.status(invocation_id) == "running"
    harness.advance(1_000)

    assert await harness.result(invocation_id) == "rested"


async def test_handler_calls_handler(harness: Harness) -> None:
    assert await harness.call("Echo/call_echo", "there and back") == "there and back"


async def test_resolving_an_awakeable_tells_what_became_of_it(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    awakeable = awakeable_of(invocation_id)
    await harness.until(lambda: len(harness.runtime.pending_awakeables()) == 1)
    assert harness.runtime.pending_awakeables()[0].awakeable_id == awakeable

    first = await harness.runtime.resolve_awakeable(awakeable, b'"yes"')
    second = await harness.runtime.resolve_awakeable(awakeable, b'"no"')

    assert (first, second) == (AwakeableOutcome.APPLIED, AwakeableOutcome.ALREADY_COMPLETED)
    assert await harness.result(invocation_id) == "yes"
    assert not harness.runtime.pending_awakeables()
    late = await harness.runtime.resolve_awakeable(awakeable, b'"late"')
    assert late is AwakeableOutcome.ALREADY_COMPLETED


async def test_resolving_after_the_end_finds_it_gone(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.runtime.kill(invocation_id)

    outcome = await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"late"')

    assert outcome is AwakeableOutcome.GONE


async def test_resolving_what_is_unknown(harness: Harness) -> None:
    stranger = _core.format_invocation_id(bytes(24))

    unknown = await harness.runtime.resolve_awakeable(awakeable_of(stranger), b"1")
    no_awakeable = await harness.runtime.resolve_awakeable(awakeable_of(stranger, 3), b"1")

    assert unknown is AwakeableOutcome.UNKNOWN
    assert no_awakeable is AwakeableOutcome.INVALID


async def test_awakeable_may_be_resolved_before_it_is_made(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"early"')

    assert await harness.result(invocation_id) == "early"


async def test_handler_resolves_awakeable_of_another_one(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")

    await harness.call("Echo/resolve", awakeable_of(invocation_id))

    assert await harness.result(invocation_id) == "from a handler"


async def test_signal_one_cancels(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    await harness.until(lambda: len(harness.runtime.pending_awakeables()) == 1)

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, 1), b"")

    with pytest.raises(InvocationFailed, match="cancelled"):
        await harness.result(invocation_id)


async def test_object_keeps_state_by_key(harness: Harness) -> None:
    assert await harness.call("Counter/a/add", 3) == 3
    assert await harness.call("Counter/a/add", 4) == 7
    assert await harness.call("Counter/b/add", 1) == 1
    assert await harness.call("Counter/a/total") == 7


async def test_idempotent_requests_are_one_invocation(harness: Harness) -> None:
    first = await harness.runtime.call(request("Counter/a/add", 1, idempotency_key="k"))
    second = await harness.runtime.call(request("Counter/a/add", 1, idempotency_key="k"))
    third = await harness.runtime.send(request("Counter/a/add", 1, idempotency_key="k"))

    assert first.invocation_id == second.invocation_id == third.invocation_id
    assert not third.is_new
    assert first.expires_at_ms is None
    assert second.expires_at_ms == harness.now_ms() + 86_400_000
    assert await harness.call("Counter/a/total") == 1


async def test_workflow_runs_once(harness: Harness) -> None:
    run = await harness.send("Approval/w/run")
    with pytest.raises(AlreadyInvokedError) as raised:
        await harness.call("Approval/w/run")
    again = await harness.runtime.send(request("Approval/w/run"))

    assert raised.value.invocation_id == run
    assert (again.invocation_id, again.is_new) == (run, False)
    assert await harness.call("Approval/w/peek") is None
    await harness.call("Approval/w/decide", "granted")
    assert await harness.result(run) == "granted"
    assert await harness.call("Approval/w/peek") == "granted"


async def test_promise_takes_one_result(harness: Harness) -> None:
    await harness.call("Approval/w/decide", "granted")

    with pytest.raises(InvocationFailed, match="promise was already completed") as raised:
        await harness.call("Approval/w/decide", "refused")

    assert raised.value.failure.code == 409
    assert await harness.call("Approval/w/run") == "granted"


async def test_output_and_attach(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    with pytest.raises(NotReadyError):
        await harness.runtime.output(invocation_id)

    attached = await harness.send("Echo/attach", invocation_id)
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"done"')

    assert await harness.result(attached) == "done"
    completion = await harness.runtime.output(invocation_id)
    assert completion.expires_at_ms is not None
    with pytest.raises(NotFoundError):
        await harness.runtime.attach(_core.format_invocation_id(bytes(24)))


async def test_attaching_to_what_is_unknown_fails_with_404(harness: Harness) -> None:
    with pytest.raises(InvocationFailed, match="not found") as raised:
        await harness.call("Echo/attach", _core.format_invocation_id(bytes(24)))

    assert raised.value.failure.code == 404


async def test_delayed_send_waits_for_its_time(harness: Harness) -> None:
    at = harness.now_ms() + 60_000

    accepted = await harness.runtime.send(request("Echo/echo", "later", delay_ms=60_000))
    assert accepted.execution_time_ms == at
    assert harness.status(accepted.invocation_id) == "scheduled"
    harness.advance(60_000)

    assert await harness.result(accepted.invocation_id) == "later"


async def test_deployment_is_pinned_with_the_first_command(harness: Harness) -> None:
    waiting = await harness.send("Echo/wait")
    await harness.until(lambda: len(harness.runtime.pending_awakeables()) == 1)
    assert harness.rows("SELECT deployment_id FROM invocation WHERE id = ?", waiting) == [(None,)]

    napping = await harness.send("Echo/nap", 1000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])

    (pinned,) = harness.rows("SELECT deployment_id, protocol_version FROM invocation WHERE id = ?", napping)
    assert pinned == (harness.deployments.records()[0].deployment_id, _core.MAX_PROTOCOL_VERSION)


async def test_request_before_start_and_after_stop_is_refused(harness: Harness) -> None:
    waiting = await harness.send("Echo/wait")
    await harness.stop()

    with pytest.raises(RuntimeClosedError):
        await harness.call("Echo/echo", "too late")

    await harness.start()
    await harness.runtime.resolve_awakeable(awakeable_of(waiting), json.dumps("after all").encode())
    assert await harness.result(waiting) == "after all"
