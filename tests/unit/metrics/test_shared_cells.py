"""Memory of workers: what is read from outside, what outlives a worker, and what happens without room."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from awaken.metrics.instruments import ATTEMPT_DURATION, ATTEMPTS, LOST_COMMITS, OPEN_ATTEMPTS, RUNS
from awaken.metrics.metrics import Metrics
from awaken.metrics.shared_cells import SharedCells
from awaken.metrics.snapshot import merge

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 64 * 1024


def count(cells: SharedCells) -> Metrics:
    metrics = Metrics(cells)
    metrics.counter(ATTEMPTS).of("Greeter", "grüße", "succeeded").add()
    metrics.histogram(ATTEMPT_DURATION).of("Greeter", "grüße").record(0.3)
    return metrics


def test_snapshot_has_what_a_worker_counted() -> None:
    cells = SharedCells(SIZE)

    metrics = count(cells)

    assert cells.snapshot() == metrics.snapshot()


def test_successor_goes_on_where_the_worker_ended() -> None:
    cells = SharedCells(SIZE)
    count(cells)

    successor = count(cells)

    attempts = successor.counter(ATTEMPTS).of("Greeter", "grüße", "succeeded")
    assert attempts.value == 2
    assert attempts.inherited == (1.0,), "for OpenTelemetry, to which each process reports its own"
    assert len(cells.snapshot()[ATTEMPTS]) == 1


def test_successor_knows_the_labels_that_are_taken() -> None:
    cells = SharedCells(SIZE)
    for number in range(30):
        Metrics(cells).counter(RUNS).of("Shop", "buy", f"charge-{number}", "succeeded").add()

    counted = cells.snapshot()[RUNS]

    assert len(counted) == 21
    assert counted["Shop", "buy", "other", "succeeded"] == (10.0,)


def test_numbers_from_before_the_fork_are_not_counted_again_by_each_worker() -> None:
    metrics = Metrics()
    lost = metrics.counter(LOST_COMMITS).of()
    lost.add(2)
    cells = SharedCells(SIZE)

    metrics.move(cells)
    lost.add()

    assert cells.snapshot() == {LOST_COMMITS: {(): (1.0,)}}


def test_record_that_a_killed_worker_had_begun_leaves_nothing_in_the_next_one() -> None:
    cells = SharedCells(SIZE)
    header = cells._words[0]
    Metrics(cells).counter(ATTEMPTS).of("Greeter", "g" * 100, "succeeded").add(7)
    cells._words[0] = header  # it was killed before the header moved
    successor = SharedCells(SIZE)
    successor._memory[:] = cells._memory

    Metrics(successor).histogram(ATTEMPT_DURATION).of("G", "g")

    assert set(successor.snapshot()[ATTEMPT_DURATION]["G", "g"]) == {0.0}


@pytest.mark.parametrize(
    "name", [b'["attempts", "G', b'["unknown", "G"]', b'["attempts", "G"]', b'{"attempts": 1}', b"\xff"]
)
def test_record_that_cannot_be_read_is_passed_over(name: bytes, caplog: pytest.LogCaptureFixture) -> None:
    cells = SharedCells(SIZE)
    counter = Metrics(cells).counter(ATTEMPTS)
    counter.of("G", "g", "failed").add()
    begin = 16 + 8
    cells._memory[begin : begin + 40] = name.ljust(40)
    reader = SharedCells(SIZE)
    reader._memory[:] = cells._memory

    Metrics(reader).counter(ATTEMPTS).of("G", "h", "failed").add(2)

    assert reader.snapshot() == {ATTEMPTS: {("G", "h", "failed"): (2.0,)}}
    assert caplog.text.count("cannot be read") == 1


def test_gauges_of_a_worker_end_with_it_and_counters_stay() -> None:
    cells = SharedCells(SIZE)
    count(cells)
    cells.pid = 4711
    cells.publish({OPEN_ATTEMPTS: {("Greeter", "greet"): (3.0,), ("Greeter", "wait"): (1.0,)}})
    cells.publish({OPEN_ATTEMPTS: {("Greeter", "greet"): (2.0,)}})
    before = merge([cells.snapshot()])

    cells.release()

    after = merge([cells.snapshot()])
    assert before[OPEN_ATTEMPTS] == {("Greeter", "greet"): (2.0,)}
    assert after[OPEN_ATTEMPTS] == {}
    assert after[ATTEMPTS] == before[ATTEMPTS] != {}
    assert cells.pid == 0


def test_without_room_the_log_says_so_once_and_what_is_there_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cells = SharedCells(4096)
    metrics = Metrics(cells)

    with caplog.at_level(logging.WARNING):
        for number in range(100):
            metrics.counter(ATTEMPTS).of("Greeter", f"greet{number}", "succeeded").add()
    metrics.counter(ATTEMPTS).of("Greeter", "greet0", "succeeded").add()

    assert caplog.text.count("the 4096 bytes for numbers of a worker are full; awaken.attempts of") == 1
    counted = cells.snapshot()[ATTEMPTS]
    assert counted["Greeter", "greet0", "succeeded"] == (2.0,)
    assert 20 < len(counted) < 100


@pytest.mark.skipif(sys.platform == "win32", reason="there are no workers")
def test_killed_process_loses_nothing() -> None:
    cells = SharedCells(SIZE)

    def work() -> None:
        metrics = count(cells)
        metrics.counter(LOST_COMMITS).of().add(41)
        os.kill(os.getpid(), signal.SIGKILL)

    status = in_child(work)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert cells.snapshot()[LOST_COMMITS] == {(): (41.0,)}
    assert cells.snapshot()[ATTEMPTS] == {("Greeter", "grüße", "succeeded"): (1.0,)}


def in_child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1]
