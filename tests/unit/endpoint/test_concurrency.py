"""Ordinary asyncio in handlers: for any order of results, and wherever attempts end, the replay is the same."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.endpoint.programs import Node, programs, service_for
from tests.unit.endpoint.world import World

#: More of them by hand: AWAKEN_PROGRAMS=5000 python -m pytest tests/unit/endpoint/test_concurrency.py --timeout 3600
EXAMPLES = int(os.environ.get("AWAKEN_PROGRAMS", "150"))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Leave out what asyncio says of random programs: nothing retrieves the errors of their background tasks."""
    caplog.set_level("CRITICAL", "asyncio")


async def check(program: Node, seed: int, version: int) -> None:
    """Run a program to its end, then replay it from every prefix of its journal."""
    dice = random.Random(seed)
    garbage = [object() for _ in range(dice.randint(0, 50))]  # other addresses in each run
    world: World
    service = service_for(program, lambda number: world.created_awakeable(number))
    world = World(service, "execute", dice, version=version)
    if dice.random() < 0.2:
        world.allow_cancellation()
    await world.live()
    commands = world.commands()
    for length in range(1, len(world.journal) + 1):
        garbage.append([object() for _ in range(dice.randint(0, 50))])
        replayed = await world.replay_prefix(length)
        assert replayed.commands == commands
        assert replayed.is_finished
        suspended = await world.suspend_after_prefix(length)
        assert suspended.commands == commands[: len(suspended.commands)]
    assert await world.suspend_after_each_result() == commands


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 150)
@given(program=programs(), seed=st.integers(0, 2**32), version=st.sampled_from((5, 6, 7)))
async def test_programs_replay_identically_from_every_prefix(program: Node, seed: int, version: int) -> None:
    await check(program, seed, version)
