"""A mismatch with an entry that this process recorded says that the code cannot have changed, and where it was made."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.diagnostics import development
from awaken.endpoint import memory

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange
from tests.unit.endpoint.test_code_location import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SAME_CODE = "the same code issued both, so it uses a clock, a random number or other outside data: "
UNDECIDED = "register the changed handler as a new deployment; if it did not change, "
SLEEP = frames.sleep_command(1)


@pytest.fixture
def dev() -> Iterator[None]:
    with development.enabled():
        yield


class Endpoint:
    """One endpoint, for attempts one after the other. The test chooses whether the handler sleeps or sends."""

    def __init__(self) -> None:
        service = awaken.Service("Shop")
        self.is_changed = False

        @service.handler()
        async def buy(ctx: awaken.Context) -> None:
            if self.is_changed:
                ctx.generic_send("S", "h", b"")  # attempted
                return
            await ctx.sleep(timedelta(seconds=1))  # recorded

        self.buy = buy
        self._app = awaken.app([service])

    async def attempt(self, *journal: bytes, until: str, number: int = 0) -> str:
        """Run an attempt of an invocation until it has answered with this message; return the text of that."""
        exchange = FakeExchange("/invoke/Shop/buy", {"content-type": "application/vnd.restate.invocation.v6"})
        receiver = self._app.accept(exchange)
        raw_id = frames.RAW_ID[:-4] + number.to_bytes(4, "big")
        start = frames.blob(1, raw_id) + frames.blob(2, f"inv_{number}") + frames.number(3, 1 + len(journal))
        receiver.receive_data(frames.frame(0, start) + frames.input_command() + b"".join(journal))
        for _ in range(1000):
            messages = frames.read(exchange.body)
            if messages and messages[-1].name == until:
                break
            await asyncio.sleep(0)
        else:
            raise AssertionError(f"{until} never came: {exchange.body!r}")
        receiver.disconnect()
        return messages[-1].payload.decode(errors="replace")

    def place(self, marker: str) -> str:
        code: Any = self.buy.__wrapped__  # type: ignore[attr-defined]
        return place_of(code, marker)


async def test_what_this_process_recorded_is_not_blamed_on_new_code() -> None:
    endpoint = Endpoint()
    await endpoint.attempt(until="Sleep")
    endpoint.is_changed = True

    failure = await endpoint.attempt(SLEEP, until="Error")

    assert f"entry 1: recorded sleep, attempted send S/h; {SAME_CODE}" in failure
    assert "deployment" not in failure


async def test_what_another_process_recorded_may_be_of_other_code() -> None:
    endpoint = Endpoint()
    endpoint.is_changed = True

    failures = [await endpoint.attempt(SLEEP, until="Error") for _ in range(2)]

    for text in failures:
        assert f"entry 1: recorded sleep, attempted send S/h; {UNDECIDED}" in text


@pytest.mark.usefixtures("dev")
async def test_recorded_side_has_its_place_in_development() -> None:
    endpoint = Endpoint()
    await endpoint.attempt(until="Sleep")
    endpoint.is_changed = True

    for _ in range(2):  # the attempt in between records nothing
        failure = await endpoint.attempt(SLEEP, until="Error")

        assert f"Shop/buy at {endpoint.place('attempted')}: entry 1: " in failure
        assert f"recorded sleep at {endpoint.place('recorded')}, attempted send S/h; {SAME_CODE}" in failure


async def test_finished_invocation_is_forgotten() -> None:
    endpoint = Endpoint()
    await endpoint.attempt(until="Sleep")
    await endpoint.attempt(SLEEP, frames.sleep_completion(1), until="End")
    endpoint.is_changed = True

    assert UNDECIDED in await endpoint.attempt(SLEEP, until="Error")


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_INVOCATIONS", 2)
    endpoint = Endpoint()
    for number in range(3):
        await endpoint.attempt(until="Sleep", number=number)
    endpoint.is_changed = True

    advice = [await endpoint.attempt(SLEEP, until="Error", number=number) for number in (2, 1, 0)]

    assert [SAME_CODE in text for text in advice] == [True, True, False]


@pytest.mark.usefixtures("dev")
async def test_what_was_only_attempted_is_not_taken_for_the_recorded_place() -> None:
    endpoint = Endpoint()
    endpoint.is_changed = True
    await endpoint.attempt(SLEEP, until="Error")  # another process recorded the sleep

    again = await endpoint.attempt(SLEEP, until="Error")

    assert "entry 1: recorded sleep, attempted send S/h; " in again
    assert UNDECIDED in again
