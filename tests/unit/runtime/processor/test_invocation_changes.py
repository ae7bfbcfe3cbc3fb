from __future__ import annotations

import pytest
from awaken import _core
from awaken.control.errors import (
    ConflictError,
    GoneError,
    InvalidRequestError,
    NotFoundError,
    NotSupportedError,
    TooEarlyError,
)
from awaken.control.operations import Change

from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of


async def test_cancel_before_start_leaves_no_trace(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", "x", delay_ms=1000)

    assert await harness.runtime.cancel(invocation_id) is Change.DONE

    with pytest.raises(NotFoundError):
        await harness.runtime.output(invocation_id)
    for table in ("invocation", "journal", "timer"):
        assert harness.rows(f"SELECT * FROM {table}") == []


async def test_cancel_reaches_the_children_that_are_awaited(harness: Harness) -> None:
    parent = await harness.send("Echo/call_and_send_wait")
    await harness.until_waiting(2)

    assert await harness.runtime.cancel(parent) is Change.REQUESTED

    with pytest.raises(InvocationFailed, match="cancelled"):
        await harness.result(parent)
    (left,) = await harness.until_waiting(1)
    assert str(left.target) == "Echo/wait"
    with pytest.raises(ConflictError, match="already completed"):
        await harness.runtime.cancel(parent)


async def test_kill_ends_the_whole_family(harness: Harness) -> None:
    parent = await harness.send("Echo/call_and_send_wait")
    await harness.until_waiting(2)
    family = [row[0] for row in harness.rows("SELECT id FROM invocation")]
    assert len(family) == 4

    assert await harness.runtime.kill(parent) is Change.DONE

    for one in family:
        with pytest.raises(InvocationFailed, match="killed"):
            await harness.result(one)
    assert harness.runtime.is_idle


async def test_pause_and_resume_of_a_waiting_handler(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()

    assert await harness.runtime.pause(invocation_id) is Change.REQUESTED
    await harness.until_status(invocation_id, "paused")
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"kept"')
    assert harness.status(invocation_id) == "paused"
    await harness.runtime.resume(invocation_id)

    assert await harness.result(invocation_id) == "kept"
    with pytest.raises(ConflictError):
        await harness.runtime.pause(invocation_id)
    with pytest.raises(ConflictError):
        await harness.runtime.resume(invocation_id)


async def test_pausing_one_that_backs_off_is_answered_as_a_request(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_until", 1_000)
    await harness.until_status(invocation_id, "backing-off")

    assert await harness.runtime.pause(invocation_id) is Change.REQUESTED
    assert harness.status(invocation_id) == "paused"
    assert await harness.runtime.pause(invocation_id) is Change.DONE


async def test_cancel_wakes_a_paused_one(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    await harness.runtime.pause(invocation_id)
    await harness.until_status(invocation_id, "paused")

    await harness.runtime.cancel(invocation_id)

    with pytest.raises(InvocationFailed, match="cancelled"):
        await harness.result(invocation_id)


async def test_resume_of_one_that_has_not_started_is_too_early(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", "x", delay_ms=1000)

    with pytest.raises(TooEarlyError):
        await harness.runtime.resume(invocation_id)
    with pytest.raises(TooEarlyError):
        await harness.runtime.restart_as_new(invocation_id)
    with pytest.raises(ConflictError):
        await harness.runtime.purge(invocation_id)


async def test_purge_of_a_workflow_lets_it_run_again(harness: Harness) -> None:
    await harness.call("Approval/w/decide", "once")
    run = await harness.send("Approval/w/run")
    assert await harness.result(run) == "once"

    await harness.runtime.purge(run)
    with pytest.raises(NotFoundError):
        await harness.runtime.output(run)
    again = await harness.send("Approval/w/run")

    assert again == run
    await harness.call("Approval/w/decide", "twice")
    assert await harness.result(again) == "twice"


async def test_purged_journal_keeps_the_result(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/runs", 2)
    await harness.result(invocation_id)

    await harness.runtime.purge_journal(invocation_id)

    assert harness.rows("SELECT * FROM journal") == []
    assert await harness.result(invocation_id) == [0, 1]
    with pytest.raises(GoneError):
        await harness.runtime.restart_as_new(invocation_id)


async def test_restart_as_new_runs_again(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/runs", 2)
    await harness.result(invocation_id)

    whole = await harness.runtime.restart_as_new(invocation_id)
    # Input, Run, its result: the second run is done again.
    part = await harness.runtime.restart_as_new(invocation_id, keep_entries=3)

    assert len({invocation_id, whole, part}) == 3
    assert await harness.result(whole) == await harness.result(part) == [0, 1]
    with pytest.raises(InvalidRequestError, match="prefix"):
        await harness.runtime.restart_as_new(invocation_id, keep_entries=99)


async def test_restart_as_new_keeps_the_completions_of_commands_that_it_keeps(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/runs", 2)
    await harness.result(invocation_id)

    part = await harness.runtime.restart_as_new(invocation_id, keep_entries=2)

    assert await harness.result(part) == [0, 1]
    kept, original = (
        harness.rows(
            "SELECT payload FROM journal WHERE invocation = (SELECT seq FROM invocation WHERE id = ?) AND idx < 3 "
            "ORDER BY idx",
            each,
        )
        for each in (part, invocation_id)
    )
    assert kept == original


@pytest.mark.parametrize("size", [5, 100_000])
async def test_restart_as_new_that_keeps_the_whole_journal_has_its_result(
    harness: Harness, size: int
) -> None:
    invocation_id = await harness.send("Echo/call_echo", "x" * size)
    assert await harness.result(invocation_id) == "x" * size
    ((count,),) = harness.rows("SELECT count(*) FROM journal WHERE invocation = 1")

    copy = await harness.runtime.restart_as_new(invocation_id, keep_entries=count)

    assert await harness.result(copy) == "x" * size


async def test_restart_as_new_that_keeps_the_whole_journal_has_its_failure(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/refuse")
    with pytest.raises(InvocationFailed, match="teapot"):
        await harness.result(invocation_id)

    copy = await harness.runtime.restart_as_new(invocation_id, keep_entries=2)

    with pytest.raises(InvocationFailed) as raised:
        await harness.result(copy)
    failure = raised.value.failure
    assert (failure.code, failure.message, dict(failure.metadata)) == (418, "teapot", {"k": "v"})


async def test_restart_as_new_refuses_a_command_without_completion(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/nap", 60_000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])
    await harness.runtime.kill(invocation_id)

    with pytest.raises(InvalidRequestError, match="prefix"):
        await harness.runtime.restart_as_new(invocation_id, keep_entries=2)
    assert await harness.runtime.restart_as_new(invocation_id, keep_entries=1)


async def test_workflows_are_not_restarted(harness: Harness) -> None:
    await harness.call("Approval/w/decide", "once")
    run = await harness.send("Approval/w/run")
    await harness.result(run)

    with pytest.raises(NotSupportedError, match=f"'{run}' is not supported"):
        await harness.runtime.restart_as_new(run)
    await harness.runtime.purge_journal(run)
    with pytest.raises(GoneError):
        await harness.runtime.restart_as_new(run)


async def test_what_is_unknown_is_not_found(harness: Harness) -> None:
    stranger = _core.format_invocation_id(bytes(24))
    runtime = harness.runtime

    for operation in (runtime.cancel, runtime.kill, runtime.pause, runtime.resume, runtime.purge):
        with pytest.raises(NotFoundError):
            await operation(stranger)
    with pytest.raises(NotFoundError):
        runtime.invocation(stranger)


async def test_expired_results_are_thrown_away(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/echo", "x")
    await harness.result(invocation_id)

    harness.advance(86_400_000 - 1)
    assert await harness.result(invocation_id) == "x"
    harness.advance(3_600_001)

    await harness.until(lambda: harness.rows("SELECT * FROM invocation") == [])
    assert harness.rows("SELECT * FROM journal") == []
