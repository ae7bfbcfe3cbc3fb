"""What an embedded runtime counts while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.approvals import Via
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import InvalidAnswerError
from awaken.control.operations import Failure
from awaken.metrics import instruments
from awaken.runtime.errors import StoreError

from tests.unit.hosting.measured import HOUR, MINUTE, Disk, Measured
from tests.unit.runtime.harness import InvocationFailed, awakeable_of

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.metrics.instrument_kinds import Instrument


async def test_invocations_and_attempts_count_by_outcome(measured: Measured) -> None:
    for name in ("Ada", "Bob"):
        await measured.call("Desk/greet", name)
    with pytest.raises(InvocationFailed):
        await measured.call("Desk/refuse")
    waiting = await measured.send("Desk/ask")
    await measured.until_status(waiting, "suspended")

    assert measured.counted(instruments.ACCEPTED_INVOCATIONS) == {
        ("Desk", "greet"): 2,
        ("Desk", "refuse"): 1,
        ("Desk", "ask"): 1,
    }
    assert measured.counted(instruments.ENDED_INVOCATIONS) == {
        ("Desk", "greet", "succeeded"): 2,
        ("Desk", "refuse", "failed"): 1,
    }
    assert measured.attempts() == {
        ("greet", "succeeded"): 2,
        ("refuse", "failed"): 1,
        ("ask", "suspended"): 1,
    }


async def test_failed_attempts_count_by_what_follows_and_why(measured: Measured) -> None:
    failing = await measured.send("Desk/stumble")
    await measured.until_status(failing, "backing-off")

    await measured.runtime.kill(failing)

    assert measured.attempts() == {("stumble", "retried"): 1}
    assert measured.counted(instruments.ATTEMPT_FAILURES) == {("RT0007",): 1}
    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "stumble", "killed"): 1}
    assert set((await measured.read(instruments.REACHABLE_DEPLOYMENTS)).values()) == {1}


async def test_invocations_that_had_not_started_end_as_well(measured: Measured) -> None:
    later = await measured.send("Desk/greet", "Ada", delay_ms=HOUR)

    await measured.runtime.cancel(later)

    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "greet", "cancelled"): 1}


async def test_handler_that_fails_with_409_is_not_cancelled(measured: Measured) -> None:
    with pytest.raises(InvocationFailed):
        await measured.call("Desk/sell_out")

    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "sell_out", "failed"): 1}


async def test_invocation_that_fails_after_it_was_cancelled_is_cancelled(measured: Measured) -> None:
    waiting = await measured.send("Desk/ask")
    await measured.until_status(waiting, "suspended")

    await measured.runtime.cancel(waiting)
    with pytest.raises(InvocationFailed):
        await measured.result(waiting)

    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "ask", "cancelled"): 1}


async def test_invocation_that_goes_on_after_it_was_cancelled_succeeds(measured: Measured) -> None:
    waiting = await measured.send("Desk/insist")
    await measured.until_status(waiting, "suspended")

    await measured.runtime.cancel(waiting)
    await measured.result(waiting)

    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "insist", "succeeded"): 1}


async def test_invocations_that_the_disk_refuses_do_not_count(tmp_path: Path) -> None:
    disk = Disk()
    measured = Measured(tmp_path, disk)
    await measured.begin()

    disk.is_full = True
    with pytest.raises(StoreError, match="disk is full"):
        await measured.call("Desk/greet", "lost")
    disk.is_full = False
    measured.advance(1_000)
    await measured.call("Desk/greet", "Ada")

    assert measured.counted(instruments.ACCEPTED_INVOCATIONS) == {("Desk", "greet"): 1}
    assert measured.counted(instruments.ENDED_INVOCATIONS) == {("Desk", "greet", "succeeded"): 1}
    assert measured.counted(instruments.LOST_COMMITS)[()] >= 1
    await measured.stop()


async def test_completions_count_by_door_and_outcome(measured: Measured) -> None:
    first, second, third = [await measured.send("Desk/ask") for _ in range(3)]
    await measured.until_waiting(3)

    await measured.call("Desk/answer", awakeable_of(first))
    await measured.call("Desk/answer", awakeable_of(first))
    await measured.runtime.answer_approval(awakeable_of(second), b'"yes"')
    await measured.runtime.answer_approval(awakeable_of(third), Failure(500, "no"))

    assert measured.completions() == {
        ("handler", "resolved"): 1,
        ("handler", "already_completed"): 1,
        ("ingress", "resolved"): 1,
        ("ingress", "rejected"): 1,
    }


@pytest.mark.parametrize("via", [Via.LINK, Via.INBOX, Via.SLACK])
async def test_answers_of_people_count_under_their_door(measured: Measured, via: Via) -> None:
    ids = [awakeable_of(await measured.send("Desk/approve", "desk")) for _ in range(2)]
    await measured.until_waiting(2)
    ada = Answerer("Ada", (), via, measured.now_ms())

    for _ in range(2):
        await answer_question(measured.runtime, ids[0], b'"yes"', ada)
    with pytest.raises(InvalidAnswerError):
        await answer_question(measured.runtime, ids[1], b"17", ada)
    await answer_question(measured.runtime, ids[1], Failure(500, "no"), ada)

    assert measured.completions() == {
        (via.value, "resolved"): 1,
        (via.value, "already_completed"): 1,
        (via.value, "invalid"): 1,
        (via.value, "rejected"): 1,
    }


async def test_callback_that_nobody_answers_counts_as_expired(measured: Measured) -> None:
    ids = [await measured.send("Desk/approve", name) for name in ("desk", "chair")]
    await measured.until_waiting(2)
    await measured.runtime.resolve_awakeable(awakeable_of(ids[1]), b'"yes"')
    await measured.result(ids[1])

    measured.advance(HOUR + MINUTE)

    assert await measured.result(ids[0]) == "too late"
    assert measured.completions() == {("expiry", "expired"): 1}
    assert measured.counted(instruments.SCHEDULER_LAG).keys() == {("sleep",)}


async def test_sleep_of_a_handler_that_waits_for_nothing_else_does_not_expire(measured: Measured) -> None:
    nap_id = await measured.send("Desk/nap")
    await measured.until_status(nap_id, "suspended")

    measured.advance(5 * MINUTE)

    await measured.result(nap_id)
    assert measured.completions() == {}


async def test_late_timers_show_how_late(measured: Measured) -> None:
    nap_id = await measured.send("Desk/nap")
    await measured.until_status(nap_id, "suspended")

    measured.runtime._processor.scheduler.stop()  # the loop is busy elsewhere
    measured.advance(5 * MINUTE + 2_000)
    measured.runtime._processor.scheduler.start()
    measured.advance(0)
    await measured.result(nap_id)

    (lag,) = measured.metrics.snapshot()[instruments.SCHEDULER_LAG].values()
    assert lag[-1] == pytest.approx(2.0, abs=0.1)


async def test_commits_count_with_their_size(measured: Measured) -> None:
    def numbers(instrument: Instrument) -> tuple[float, float]:
        cells = measured.metrics.histogram(instrument).of().cells
        return sum(cells[:-1]), cells[-1]

    before = numbers(instruments.COMMIT_STATEMENTS)

    await measured.call("Desk/greet", "Ada" * 10_000)
    await measured.runtime.store.committed()

    commits, rows = numbers(instruments.COMMIT_STATEMENTS)
    assert commits > before[0]
    assert rows > before[1]
    assert numbers(instruments.COMMIT_SIZE)[1] >= 30_000
    assert numbers(instruments.COMMIT_DURATION)[0] == commits
    assert 0 < numbers(instruments.SYNC_DURATION)[0] <= commits
