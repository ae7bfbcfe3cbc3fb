"""Steps that are collected, drawn together, and summed up beyond a rate."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from awaken.hosting import display
from awaken.hosting.event_lines import EventLines
from awaken.hosting.step_ticker import StepTicker
from awaken.runtime.events import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Drawn:
    """Keeps what it is given to draw."""

    admin_option = ""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.batches: list[tuple[list[str], dict[EventKind, int]]] = []

    def draw(self, steps: Iterable[tuple[float, Event]], more: Mapping[EventKind, int]) -> None:
        self.batches.append(([event.invocation_id for _, event in steps], dict(more)))


@pytest.fixture(autouse=True)
def own_hook() -> Iterator[None]:
    before = display._display.draw_steps
    yield
    display._display.draw_steps = before


def step(number: int, kind: EventKind = EventKind.ACCEPTED) -> Event:
    return Event(kind, f"inv_{number}", "Shop/buy")


async def test_the_first_step_is_drawn_at_once_and_those_that_follow_together() -> None:
    drawn = Drawn(most=None)
    ticker = StepTicker(drawn)

    ticker.note(step(1))
    await asyncio.sleep(0)
    assert drawn.batches == [(["inv_1"], {})]

    for number in range(2, 1000):
        ticker.note(step(number))
        if number % 100 == 0:
            await asyncio.sleep(0)
    assert len(drawn.batches) == 1

    while len(drawn.batches) < 2:
        await asyncio.sleep(0.01)
    assert drawn.batches[1:] == [([f"inv_{number}" for number in range(2, 1000)], {})]


async def test_beyond_the_rate_steps_are_counted_and_failures_still_shown() -> None:
    drawn = Drawn(most=10)
    ticker = StepTicker(drawn)

    for number in range(100):
        ticker.note(step(number))
    for number in range(100, 105):
        ticker.note(step(number, EventKind.FAILED))
    for number in range(105, 200):
        ticker.note(step(number, EventKind.FAILED))
    ticker.draw()

    shown = [*range(10), *range(100, 110)]
    assert drawn.batches == [
        ([f"inv_{number}" for number in shown], {EventKind.ACCEPTED: 90, EventKind.FAILED: 90})
    ]


async def test_nothing_is_drawn_twice_or_when_there_is_nothing() -> None:
    drawn = Drawn(most=None)
    ticker = StepTicker(drawn)

    ticker.note(step(1))
    ticker.draw()
    ticker.draw()
    await asyncio.sleep(0)

    assert drawn.batches == [(["inv_1"], {})]


def test_a_sum_of_what_is_not_shown() -> None:
    printed = io.StringIO()

    EventLines(printed).draw([(0.0, step(1))], Counter({EventKind.ACCEPTED: 1200, EventKind.FAILED: 3}))

    first, second = printed.getvalue().splitlines()
    assert first.endswith("accepted     Shop/buy                      inv_1")
    assert second.endswith("  and 1,203 more: 1,200 accepted, 3 failed")


@pytest.mark.parametrize("as_documents", [False, True])
def test_what_a_handler_prints_comes_after_the_steps_before_it(*, as_documents: bool) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import asyncio\n"
            "from awaken.cli.announcing import make_observer\n"
            "from awaken.hosting.display import take_over_output\n"
            "from awaken.runtime.events import Event, EventKind\n"
            f"take_over_output(as_documents={as_documents})\n"
            "async def main():\n"
            f"    observer = make_observer(json_output={as_documents}, show_payloads=False)\n"
            "    observer.release('')\n"
            "    for number in range(3):\n"
            "        observer.note(Event(EventKind.ATTEMPT, f'inv_{number}', 'S/h', '1'))\n"
            "        print('handler', number)\n"
            "        await asyncio.sleep(0)\n"
            "    observer.note(Event(EventKind.SUCCEEDED, 'inv_last', 'S/h', '1'))\n"
            "asyncio.run(main())",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    words = []
    for line in done.stdout.splitlines():
        facts = json.loads(line) if as_documents else {}
        words.append(facts.get("invocation") or facts.get("printed") or line)
    found = [word for word in ("inv_0", "inv_1", "inv_2", "inv_last") if any(word in one for one in words)]
    order = [next(at for at, one in enumerate(words) if word in one) for word in found]
    prints = [next(at for at, one in enumerate(words) if f"handler {number}" in one) for number in range(3)]
    assert len(words) == 7
    assert found == ["inv_0", "inv_1", "inv_2", "inv_last"]
    assert order == [0, 2, 4, 6]
    assert prints == [1, 3, 5]


async def test_steps_beyond_the_rate_need_not_be_made_and_are_counted() -> None:
    drawn = Drawn(most=2)
    ticker = StepTicker(drawn)

    for number in range(5):
        if not ticker.skips(EventKind.ATTEMPT):
            ticker.note(step(number, EventKind.ATTEMPT))
    assert not ticker.skips(EventKind.FAILED)  # shown all the same
    ticker.note(step(5, EventKind.FAILED))
    await asyncio.sleep(0)

    assert drawn.batches == [(["inv_0", "inv_1", "inv_5"], {EventKind.ATTEMPT: 3})]


async def test_what_continues_is_drawn_behind_the_announcement() -> None:
    drawn = Drawn(50)
    ticker = StepTicker(drawn, is_held=True)

    ticker.note(step(1))
    await asyncio.sleep(0.02)
    before = list(drawn.batches)
    ticker.release(" --admin http://127.0.0.1:9071")

    assert before == []
    assert drawn.batches == [(["inv_1"], {})]
    assert drawn.admin_option == " --admin http://127.0.0.1:9071"
