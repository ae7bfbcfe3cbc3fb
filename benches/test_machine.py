"""The endpoint machine without a network: what one attempt costs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from awaken._core import Completed, EndpointMachine, InputRequired, RunRequired, Suspended

from benches import frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken._core import Progress
    from pytest_benchmark.fixture import BenchmarkFixture

VERSION = 6
INPUT = frames.start(1) + frames.input_command(b'"Bob"')
ENTRIES = [10, 100, 1_000, 10_000, 100_000]


def open_machine(opening: bytes) -> EndpointMachine:
    machine = EndpointMachine(VERSION)
    machine.receive(opening)
    machine.take_input()
    return machine


def test_greet(benchmark: BenchmarkFixture) -> None:
    def greet() -> bytes:
        machine = EndpointMachine(VERSION)
        machine.receive(INPUT)
        body = machine.take_input().body
        machine.succeed(b'"Hello ' + body[1:-1] + b'!"')
        return machine.take_output()

    assert benchmark(greet) == frames.output_command(b'"Hello Bob!"') + frames.end()


@pytest.mark.parametrize("entries", ENTRIES)
def test_receive_journal(
    benchmark: BenchmarkFixture, note_entries: Callable[[int], None], entries: int
) -> None:
    """Everything before the handler's first line."""
    journal = frames.replay(entries // 2)

    machine: EndpointMachine = benchmark(open_machine, journal)

    note_entries(entries)
    assert machine.state == "replaying"


@pytest.mark.parametrize("entries", ENTRIES)
def test_replay_journal(
    benchmark: BenchmarkFixture, note_entries: Callable[[int], None], entries: int
) -> None:
    """A whole attempt: every recorded run is awaited, in order."""
    runs = entries // 2
    journal = frames.replay(runs)

    def replay(completed: deque[Progress]) -> bytes:
        machine = open_machine(journal)
        for _ in range(runs):
            completed.append(machine.progress(machine.run("entry")))
        machine.succeed(b"null")
        return machine.take_output()

    # A handler drops each result; keeping all would measure the cyclic collector.
    output = benchmark(replay, deque(maxlen=1))

    note_entries(entries)
    completed: deque[Progress] = deque()
    replay(completed)
    assert [one.result for one in completed if isinstance(one, Completed)] == [
        str(number).encode() for number in range(runs)
    ]
    assert output == frames.output_command(b"null") + frames.end()


@pytest.mark.parametrize("entries", ENTRIES)
def test_replay_gathered_journal(
    benchmark: BenchmarkFixture, note_entries: Callable[[int], None], entries: int
) -> None:
    """A whole attempt: every recorded run is issued first, and all of them are awaited together."""
    runs = entries // 2
    journal = frames.replay(runs)

    def replay(completed: deque[Progress]) -> None:
        machine = open_machine(journal)
        for handle in [machine.run("entry") for _ in range(runs)]:
            machine.join(handle)
        for _ in range(runs):
            completed.append(machine.progress_together())

    benchmark(replay, deque(maxlen=1))

    note_entries(entries)
    completed: deque[Progress] = deque()
    replay(completed)
    assert [one.result for one in completed if isinstance(one, Completed)] == [
        str(number).encode() for number in range(runs)
    ]


@pytest.mark.parametrize("size", [16_384, 23])
def test_receive_journal_in_chunks(
    benchmark: BenchmarkFixture, note_entries: Callable[[int], None], size: int
) -> None:
    entries = 1_000
    journal = frames.replay(entries // 2)
    chunks = [journal[at : at + size] for at in range(0, len(journal), size)]

    def receive() -> EndpointMachine:
        machine = EndpointMachine(VERSION)
        for chunk in chunks:
            machine.receive(chunk)
        return machine

    machine: EndpointMachine = benchmark(receive)

    note_entries(entries)
    assert machine.is_ready()


def test_new_run(benchmark: BenchmarkFixture) -> None:
    completion = frames.run_completion(1, b"42")

    def run() -> tuple[list[Progress], bytes]:
        machine = open_machine(INPUT)
        handle = machine.run("one")
        seen = [machine.progress(handle)]
        machine.propose_run_value(handle, b"42")
        output = machine.take_output()
        seen.append(machine.progress(handle))
        machine.receive(completion)
        seen.append(machine.progress(handle))
        machine.succeed(b"42")
        return seen, output + machine.take_output()

    seen, output = benchmark(run)

    assert [type(one) for one in seen] == [RunRequired, InputRequired, Completed]
    assert seen[-1].result == b"42"
    sent = [
        frames.run_command(1, "one"),
        frames.run_proposal(1, b"42"),
        frames.output_command(b"42"),
        frames.end(),
    ]
    assert output == b"".join(sent)


def test_suspend_on_awakeable(benchmark: BenchmarkFixture) -> None:
    def suspend() -> tuple[Progress, bytes]:
        machine = open_machine(INPUT)
        machine.receive_end()
        _, handle = machine.awakeable()
        return machine.progress(handle), machine.take_output()

    progress, output = benchmark(suspend)

    assert isinstance(progress, Suspended)
    assert output == frames.suspension(17, 1)


def test_resume_from_awakeable(benchmark: BenchmarkFixture) -> None:
    opening = frames.start(2) + frames.input_command(b"") + frames.signal(17, b'"yes"')

    def resume() -> tuple[Progress, bytes]:
        machine = open_machine(opening)
        _, handle = machine.awakeable()
        progress = machine.progress(handle)
        machine.succeed(b'"yes"')
        return progress, machine.take_output()

    progress, output = benchmark(resume)

    assert isinstance(progress, Completed)
    assert progress.result == b'"yes"'
    assert output == frames.output_command(b'"yes"') + frames.end()


def test_echo_large_payload(benchmark: BenchmarkFixture) -> None:
    body = bytes(1 << 20)
    opening = frames.start(1) + frames.input_command(body)

    def echo() -> bytes:
        machine = EndpointMachine(VERSION)
        machine.receive(opening)
        machine.succeed(machine.take_input().body)
        return machine.take_output()

    assert benchmark(echo) == frames.output_command(body) + frames.end()
