"""Recording: counts, buckets, bounds of labels, threads, and the merge of processes."""

from __future__ import annotations

import logging
import math
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from awaken.metrics.instruments import (
    ATTEMPT_DURATION,
    ATTEMPTS,
    CONNECTIONS,
    DISPATCHED_ATTEMPTS,
    DRAINING,
    LOST_COMMITS,
    OPEN_ATTEMPTS,
    OPEN_WAITS,
    REACHABLE_DEPLOYMENTS,
    RUNS,
)
from awaken.metrics.metrics import Metrics
from awaken.metrics.snapshot import merge

if TYPE_CHECKING:
    from awaken.metrics.snapshot import Snapshot


def test_counter_counts_by_labels() -> None:
    metrics = Metrics()
    attempts = metrics.counter(ATTEMPTS)

    attempts.of("Greeter", "greet", "succeeded").add()
    attempts.of("Greeter", "greet", "succeeded").add(2)
    attempts.of("Greeter", "greet", "failed").add()

    assert metrics.snapshot() == {
        ATTEMPTS: {("Greeter", "greet", "succeeded"): (3.0,), ("Greeter", "greet", "failed"): (1.0,)}
    }


def test_child_is_made_once() -> None:
    attempts = Metrics().counter(ATTEMPTS)

    assert attempts.of("Greeter", "greet", "failed") is attempts.of("Greeter", "greet", "failed")


def test_number_without_labels_begins_at_zero() -> None:
    metrics = Metrics()
    metrics.counter(LOST_COMMITS)

    assert metrics.snapshot() == {LOST_COMMITS: {(): (0.0,)}}


def test_histogram_counts_a_value_up_to_the_bound_of_its_bucket() -> None:
    durations = Metrics().histogram(ATTEMPT_DURATION).of("Greeter", "greet")
    first, second = ATTEMPT_DURATION.buckets[:2]

    for value in (0.0, first, math.nextafter(first, 1), second, 1e9):
        durations.record(value)

    assert list(durations.cells[:3]) == [2.0, 2.0, 0.0]
    assert durations.cells[-2] == 1.0, "what is above the last bound"
    assert durations.cells[-1] == pytest.approx(1e9)
    assert durations.count == 5


def test_wrong_number_of_labels_is_explained() -> None:
    with pytest.raises(
        ValueError, match=r"awaken.attempts has the labels .* these are 1 values: \('Greeter',\)"
    ):
        Metrics().counter(ATTEMPTS).of("Greeter")


def test_wrong_kind_is_explained() -> None:
    with pytest.raises(ValueError, match=r"awaken\.open_attempts is a gauge, not a counter"):
        Metrics().counter(OPEN_ATTEMPTS)


def test_ten_thousand_names_get_as_many_labels_as_the_table_allows() -> None:
    runs = Metrics().counter(RUNS)

    for number in range(10_000):
        runs.of("Shop", "buy", f"charge-{number}", "succeeded").add()
    runs.of("Shop", "sell", "pay", "succeeded").add()

    counted = {labels[:3]: child.value for labels, child in runs.children()}
    assert len(counted) == 22, "20 names and the others of one handler, and the one of another handler"
    assert counted["Shop", "buy", "charge-0"] == 1
    assert counted["Shop", "buy", "other"] == 9_980
    assert counted["Shop", "sell", "pay"] == 1


def test_names_that_cannot_be_shown_are_made_harmless() -> None:
    runs = Metrics().counter(RUNS)

    runs.of("Shop", "buy", "\ud800" + "x" * 500, "failed").add()

    ((labels, _),) = runs.children()
    assert labels[2] == "?" + "x" * 119


def test_value_that_the_table_does_not_have_counts_as_other(unknown_labels: list[str]) -> None:
    attempts = Metrics().counter(ATTEMPTS)

    attempts.of("Shop", "buy", "exploded").add()
    attempts.of("Shop", "buy", "vanished").add()

    assert [(labels, child.value) for labels, child in attempts.children()] == [(("Shop", "buy", "other"), 2)]
    assert unknown_labels == [
        "awaken.attempts: the label outcome has no value 'exploded' in the table of instruments, so it counts as "
        "'other'; please report this"
    ]
    unknown_labels.clear()


def test_gauge_is_read_when_asked_and_joined_by_labels() -> None:
    metrics = Metrics()
    count = 1
    metrics.gauge(CONNECTIONS, lambda: [(("endpoint", "2"), count)])
    remove = metrics.gauge(CONNECTIONS, lambda: [(("endpoint", "2"), 10), (("metrics", "1.1"), 1)])

    count = 5
    both = metrics.read_gauge(CONNECTIONS)
    remove()
    one = metrics.read_gauge(CONNECTIONS)

    assert both == {("endpoint", "2"): (15.0,), ("metrics", "1.1"): (1.0,)}
    assert one == {("endpoint", "2"): (5.0,)}


