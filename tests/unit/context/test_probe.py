"""What watchers in this process learn about handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.context import probe

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Iterator


class Recorder:
    def __init__(self) -> None:
        self.awakeables: list[probe.AwakeableCreated] = []
        self.runs: list[tuple[str, int]] = []
        self.lost_runs: list[probe.LostWork] = []
        self.failures: list[probe.AttemptFailed] = []

    def note_awakeable(self, created: probe.AwakeableCreated) -> None:
        self.awakeables.append(created)

    def note_run(self, name: str, change: int) -> None:
        self.runs.append((name, change))

    def note_failure(self, failed: probe.AttemptFailed) -> None:
        self.failures.append(failed)

    def note_lost(self, lost: probe.LostWork) -> None:
        self.lost_runs.append(lost)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    watcher = Recorder()
    probe.watchers.append(watcher)
    yield watcher
    probe.watchers.remove(watcher)


async def test_awakeable_is_told_with_its_name_and_type(recorder: Recorder) -> None:
    service = awaken.Service("S")

    @service.handler()
    async def wait(ctx: awaken.Context) -> str:
        return await ctx.awakeable(type_hint=str, name="approve")

    call = Call(service, "wait")
    call.send(frames.request())
    call.end_request()
    await call.until_ended()

    (created,) = recorder.awakeables
    assert created.awakeable_id == "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
    assert created.invocation_id == frames.INVOCATION_ID
    assert (created.name, created.type_hint) == ("approve", str)


@pytest.mark.parametrize("is_async", [True, False])
async def test_run_is_told_and_knows_where_it_executes(recorder: Recorder, is_async: bool) -> None:
    seen: list[str | None] = []
    service = awaken.Service("S")

    def act() -> None:
        seen.append(probe.current_run.get())

    async def act_async() -> None:
        act()

    @service.handler()
    async def work(ctx: awaken.Context) -> None:
        await ctx.run_typed("charge", act_async if is_async else act)

    call = Call(service, "work")
    call.send(frames.request())
    await call.until(lambda: "ProposeRunCompletion" in call.answer)
    seen.append(probe.current_run.get())
    call.receiver.disconnect()

    assert seen == ["charge", None]
    assert recorder.runs == [("charge", 1), ("charge", -1)]


async def test_failing_run_is_told_to_have_ended(recorder: Recorder) -> None:
    service = awaken.Service("S")

    @service.handler()
    async def work(ctx: awaken.Context) -> None:
        def fail() -> None:
            raise awaken.TerminalError("no")

        await ctx.run_typed("charge", fail)

    call = Call(service, "work")
    call.send(frames.request())
    await call.until(lambda: "ProposeRunCompletion" in call.answer)
    call.receiver.disconnect()

    assert recorder.runs == [("charge", 1), ("charge", -1)]
