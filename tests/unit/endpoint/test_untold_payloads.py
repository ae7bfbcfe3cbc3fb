"""Errors about a payload do not show it, except in development mode."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any, Literal

import awaken
import pydantic
import pytest
from awaken.diagnostics import development
from awaken.serde import DefaultSerde, Serde

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "s3cr3t"


class Color(enum.Enum):
    RED = "red"


class Order(pydantic.BaseModel):
    count: int


class TextSerde(Serde[str]):
    """Reads UTF-8, as people write serdes."""

    def serialize(self, obj: str | None) -> bytes:
        return (obj or "").encode()

    def deserialize(self, buf: bytes) -> str:
        return buf.decode()


class OrderSerde(Serde[Order]):
    """Reads a model, as people write serdes."""

    def serialize(self, obj: Order | None) -> bytes:
        return b"" if obj is None else obj.model_dump_json().encode()

    def deserialize(self, buf: bytes) -> Order:
        return Order.model_validate_json(buf)


UNREADABLE = [
    (Color, None, json.dumps(SECRET).encode(), "Invalid enum value"),
    (Color | int, None, json.dumps(SECRET).encode(), "Invalid enum value"),
    (Literal["red"], None, json.dumps(SECRET).encode(), "Invalid enum value"),
    (Order, None, json.dumps({"count": SECRET}).encode(), "Input should be a valid integer"),
    (str, TextSerde(), SECRET.encode() + b"\xff", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff"),
    (
        Order,
        OrderSerde(),
        json.dumps({"count": SECRET}).encode(),
        "ValidationError: Input should be a valid integer",
    ),
    (Color, None, SECRET.encode(), "is not JSON"),
]


async def answer(annotation: Any, serde: Serde[Any] | None, payload: bytes, *, is_input: bool) -> str:
    """Return the end of a handler that reads a payload, as its input or as the result of a promise."""
    service = awaken.Workflow("Reader")

    async def read(ctx: Any, value: Any) -> None: ...

    async def wait(ctx: awaken.WorkflowContext) -> None:
        await ctx.promise("answer", serde=serde or DefaultSerde(), type_hint=annotation).value()

    read.__annotations__["value"] = annotation
    service.main(input_serde=serde or DefaultSerde())(read)
    if is_input:
        call = Call(service, "read")
        call.send(frames.request(payload, key="k"))
    else:
        waiting = awaken.Workflow("Waiter")
        waiting.main()(wait)
        call = Call(waiting, "wait")
        recorded = frames.frame(0x0409, frames.blob(1, "answer") + frames.number(11, 1))
        completion = frames.frame(0x8009, frames.number(1, 1) + frames.blob(5, frames.value(payload)))
        call.send(frames.request(b"", recorded, completion, key="k"))
    await call.until_ended()
    return "".join(frame.payload.decode(errors="replace") for frame in frames.read(call.exchange.body))


@pytest.mark.parametrize("is_input", [True, False])
@pytest.mark.parametrize(("annotation", "serde", "payload", "expected"), UNREADABLE)
async def test_payload_that_does_not_decode_is_not_shown(
    caplog: pytest.LogCaptureFixture,
    annotation: Any,
    serde: Any,
    payload: bytes,
    expected: str,
    is_input: bool,
) -> None:
    text = await answer(annotation, serde, payload, is_input=is_input)

    assert expected in text
    assert SECRET not in text
    assert SECRET not in caplog.text


async def test_value_that_a_serde_cannot_write_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    service = awaken.VirtualObject("Writer")

    @service.handler()
    async def write(ctx: awaken.ObjectContext) -> None:
        ctx.set("word", SECRET + "\ud800", serde=TextSerde())

    call = Call(service, "write")
    call.send(frames.request(b"", key="k"))
    await call.until_ended()
    text = "".join(frame.payload.decode(errors="replace") for frame in frames.read(call.exchange.body))

    assert 'cannot write state "word": TextSerde raised UnicodeEncodeError: ' in text
    assert SECRET not in text
    assert SECRET not in caplog.text


@pytest.fixture
def dev() -> Iterator[None]:
    with development.enabled():
        yield


@pytest.mark.usefixtures("dev")
@pytest.mark.parametrize("is_input", [True, False])
@pytest.mark.parametrize(("annotation", "serde", "payload"), [(Color, None, json.dumps(SECRET).encode())])
async def test_it_is_shown_in_development(
    annotation: Any, serde: Any, payload: bytes, is_input: bool
) -> None:
    assert f"Invalid enum value '{SECRET}'" in await answer(annotation, serde, payload, is_input=is_input)
