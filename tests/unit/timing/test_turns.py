"""Work in slices: nobody's work takes a whole turn of the loop, and none is forgotten."""

from __future__ import annotations

import asyncio

import pytest
from awaken.timing.turns import Turns


class Work:
    """Costs `cost` a slice, for a number of slices."""

    def __init__(self, turns: Turns, log: list[str], name: str, slices: int, cost: int = 10) -> None:
        self.turns, self.log, self.name, self.left, self.cost = turns, log, name, slices, cost

    def __call__(self) -> int:
        self.log.append(self.name)
        self.left -= 1
        if self.left:
            self.turns.add(self)
        return self.cost


async def turn() -> None:
    await asyncio.sleep(0)


async def test_slices_take_turns() -> None:
    turns, log = Turns(10), list[str]()

    for name in "abc":
        turns.add(Work(turns, log, name, 3))
    while len(log) < 9:
        await turn()

    assert "".join(log) == "abcabcabc"


@pytest.mark.parametrize(("budget", "expected"), [(10, 1), (25, 3), (1000, 5)])
async def test_one_turn_of_the_loop_does_what_the_budget_allows(budget: int, expected: int) -> None:
    turns, log = Turns(budget), list[str]()

    for name in "abcde":
        turns.add(Work(turns, log, name, 2))
    assert log == []
    await turn()

    assert len(log) == expected


async def test_work_that_costs_nothing_still_leaves_the_loop_to_others() -> None:
    turns, log = Turns(2), list[str]()

    for name in "abc":
        turns.add(Work(turns, log, name, 100, cost=0))
    await turn()

    assert log == ["a", "b"]


async def test_first_slice_is_done_at_once_while_the_turn_has_something_left() -> None:
    turns, log = Turns(20), list[str]()

    for name in "abcd":
        turns.do(Work(turns, log, name, 1))
    assert log == ["a", "b"]
    await turn()
    assert log == ["a", "b", "c", "d"]
    await turn()

    turns.do(Work(turns, log, "e", 1))
    assert log[-1] == "e"


async def test_nothing_overtakes_what_waits() -> None:
    turns, log = Turns(100), list[str]()
    turns.add(Work(turns, log, "a", 1))

    turns.do(Work(turns, log, "b", 1))
    assert log == []
    await turn()

    assert log == ["a", "b"]
