"""Limits of the bodies that an interface reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from awaken.control.errors import TooLargeError
from awaken.runtime.bodies import BodyRoom, TooSlowError, announced_size
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MIB = 1024 * 1024
LIMIT = 4 * MIB


class Sending:
    """A request whose body is sent piece by piece."""

    def __init__(self, **headers: str) -> None:
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.receive = self._pieces.get
        self.request = Request({"type": "http", "method": "POST", "headers": encoded}, self.receive)

    def send(self, piece: bytes, *, is_last: bool = False) -> None:
        self._pieces.put_nowait({"type": "http.request", "body": piece, "more_body": not is_last})

    @property
    def is_read(self) -> bool:
        return self._pieces.empty()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def reading() -> AsyncIterator[list[asyncio.Task[bytes]]]:
    tasks: list[asyncio.Task[bytes]] = []
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_body_within_the_limit_is_read() -> None:
    sending = Sending()
    sending.send(b"a" * LIMIT)
    sending.send(b"", is_last=True)

    assert await BodyRoom().read(sending.request, LIMIT) == b"a" * LIMIT


async def test_a_larger_one_is_refused_before_its_end() -> None:
    sending = Sending()
    sending.send(b"a" * LIMIT)
    sending.send(b"a")

    with pytest.raises(TooLargeError, match=f"limit of {LIMIT} bytes"):
        await BodyRoom().read(sending.request, LIMIT)


async def test_one_that_is_announced_is_refused_unread() -> None:
    sending = Sending(content_length=str(LIMIT + 1))

    with pytest.raises(TooLargeError):
        await BodyRoom().read(sending.request, LIMIT)


@pytest.mark.parametrize("length", ["", "x", "-1", "٣", "9" * 5_000])
async def test_a_length_that_is_no_number_announces_nothing(length: str) -> None:
    assert announced_size(length) is None


async def test_bodies_share_room_and_the_first_is_read_to_its_end(reading: list[asyncio.Task[bytes]]) -> None:
    room = BodyRoom(2 * MIB)
    bodies = [Sending() for _ in range(4)]
    for body in bodies:
        reading.append(asyncio.ensure_future(room.read(body.request, LIMIT)))
        body.send(bytes(MIB))
        await turns()
        body.send(bytes(MIB))
    await turns()

    assert [body.is_read for body in bodies] == [True, False, False, False]

    for body in bodies:
        body.send(b"", is_last=True)
    assert [len(body) for body in await asyncio.gather(*reading)] == [2 * MIB] * 4


async def test_small_bodies_do_not_wait_for_large_ones(reading: list[asyncio.Task[bytes]]) -> None:
    room = BodyRoom(MIB)
    large, small = [Sending() for _ in range(3)], Sending()
    for body in large:
        reading.append(asyncio.ensure_future(room.read(body.request, LIMIT)))
        body.send(bytes(MIB))
    await turns()

    small.send(b"small", is_last=True)

    assert await room.read(small.request, LIMIT) == b"small"


async def test_room_is_given_back_by_bodies_that_are_refused_or_cut(
    reading: list[asyncio.Task[bytes]],
) -> None:
    room = BodyRoom(MIB)
    refused, cut, next_one = Sending(), Sending(), Sending()
    for body in (refused, cut):
        reading.append(asyncio.ensure_future(room.read(body.request, MIB)))
        body.send(bytes(MIB))
    await turns()
    reading[1].cancel()
    refused.send(bytes(1))
    await asyncio.gather(*reading, return_exceptions=True)

    next_one.send(bytes(MIB))
    next_one.send(bytes(MIB), is_last=True)

    assert len(await room.read(next_one.request, LIMIT)) == 2 * MIB


@pytest.mark.slow
async def test_a_slow_body_gives_way_to_those_that_wait(reading: list[asyncio.Task[bytes]]) -> None:
    room = BodyRoom(MIB)
    slow, waiting = Sending(), Sending()
    for body in (slow, waiting):
        reading.append(asyncio.ensure_future(room.read(body.request, LIMIT)))
        body.send(bytes(MIB))
    waiting.send(bytes(MIB))
    waiting.send(b"", is_last=True)

    assert len(await reading[1]) == 2 * MIB
    with pytest.raises(TooSlowError, match="1048576 bytes of the body arrived"):
        await reading[0]


@pytest.mark.slow
async def test_a_slow_body_that_takes_long_to_end_breaks_none_that_wait(
    reading: list[asyncio.Task[bytes]],
) -> None:
    room = BodyRoom(MIB)
    looks = asyncio.Event()

    async def receive() -> dict[str, Any]:
        try:
            return await slow.receive()
        finally:
            if slow.is_read:
                await looks.wait()

    slow, waiting = Sending(), Sending()
    reading.append(asyncio.ensure_future(room.read(Request(slow.request.scope, receive), LIMIT)))
    reading.append(asyncio.ensure_future(room.read(waiting.request, LIMIT)))
    looks.set()
    slow.send(bytes(MIB))
    await turns()
    looks.clear()
    waiting.send(bytes(MIB))
    asyncio.get_running_loop().call_later(
        8, looks.set
    )  # it looks once a second, and ends the other after five
    waiting.send(bytes(MIB), is_last=True)

    assert len(await reading[1]) == 2 * MIB
    with pytest.raises(TooSlowError):
        await reading[0]
