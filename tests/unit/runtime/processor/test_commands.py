"""Operations of handlers, and what they may not do."""

from __future__ import annotations

import pytest
from awaken.control.errors import InvalidRequestError
from awaken.outcomes import AwakeableOutcome
from awaken.runtime.admission import MAX_KEY_SIZE

from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of

#: What 64 bits hold, also as a negative number that was not looked at, and what a double counts to.
BEYOND_ALL_TIME = (2**64 - 1, 2**63, 2**63 - 1, 2**53)


async def test_lazy_state_is_read_when_it_is_asked_for(harness: Harness) -> None:
    assert await harness.call("Lazy/k/use_state") == [["a", "b", "c"], ["a", "c"], ["3", "None"], []]
    assert harness.rows("SELECT * FROM state") == []


async def test_signals_of_one_name_are_all_delivered(harness: Harness) -> None:
    waiting = await harness.send("Echo/signalled")

    await harness.call("Echo/signal", waiting)

    assert await harness.result(waiting) == ["first", "second"]


async def test_rejected_promise_fails_who_waits(harness: Harness) -> None:
    run = await harness.send("Approval/w/run")

    await harness.call("Approval/w/deny", "no money")

    with pytest.raises(InvocationFailed, match="no money") as raised:
        await harness.result(run)
    assert raised.value.failure.code == 451


async def test_waiting_for_a_promise_is_noted_once(harness: Harness) -> None:
    run = await harness.send("Approval/w/run")
    await harness.until(lambda: harness.rows("SELECT 1 FROM promise_waiter") != [])

    await harness.runtime.kill(run)

    assert harness.rows("SELECT * FROM promise_waiter") == []


async def test_legacy_prefix_names_the_same_awakeable(harness: Harness) -> None:
    waiting = await harness.send("Echo/wait")
    legacy = awakeable_of(waiting).replace("sign_1", "prom_1")

    assert await harness.runtime.resolve_awakeable(legacy, b'"old"') is AwakeableOutcome.APPLIED

    assert await harness.result(waiting) == "old"
    low = awakeable_of(waiting, 1).replace("sign_1", "prom_1")
    assert await harness.runtime.resolve_awakeable(low, b"") is AwakeableOutcome.INVALID


async def test_result_for_one_that_has_not_started_is_dropped(harness: Harness) -> None:
    scheduled = await harness.send("Echo/wait", delay_ms=1000)

    outcome = await harness.runtime.resolve_awakeable(awakeable_of(scheduled), b'"early"')

    assert outcome is AwakeableOutcome.INVALID
    harness.advance(1000)
    await harness.until_waiting()


async def test_shared_handler_cannot_write_state(harness: Harness) -> None:
    invocation_id = await harness.send("Impatient/a/set_from_shared")

    await harness.until_status(invocation_id, "backing-off")

    assert "RT0017" in _failure(harness, invocation_id)
    assert harness.rows("SELECT * FROM state") == []


async def test_service_has_no_promises(harness: Harness) -> None:
    invocation_id = await harness.send("Echo/promise_outside")

    await harness.until_status(invocation_id, "backing-off")

    assert "RT0017" in _failure(harness, invocation_id)


@pytest.mark.parametrize("wake_up_ms", BEYOND_ALL_TIME)
async def test_sleep_beyond_all_time_is_until_the_last_moment(harness: Harness, wake_up_ms: int) -> None:
    invocation_id = await harness.send("Echo/sleep_until", wake_up_ms)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])

    assert harness.rows("SELECT due FROM timer") == [(253_402_300_799_999,)]
    harness.advance(86_400_000 * 365)
    assert harness.status(invocation_id) in ("running", "suspended")


@pytest.mark.parametrize("invoke_time_ms", BEYOND_ALL_TIME)
async def test_send_beyond_all_time_is_at_the_last_moment(harness: Harness, invoke_time_ms: int) -> None:
    await harness.call("Echo/send_until", invoke_time_ms)

    assert harness.rows("SELECT scheduled_start_at FROM invocation WHERE status = 'scheduled'") == [
        (253_402_300_799_999,)
    ]


@pytest.mark.parametrize("delay_ms", BEYOND_ALL_TIME)
async def test_retry_beyond_all_time_is_at_the_last_moment(harness: Harness, delay_ms: int) -> None:
    await harness.send("Echo/retry_in", delay_ms)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])

    assert harness.rows("SELECT next_retry_at FROM invocation") == [(253_402_300_799_999,)]


def _failure(harness: Harness, invocation_id: str) -> str:
    ((code, text),) = harness.rows(
        "SELECT last_failure_code, last_failure FROM invocation WHERE id = ?", invocation_id
    )
    return f"{code} {text}"


@pytest.mark.parametrize("size", [MAX_KEY_SIZE + 1, 20_000_000])
async def test_key_that_no_attempt_could_send_is_refused_where_it_is_made(
    harness: Harness, size: int
) -> None:
    assert await harness.call("Echo/call_key", MAX_KEY_SIZE) is None

    caller = await harness.send("Echo/call_key", size)

    await harness.until_status(caller, "backing-off")
    failure = harness.runtime.invocation(caller).last_failure or ""
    assert f"and the limit is {MAX_KEY_SIZE}" in failure
    assert len(failure) < 500
    assert harness.rows("SELECT count(*) FROM invocation WHERE length(key) > ?", MAX_KEY_SIZE) == [(0,)]


@pytest.mark.parametrize("key", ["k" * (MAX_KEY_SIZE + 1), "\u00e9" * (MAX_KEY_SIZE // 6 + 1)])
async def test_callers_and_operators_cannot_use_such_a_key_either(harness: Harness, key: str) -> None:
    with pytest.raises(InvalidRequestError, match="use a hash of it"):
        await harness.send(f"Counter/{key}/add", 1)
    with pytest.raises(InvalidRequestError, match="use a hash of it"):
        await harness.runtime.edit_state("Counter", key, {"total": b"1"})
