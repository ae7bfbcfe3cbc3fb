"""Hostile bodies over real sockets: each gets its error frame, and the endpoint serves the next request."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import awaken
import httpx
import pytest
from awaken import _core
from awaken.transports.server.server import start_server

from tests import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADERS = {"content-type": "application/vnd.restate.invocation.v6"}

hostile = awaken.Service("Hostile")


@hostile.handler()
async def echo(ctx: awaken.Context, text: str) -> str:
    return text


@hostile.handler()
async def leave(ctx: awaken.Context) -> None:
    raise SystemExit(1)


@hostile.handler()
async def nap(ctx: awaken.Context) -> None:
    await ctx.run_typed("nap", nothing)


async def nothing() -> None:
    pass


@pytest.fixture(params=[True, False], ids=["h2", "h1"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    server = await start_server(awaken.app([hostile]).accept)
    host, port = server.address
    async with httpx.AsyncClient(
        base_url=f"http://{host}:{port}", http1=not request.param, http2=request.param, trust_env=False
    ) as client:
        yield client
    await server.close()


def error_of(body: bytes) -> tuple[int, str]:
    """Return code and message of the one frame in the body, which has to be an Error."""
    (frame,) = frames.read(body)
    assert frame.name == "Error"
    assert frame.payload[0] == 8
    code, at = 0, 1
    for shift in range(0, 35, 7):
        code |= (frame.payload[at] & 0x7F) << shift
        at += 1
        if frame.payload[at - 1] < 0x80:
            break
    return code, frame.payload.decode("utf-8", "replace")


OVERSIZED = struct.pack(">HHI", 0x0000, 0, _core.DEFAULT_MAX_MESSAGE_SIZE + 1)
STATE_KEY_NOT_UTF8 = frames.blob(4, frames.blob(1, b"\xff\xfe") + frames.blob(2, b"1"))
START = frames.start(1)[8:]


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (b"", 571, ""),
        (b"\x00", 571, ""),
        (frames.start(2)[:20], 571, ""),
        (frames.start(2) + frames.input_command(b'"x"'), 571, "1"),
        (frames.start(0), 500, "0 known entries"),
        (frames.input_command(), 571, "Input"),
        (frames.start(1) + frames.start(1), 571, "Start"),
        (frames.frame(0x0000, b"\xff\xff\xff"), 500, "Start"),
        (frames.frame(0x03FF), 500, "03FF"),
        (frames.frame(0xFC01), 571, "FC01"),
        (OVERSIZED, 413, str(_core.DEFAULT_MAX_MESSAGE_SIZE)),
        (frames.frame(0x0000, START + STATE_KEY_NOT_UTF8) + frames.input_command(), 500, "UTF-8"),
        (frames.request(b'"x"') + frames.sleep_command(1), 571, "Sleep"),
        (frames.request(b'"x"', frames.frame(0x0003)), 571, "End"),
        (frames.start(2) + frames.input_command() + frames.frame(0x800C, frames.number(1, 1)), 500, "result"),
    ],
    ids=[
        "empty",
        "one byte",
        "cut in Start",
        "ends before the journal does",
        "no known entries",
        "Input first",
        "Start twice",
        "invalid protobuf",
        "unknown control message",
        "custom message",
        "oversized",
        "state key that is not UTF-8",
        "command after the journal",
        "End from the runtime",
        "notification without a result",
    ],
)
async def test_hostile_body_gets_its_error_frame_and_the_next_request_is_served(
    client: httpx.AsyncClient, body: bytes, code: int, text: str
) -> None:
    response = await client.post("/invoke/Hostile/echo", content=body, headers=HEADERS)
    assert response.status_code == 200
    assert response.headers["content-type"] == HEADERS["content-type"]
    answered, message = error_of(response.content)
    assert answered == code, message
    assert text.lower() in message.lower()

    good = await client.post("/invoke/Hostile/echo", content=frames.request(b'"fine"'), headers=HEADERS)
    assert frames.names(good.content) == ["Output", "End"]


async def test_completion_of_another_kind_is_refused(client: httpx.AsyncClient) -> None:
    journal = (
        frames.run_command(1, "nap"),
        frames.frame(0x8011, frames.number(1, 1) + frames.blob(16, "inv_x")),
    )
    response = await client.post(
        "/invoke/Hostile/nap", content=frames.request(b"", *journal), headers=HEADERS
    )
    assert error_of(response.content)[0] == 571


async def test_exit_in_a_handler_ends_its_attempt_and_nothing_else(client: httpx.AsyncClient) -> None:
    response = await client.post("/invoke/Hostile/leave", content=frames.request(), headers=HEADERS)
    code, message = error_of(response.content)
    assert code == 500
    assert "SystemExit(1)" in message
    assert (await client.get("/health")).status_code == 200
