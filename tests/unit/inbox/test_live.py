"""Pages that are open hear of changes, over HTTP from a runtime that runs."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
from awaken.inbox import live

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.unit.inbox.conftest import Inbox


async def next_event(lines: AsyncIterator[str]) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for line in lines:
            if line.startswith("data: "):
                facts: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return facts
    raise AssertionError("the stream ended")


async def until(lines: AsyncIterator[str], waiting: int) -> dict[str, Any]:
    while (event := await next_event(lines))["waiting"] != waiting:
        pass
    return event


async def test_a_page_hears_of_what_waits_and_of_its_answer(inbox: Inbox) -> None:
    async with inbox.browser.stream("GET", "/events") as events:
        lines = events.aiter_lines()
        first = await next_event(lines)
        awakeable = await inbox.wait_plainly()
        asked = await until(lines, 1)
        await inbox.environment.embedded.runtime.resolve_awakeable(awakeable, b'"signed"')
        answered = await until(lines, 0)

    assert events.headers["content-type"].startswith("text/event-stream")
    assert first["waiting"] == 0
    assert "waiting" in asked["changed"]
    assert "waiting" in answered["changed"]


async def test_a_page_hears_of_an_answer_to_what_no_look_had_seen_before(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inbox.browser.stream("GET", "/events") as other:  # keeps the looks going
        await next_event(other.aiter_lines())
        monkeypatch.setattr(live, "INTERVAL_SECONDS", 0.5)
        awakeable = await inbox.wait_plainly()

        async with inbox.browser.stream("GET", "/events") as events:
            lines = events.aiter_lines()
            await next_event(lines)
            await inbox.environment.embedded.runtime.resolve_awakeable(awakeable, b'"signed"')
            answered = await until(lines, 0)

    assert "waiting" in answered["changed"]


async def test_a_page_hears_of_an_answer_to_what_only_it_had_shown(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "INTERVAL_SECONDS", 0.5)
    async with inbox.browser.stream("GET", "/events") as events:
        lines = events.aiter_lines()
        await next_event(lines)  # after a look
        awakeable = await inbox.wait_plainly()
        shown = await inbox.browser.get("/", params={"part": "1"})
        await inbox.environment.embedded.runtime.resolve_awakeable(awakeable, b'"signed"')
        heard: set[str] = set()
        while "waiting" not in heard:
            heard |= set((await next_event(lines))["changed"])

    assert awakeable in shown.text


async def test_the_navigation_counts_without_a_script(inbox: Inbox) -> None:
    await inbox.wait_plainly()
    await inbox.wait_plainly()

    page = (await inbox.browser.get("/")).text

    assert 'data-count="waiting"><span data-number>2</span>' in page
    assert 'data-count="in_trouble" hidden>' in page


async def test_streams_are_bounded_and_counted_down(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 2)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)  # a write shows that nobody reads any more
    async with AsyncExitStack() as stack:
        for _ in range(2):
            opened = await stack.enter_async_context(inbox.browser.stream("GET", "/events"))
            await next_event(opened.aiter_lines())

        refused = await inbox.browser.get("/events")
        page = await inbox.browser.get("/")

    assert (refused.status_code, refused.headers["retry-after"], page.status_code) == (503, "15", 200)
    async with asyncio.timeout(10):
        while True:  # the server notices that they have gone
            async with inbox.browser.stream("GET", "/events") as opened:
                if opened.status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.01)


async def test_a_quiet_stream_shows_that_it_is_there(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    async with inbox.browser.stream("GET", "/events") as events, asyncio.timeout(10):
        lines = events.aiter_lines()
        await next_event(lines)
        quiet = [await anext(lines) for _ in range(5)]

    assert quiet.count(":") >= 2
    assert set(quiet) == {"", ":"}


async def test_streams_end_with_the_server_and_not_after_its_grace(inbox: Inbox) -> None:
    async with inbox.browser.stream("GET", "/events") as events:
        lines = events.aiter_lines()
        await next_event(lines)
        began = time.monotonic()
        await inbox.server.close(20.0)

        rest = [line async for line in lines if line.startswith("data")]

    assert rest == []
    assert time.monotonic() - began < 10


async def test_asking_for_the_head_of_a_stream_ends(inbox: Inbox) -> None:
    answer = await inbox.browser.head("/events")

    assert (answer.status_code, answer.content) == (200, b"")
