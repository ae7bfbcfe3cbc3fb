"""Waits that share an alarm ring when each one is due, and not when they were cancelled."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from awaken.runtime.invoker.deadlines import Deadlines
from awaken.testing.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Rung:
    """A clock with deadlines, and what rang at which time since the beginning."""

    def __init__(self) -> None:
        self.clock = ManualClock(0)
        self.deadlines = Deadlines(self.clock)
        self.rung: list[tuple[int, str]] = []

    def add(self, wait_ms: int, name: str) -> Callable[[], None]:
        deadline = self.deadlines.add(
            self.clock.now_ms(), wait_ms, lambda: self.rung.append((self.clock.now_ms(), name))
        )
        return deadline.cancel


def test_each_rings_when_it_is_due() -> None:
    made = Rung()
    made.add(60_000, "minute")
    made.add(5_000, "linger")
    made.clock.advance(1_000)
    made.add(60_000, "later minute")
    made.add(20, "short")
    assert made.rung == []

    made.clock.advance(100_000)

    assert made.rung == [(1_020, "short"), (5_000, "linger"), (60_000, "minute"), (61_000, "later minute")]
    assert made.clock.next_due_ms() is None


def test_those_of_one_moment_ring_in_the_order_of_due_times() -> None:
    made = Rung()
    made.add(50, "second")
    made.add(40, "first")

    made.clock.advance(100)

    assert [name for _, name in made.rung] == ["first", "second"]


def test_what_is_cancelled_does_not_ring_and_delays_nobody() -> None:
    made = Rung()
    cancels = [made.add(1_000, f"{number}") for number in range(5)]
    made.clock.advance(500)
    made.add(1_000, "kept")
    for cancel in cancels:
        cancel()
        cancel()

    made.clock.advance(10_000)
    made.add(1_000, "again")
    made.clock.advance(10_000)

    assert made.rung == [(1_500, "kept"), (11_500, "again")]


def test_callbacks_may_cancel_and_add_others(caplog: pytest.LogCaptureFixture) -> None:
    made = Rung()

    def fail() -> None:
        cancel()
        made.add(10, "next")
        raise ValueError("a bug")

    made.deadlines.add(0, 100, fail)
    cancel = made.add(100, "cancelled by the first one")
    made.add(100, "third")

    made.clock.advance(200)

    assert made.rung == [(100, "third"), (110, "next")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_many_that_come_and_go_need_one_alarm() -> None:
    made = Rung()
    alarms = 0
    call_at = made.clock.call_at

    def counting(when_ms: int, callback: Callable[[], None]) -> object:
        nonlocal alarms
        alarms += 1
        return call_at(when_ms, callback)

    made.clock.call_at = counting  # type: ignore[method-assign, assignment]
    for _ in range(1_000):
        cancel = made.add(60_000, "never")
        made.clock.advance(10)
        cancel()

    assert alarms == 1
    assert made.rung == []
