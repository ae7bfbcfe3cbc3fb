from __future__ import annotations

from functools import partial

import pytest
from awaken.control.operations import Change
from awaken.runtime.processor.retries import delay_before_retry_ms
from awaken.runtime.schema import RetryPolicy

from tests.unit.runtime.harness import Harness, InvocationFailed
from tests.unit.runtime.services import ENTERED


def has_entered(name: str, times: int) -> bool:
    return ENTERED[name] == times


@pytest.fixture(autouse=True)
def nothing_entered() -> None:
    ENTERED.clear()


def test_delays_grow_to_the_longest() -> None:
    policy = RetryPolicy(initial_interval_ms=500, exponentiation_factor=2.0, max_interval_ms=60_000)

    delays = [delay_before_retry_ms(policy, failures, 0.0) for failures in (1, 2, 3, 7, 8, 10_000)]

    assert delays == [500, 1000, 2000, 32_000, 60_000, 60_000]


def test_jitter_adds_at_most_a_third() -> None:
    policy = RetryPolicy(initial_interval_ms=1000)

    assert delay_before_retry_ms(policy, 1, 1.0) == 1300


async def test_failed_attempt_is_repeated_after_a_while(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_until", 3)
    await harness.until_status(invocation_id, "backing-off")
    look = harness.runtime.invocation(invocation_id)
    assert "attempt 1" in (look.last_failure or "")

    harness.advance(99)
    assert harness.status(invocation_id) == "backing-off"
    harness.advance(31)
    await harness.until(lambda: ENTERED["fail_until"] == 2)
    await harness.until_status(invocation_id, "backing-off")
    harness.advance(199)
    assert ENTERED["fail_until"] == 2
    harness.advance(61)

    assert await harness.result(invocation_id) == "at last"


async def test_exhausted_attempts_kill(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_until", 99)
    for attempt in (1, 2):
        await harness.until(partial(has_entered, "fail_until", attempt))
        await harness.until_status(invocation_id, "backing-off")
        harness.advance(1000)

    with pytest.raises(InvocationFailed) as raised:
        await harness.result(invocation_id)

    failure = raised.value.failure
    assert failure.code == 500
    assert "attempt 3" in failure.message
    assert "Traceback" in (failure.stacktrace or "")
    assert ENTERED["fail_until"] == 3


async def test_asked_for_delay_is_exact_and_not_counted(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_with_delay", 5)
    for attempt in range(1, 6):
        await harness.until(partial(has_entered, "fail_with_delay", attempt))
        await harness.until_status(invocation_id, "backing-off")
        harness.advance(699)
        assert harness.status(invocation_id) == "backing-off"
        harness.advance(1)

    assert await harness.result(invocation_id) == "at last"


async def test_exhausted_attempts_pause_until_somebody_resumes(harness: Harness) -> None:
    invocation_id = await harness.send("Pausing/fail_until_fixed")
    await harness.until_status(invocation_id, "backing-off")
    harness.advance(1000)
    await harness.until_status(invocation_id, "paused")
    harness.advance(10 * 86_400_000)
    assert harness.status(invocation_id) == "paused"

    ENTERED["fixed"] = 1
    assert await harness.runtime.resume(invocation_id) is Change.DONE

    assert await harness.result(invocation_id) == "repaired"
    assert ENTERED["fail_until_fixed"] == 3


async def test_attempts_stay_visible_while_a_pause_interrupts_backing_off(harness: Harness) -> None:
    attempts = "SELECT retry_count, last_failure_code, next_retry_at IS NULL FROM invocation"
    invocation_id = await harness.send("Failing/fail_until", 1_000)
    for attempt in range(1, 7):
        await harness.until_status(invocation_id, "backing-off")
        await harness.runtime.pause(invocation_id)

        assert harness.status(invocation_id) == "paused"
        assert [tuple(row) for row in harness.rows(attempts)] == [(attempt, "RT0007", 0)]
        await harness.runtime.resume(invocation_id)


async def test_resume_does_not_wait_for_the_retry(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_until", 2)
    await harness.until_status(invocation_id, "backing-off")

    await harness.runtime.resume(invocation_id)

    assert await harness.result(invocation_id) == "at last"
    assert harness.rows("SELECT * FROM timer") == []


async def test_restart_repeats_what_backs_off_at_once(harness: Harness) -> None:
    invocation_id = await harness.send("Failing/fail_until", 2)
    await harness.until_status(invocation_id, "backing-off")

    harness.runtime.crash()
    await harness.start()

    assert await harness.result(invocation_id) == "at last"


async def test_unknown_callee_fails_the_attempt_of_the_caller(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/call_stranger")

    await harness.until_status(invocation_id, "backing-off")

    (row,) = harness.rows(
        "SELECT last_failure_code, last_failure_command_index, last_attempt_deployment_id FROM invocation "
        "WHERE id = ?",
        invocation_id,
    )
    assert row == ("RT0018", 1, harness.deployments.records()[0].deployment_id)
    assert harness.rows("SELECT idx FROM journal") == [(0,)]
