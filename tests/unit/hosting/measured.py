"""A runtime whose numbers can be read, with services that do a little of everything, without a network."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import awaken
from awaken.errors import DeadlineError
from awaken.hosting.runtime_measures import RuntimeMeasures, show_runtime
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness

if TYPE_CHECKING:
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
async def sell_out(ctx: awaken.Context) -> None:
    raise awaken.TerminalError("killed", status_code=409)


@desk.handler()
async def stumble(ctx: awaken.Context) -> None:
    raise ValueError("again")


@desk.handler()
async def ask(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str)[1]


@desk.handler()
async def insist(ctx: awaken.Context) -> str:
    try:
        return await ctx.awakeable(type_hint=str)[1]
    except awaken.TerminalError:
        return "anyway"


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


class Disk:
    """A probe of the store."""

    is_full = False

    def before_commit(self) -> None:
        """Refuse a commit."""
        if self.is_full:
            raise sqlite3.OperationalError("database or disk is full")

    def after_commit(self) -> None:
        """Do nothing."""


class Measured(Harness):
    """A harness whose numbers can be read."""

    def __init__(self, directory: Path, disk: Disk | None = None) -> None:
        self.metrics = Metrics()
        self.shown = RuntimeMeasures(self.metrics)
        at_once = RuntimeSettings(inactivity_timeout_ms=0)
        # Handlers take the time from the system when they set a deadline.
        clock = ManualClock(time.time_ns() // 1_000_000)
        super().__init__(
            directory, [desk, shop], clock=clock, settings=at_once, measures=self.shown, probe=disk
        )

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
