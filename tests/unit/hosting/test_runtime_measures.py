"""The numbers of an embedded runtime after known work, without a network."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import pytest_asyncio
from awaken.approvals import Via
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import InvalidAnswerError
from awaken.control.operations import Failure
from awaken.errors import DeadlineError
from awaken.hosting.runtime_measures import RuntimeMeasures, show_runtime
from awaken.hosting.runtime_readiness import RuntimeReadiness
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics
from awaken.runtime.errors import StoreError
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from awaken.metrics.instrument_kinds import Instrument

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

desk = awaken.Service("Desk")
shop = awaken.VirtualObject("Shop")


@desk.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"Hello {name}"


@desk.handler()
async def refuse(ctx: awaken.Context) -> None:
    raise awaken.TerminalError("no")


@desk.handler()
async def stumble(ctx: awaken.Context) -> None:
    raise ValueError("again")


@desk.handler()
async def ask(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str)[1]


@desk.handler()
async def approve(ctx: awaken.Context, name: str) -> str:
    try:
        return await ctx.callback(str, name=name, expires_in=timedelta(hours=1))
    except DeadlineError:
        return "too late"


@desk.handler()
async def expect(ctx: awaken.Context, name: str) -> str:
    try:
        return await ctx.callback(str, name=name, expires_in=timedelta(hours=1))
    except DeadlineError:
        raise ValueError("nobody can be asked now") from None


@desk.handler()
async def answer(ctx: awaken.Context, awakeable_id: str) -> None:
    ctx.resolve_awakeable(awakeable_id, "from a handler")


@desk.handler()
async def nap(ctx: awaken.Context) -> None:
    await ctx.sleep(timedelta(minutes=5))


@shop.handler()
async def buy(ctx: awaken.ObjectContext) -> str:
    return await ctx.awakeable(type_hint=str)[1]


class Measured(Harness):
    """A harness whose numbers can be read."""

    def __init__(self, directory: Path) -> None:
        self.metrics = Metrics()
        self.shown = RuntimeMeasures(self.metrics)
        at_once = RuntimeSettings(inactivity_timeout_ms=0)
        # Handlers take the time from the system when they set a deadline.
        clock = ManualClock(time.time_ns() // 1_000_000)
        super().__init__(directory, [desk, shop], clock=clock, settings=at_once, measures=self.shown)

    async def begin(self) -> None:
        await self.start()
        show_runtime(self.metrics, self.shown, self.runtime, self._ids)

    def _ids(self) -> list[str]:
        return [one["id"] for one in self.deployments.describe_deployments()]

    def counted(self, instrument: Instrument) -> dict[tuple[str, ...], float]:
        return {labels: cells[0] for labels, cells in self.metrics.snapshot()[instrument].items()}

    def completions(self) -> dict[tuple[str, ...], float]:
        return {labels: count for labels, count in self.counted(instruments.COMPLETIONS).items() if count}

    def attempts(self) -> dict[tuple[str, str], float]:
        by_outcome: dict[tuple[str, str], float] = {}
        for (_, handler, _, outcome), count in self.counted(instruments.DISPATCHED_ATTEMPTS).items():
            by_outcome[handler, outcome] = count
        return by_outcome

    async def read(self, instrument: Instrument) -> dict[tuple[str, ...], float]:
        """Return a gauge as it is now, whatever was counted before."""
        await self.runtime.store.committed()
        reader = self.runtime.standing
        reader.expire()
        counting = reader.refresh()
        assert counting is not None
        await asyncio.wrap_future(counting)
        await self.metrics.refresh()
        return self.counted(instrument)


@pytest_asyncio.fixture
async def measured(tmp_path: Path) -> AsyncIterator[Measured]:
    one = Measured(tmp_path)
    await one.begin()
    yield one
    await one.stop()


@pytest.fixture(autouse=True)
def links() -> None:
    signer = LinkSigner({"test": b"not a secret, for tests of links"})
    configure_callbacks(CallbackSettings("http://localhost/callbacks", signer))


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


async def test_waits_count_by_name_and_age(measured: Measured) -> None:
    for name in ("desk", "chair"):
        await measured.send("Desk/approve", name)
    await measured.until_waiting(2)
    measured.advance(30 * MINUTE)
    await measured.send("Desk/ask")
    await measured.until_waiting(3)

    assert await measured.read(instruments.OPEN_WAITS) == {
        ("Desk", "approve", "desk", "1h"): 1,
        ("Desk", "approve", "chair", "1h"): 1,
        ("Desk", "ask", "", "1m"): 1,
    }
    assert await measured.read(instruments.OLDEST_WAIT_AGE) == {("Desk", "approve"): 1800, ("Desk", "ask"): 0}
    assert await measured.read(instruments.OVERDUE_WAITS) == {}


@pytest.mark.parametrize(
    ("age_ms", "shown"),
    [(MINUTE - 1, "1m"), (MINUTE, "1h"), (HOUR, "1d"), (DAY, "7d"), (7 * DAY, "more")],
)
@pytest.mark.parametrize("most_named", [2_000, 0], ids=["one by one", "in SQL"])
async def test_wait_belongs_to_the_smallest_age_it_fits_in(
    measured: Measured, age_ms: int, shown: str, most_named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awaken.runtime.query.open_waits.MOST_NAMED", most_named)
    await measured.send("Desk/ask")
    await measured.until_waiting()

    measured.advance(age_ms)

    assert await measured.read(instruments.OPEN_WAITS) == {("Desk", "ask", "", shown): 1}


async def test_expired_wait_is_overdue_while_its_handler_cannot_run(measured: Measured) -> None:
    waiting = await measured.send("Desk/expect", "desk")
    await measured.until_status(waiting, "suspended")

    measured.advance(HOUR + MINUTE)
    await measured.until_status(waiting, "backing-off")

    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", "desk"): 1}
    await measured.runtime.pause(waiting)
    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", "desk"): 1}
    assert (await measured.read(instruments.STORED_INVOCATIONS))["paused",] == 1


async def test_overdue_waits_are_found_among_many(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awaken.runtime.query.open_waits.MOST_NAMED", 2)
    waiting = await measured.send("Desk/expect", "desk")
    for _ in range(5):
        await measured.send("Desk/ask")
    await measured.until_waiting(6)
    await measured.until_status(waiting, "suspended")

    measured.advance(HOUR + MINUTE)
    await measured.until_status(waiting, "backing-off")

    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", ""): 1}
    assert sum((await measured.read(instruments.OPEN_WAITS)).values()) == 6


async def test_stored_invocations_count_by_status(measured: Measured) -> None:
    await measured.send("Desk/ask")
    await measured.send("Desk/greet", "Ada", delay_ms=HOUR)
    await measured.send("Shop/tea/buy")
    await measured.until_waiting(2)
    await measured.send("Shop/tea/buy")
    failing = await measured.send("Desk/stumble")
    await measured.until_status(failing, "backing-off")
    await measured.call("Desk/greet", "Ada", idempotency_key="once")

    found = await measured.read(instruments.STORED_INVOCATIONS)

    assert {status: count for (status,), count in found.items()} == {
        "scheduled": 1,
        "inboxed": 1,
        "ready": 0,
        "running": 0,
        "backing_off": 1,
        "suspended": 2,
        "paused": 0,
        "completed": 1,
    }


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


async def test_restart_begins_counters_anew_and_keeps_gauges(measured: Measured, tmp_path: Path) -> None:
    waiting = await measured.send("Desk/ask")
    await measured.until_status(waiting, "suspended")
    await measured.runtime.store.committed()
    measured.runtime.crash()

    again = Measured(tmp_path)
    await again.begin()

    assert again.counted(instruments.ACCEPTED_INVOCATIONS) == {}
    assert await again.read(instruments.OPEN_WAITS) == {("Desk", "ask", "", "1m"): 1}
    await measured.deployments.close()
    measured.runtime, measured.deployments = again.runtime, again.deployments  # to be stopped


async def test_runtime_is_ready_between_start_and_stop(tmp_path: Path) -> None:
    one = Measured(tmp_path)
    await one.begin()
    while_running: Any = one.runtime.is_ready

    await one.stop()

    assert (while_running, one.runtime.is_ready) == (True, False)


async def test_runtime_is_not_ready_while_its_disk_refuses_what_it_writes(measured: Measured) -> None:
    readiness = RuntimeReadiness(measured.runtime)
    starting = readiness.unready()
    readiness.open()
    ready = readiness.unready()

    measured.runtime._lose(StoreError("the disk is full"))
    recovering = readiness.unready()
    measured.advance(1_000)

    assert (starting, ready, recovering, readiness.unready()) == ("starting", None, "recovering", None)
    readiness.drain()
    assert readiness.unready() == "draining"