def test_gauge_bounds_its_labels() -> None:
    metrics = Metrics()
    metrics.gauge(OPEN_WAITS, lambda: [(("Shop", "buy", f"order-{n}", "1m"), 1) for n in range(10_000)])

    values = metrics.read_gauge(OPEN_WAITS)

    assert len(values) == 21
    assert values["Shop", "buy", "other", "1m"] == (9_980.0,)


def test_gauge_gives_the_room_of_what_is_gone_to_what_is_new() -> None:
    metrics = Metrics()
    present: list[str] = []
    metrics.gauge(REACHABLE_DEPLOYMENTS, lambda: [((one,), float(one != "dp_24")) for one in present])

    for number in range(25):
        present[:] = [f"dp_{number}"]
        metrics.read_gauge(REACHABLE_DEPLOYMENTS)

    assert metrics.read_gauge(REACHABLE_DEPLOYMENTS) == {("dp_24",): (0.0,)}


def test_labels_of_a_gauge_keep_their_room_while_they_are_there() -> None:
    metrics = Metrics()
    names = [f"order-{number}" for number in range(30)]
    metrics.gauge(OPEN_WAITS, lambda: [(("Shop", "buy", name, "1m"), 1) for name in names])
    first = metrics.read_gauge(OPEN_WAITS)

    names.reverse()
    again = metrics.read_gauge(OPEN_WAITS)
    names.remove("order-0")
    names.append("order-30")
    later = metrics.read_gauge(OPEN_WAITS)

    assert again == first
    assert len(later) == 21
    assert later.keys() - {("Shop", "buy", "order-29", "1m")} == first.keys() - {
        ("Shop", "buy", "order-0", "1m")
    }


def test_deployment_that_cannot_be_reached_shows_among_others() -> None:
    metrics = Metrics()
    metrics.gauge(REACHABLE_DEPLOYMENTS, lambda: [((f"dp_{n}",), float(n != 24)) for n in range(30)])

    assert metrics.read_gauge(REACHABLE_DEPLOYMENTS)["other",] == (0.0,)


def test_counter_forgets_labels_that_are_gone_and_has_room_for_new_ones() -> None:
    attempts = Metrics().counter(DISPATCHED_ATTEMPTS)
    for number in range(25):
        attempts.of("S", "h", f"dp_{number}", "succeeded").add()

    attempts.keep("deployment", {"dp_1", "dp_24"})
    attempts.of("S", "h", "dp_24", "succeeded").add()

    assert {labels[2]: child.value for labels, child in attempts.children()} == {
        "dp_1": 1,
        "other": 5,
        "dp_24": 1,
    }


def test_gauge_that_raises_is_logged_and_empty(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()

    def read() -> list[tuple[tuple[str, ...], float]]:
        raise OSError("gone")

    metrics.gauge(OPEN_ATTEMPTS, read)

    assert metrics.snapshot() == {OPEN_ATTEMPTS: {}}
    assert "awaken.open_attempts cannot be read" in caplog.text


async def test_refresh_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    done: list[str] = []

    async def fail() -> None:
        raise OSError("disk")

    async def work() -> None:
        done.append("work")

    metrics.refresh_with(fail)
    remove = metrics.refresh_with(work)
    with caplog.at_level(logging.WARNING):
        await metrics.refresh()
    remove()
    await metrics.refresh()

    assert done == ["work"]
    assert "numbers could not be read, and stay as they were: disk" in caplog.text


def test_merge_adds_and_takes_the_largest_as_the_table_says() -> None:
    one: Snapshot = {ATTEMPTS: {("G", "g", "failed"): (1.0,)}, DRAINING: {(): (0.0,)}}
    two: Snapshot = {
        ATTEMPTS: {("G", "g", "failed"): (2.0,), ("G", "h", "failed"): (4.0,)},
        DRAINING: {(): (1.0,)},
    }
    gone: Snapshot = {OPEN_ATTEMPTS: {("G", "g"): (math.nan,)}}

    assert merge([one, two, gone]) == {
        ATTEMPTS: {("G", "g", "failed"): (3.0,), ("G", "h", "failed"): (4.0,)},
        DRAINING: {(): (1.0,)},
        OPEN_ATTEMPTS: {},
    }


@pytest.mark.slow
def test_threads_lose_nothing() -> None:
    metrics = Metrics()
    counter = metrics.counter(LOST_COMMITS).of()
    durations = metrics.histogram(ATTEMPT_DURATION)

    def record() -> None:
        for number in range(20_000):
            counter.add()
            durations.of("Shop", f"handler{number % 50}").record(0.5)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)

    assert counter.value == 80_000
    assert sum(child.count for _, child in durations.children()) == 80_000
