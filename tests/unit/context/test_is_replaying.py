"""When the handler replays, at every place where a library may ask, as the official SDK tells it."""

# The SDK is an argument here, and its decorators are untyped.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import asyncio
from typing import Any

import awaken
import pytest
import restate
from awaken.server_context import restate_context_is_replaying

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call


def service_of(sdk: Any, seen: list[str]) -> Any:
    """Return a service whose handler notes the places where it replays."""
    service = sdk.VirtualObject("Looking")
    is_replaying = sdk.server_context.restate_context_is_replaying

    def look(place: str) -> None:
        seen.append(place if is_replaying.get() else place.upper())

    async def look_later(place: str) -> None:
        await asyncio.sleep(0)
        look(place)

    @service.handler()
    async def handler(ctx: Any) -> None:
        look("start")
        run = ctx.run_typed("first", look, sdk.RunOptions(), "action")
        look("run issued")
        await run
        look("run awaited")
        ctx.set("a", 1)
        look("state set")
        await asyncio.create_task(look_later("task"))
        waiting = ctx.awakeable(type_hint=str)[1]
        look("awakeable made")
        await waiting
        look("awakeable awaited")
        await ctx.run_typed("second", look_later, sdk.RunOptions(), "second action")
        look("end")

    return service


SIGNAL = frames.signal(17, b'"value"')
FIRST = (frames.run_command(1, "first"), frames.run_completion(1, b""))
SET = frames.set_command("a", b"1")
SECOND = (frames.run_command(2, "second"), frames.run_completion(2, b""))
JOURNALS = {
    "empty": [],
    "signal": [SIGNAL],
    "run without result": [FIRST[0], SIGNAL],
    "run": [*FIRST, SIGNAL],
    "state": [*FIRST, SET, SIGNAL],
    "state, no signal yet": [*FIRST, SET],
    "all but the output": [*FIRST, SET, SIGNAL, *SECOND],
}


@pytest.mark.parametrize("version", [5, 6, 7])
@pytest.mark.parametrize("journal", JOURNALS.values(), ids=JOURNALS)
async def test_replay_ends_where_it_ends_for_the_official_sdk(journal: list[bytes], version: int) -> None:
    ours: list[str] = []
    theirs: list[str] = []
    request = frames.request(b"", *journal, key="k")

    call = Call(service_of(awaken, ours), "handler", version=version)
    call.send(request)
    call.end_request()
    await call.until_ended()
    await answer_of(
        restate.app([service_of(restate, theirs)]), "Looking", "handler", request, version=version
    )

    assert ours == theirs
    assert ours[0].lower() == "start"


async def test_whole_replay_is_silent_until_the_last_command() -> None:
    seen: list[str] = []
    call = Call(service_of(awaken, seen), "handler")

    call.send(frames.request(b"", *JOURNALS["all but the output"], key="k"))
    call.end_request()
    await call.until_ended()

    assert seen[-1] == "END"
    assert all(place.islower() for place in seen[:-1])


def test_outside_of_handlers_nothing_replays() -> None:
    assert restate_context_is_replaying.get() is False
    assert restate_context_is_replaying.get(True) is True
    assert restate_context_is_replaying.name == "restate_context_is_replaying"


def test_tests_of_libraries_can_pretend() -> None:
    token = restate_context_is_replaying.set(True)
    try:
        assert restate_context_is_replaying.get() is True
    finally:
        restate_context_is_replaying.reset(token)
    assert restate_context_is_replaying.get() is False
