from __future__ import annotations

import time

from awaken.testing.manual_clock import ManualClock


def test_alarms_ring_in_the_order_they_are_due() -> None:
    clock = ManualClock(1000)
    rung: list[tuple[str, int]] = []
    clock.call_at(1300, lambda: rung.append(("late", clock.now_ms())))
    clock.call_at(1100, lambda: rung.append(("early", clock.now_ms())))
    clock.call_at(1100, lambda: rung.append(("as early", clock.now_ms())))

    assert clock.advance(299) == 2
    assert clock.advance(1) == 1

    assert rung == [("early", 1100), ("as early", 1100), ("late", 1300)]
    assert clock.now_ms() == 1300


def test_alarm_may_set_another_one_on_the_way() -> None:
    clock = ManualClock(0)
    rung: list[int] = []

    def ring() -> None:
        rung.append(clock.now_ms())
        clock.call_at(clock.now_ms() + 10, ring)

    clock.call_at(10, ring)
    clock.advance(35)

    assert rung == [10, 20, 30]
    assert clock.next_due_ms() == 40


def test_cancelled_alarm_is_forgotten() -> None:
    clock = ManualClock(0)
    clock.call_at(10, lambda: None).cancel()

    assert clock.next_due_ms() is None
    assert clock.advance(100) == 0


def test_what_is_past_waits_for_the_next_advance() -> None:
    clock = ManualClock(100)
    rung: list[int] = []
    clock.call_at(50, lambda: rung.append(clock.now_ms()))

    assert rung == []
    clock.advance(0)

    assert rung == [100]


def test_times_of_endpoints_are_as_far_from_now() -> None:
    clock = ManualClock(0)

    hour = clock.from_wall(time.time_ns() // 1_000_000 + 3_600_000)

    assert 3_590_000 < hour <= 3_600_000
