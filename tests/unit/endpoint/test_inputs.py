"""What a handler is given: its input, its default, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NewType

import awaken
import pydantic
import pytest
from awaken.errors import HttpError
from awaken.serde import BytesSerde, JsonSerde, PydanticJsonSerde
from awaken.testing import open_environment

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Order:
    item: str


class Model(pydantic.BaseModel):
    item: str


Blob = NewType("Blob", bytes)


def service_of(function: Callable[..., Any], **options: Any) -> awaken.Service:
    service = awaken.Service("S")
    service.handler(name="h", **options)(function)
    return service


async def answer(function: Callable[..., Any], body: bytes = b"", **options: Any) -> Any:
    async with open_environment(service_of(function, **options), disable_retries=True) as environment:
        result = await environment.client.generic_call("S", "h", body)
    return json.loads(result) if result else None


@pytest.mark.parametrize(
    "annotation", [int, str, dict, list[int], Order, Model, int | str, Annotated[int, "doc"]], ids=str
)
async def test_empty_body_is_refused_where_the_input_is_required(annotation: Any) -> None:
    async def handler(ctx: awaken.Context, amount: Any) -> Any:
        raise AssertionError("it was called")

    handler.__annotations__["amount"] = annotation
    with pytest.raises(
        HttpError, match=r"S/h got a body of 0 bytes.* the body is empty; send a value for"
    ) as caught:
        await answer(handler)

    name = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else "["
    )
    assert caught.value.status_code == 500
    assert f"`amount: {name}" in str(caught.value) or "int" in str(caught.value)


@pytest.mark.parametrize(
    "annotation",
    [int | None, Order | None, None, Any, object, Annotated[int | None, "doc"]],
    ids=str,
)
async def test_empty_body_is_none_where_the_annotation_has_it(annotation: Any) -> None:
    async def handler(ctx: awaken.Context, amount: Any) -> Any:
        return ["got", amount]

    handler.__annotations__["amount"] = annotation
    assert await answer(handler) == ["got", None]


async def test_empty_body_is_none_without_an_annotation() -> None:
    async def handler(ctx, amount):  # type: ignore[no-untyped-def]
        return ["got", amount]

    assert await answer(handler) == ["got", None]


async def test_declared_default_is_taken_for_an_empty_body() -> None:
    async def handler(ctx: awaken.Context, amount: int = 5) -> int:
        return amount

    assert await answer(handler) == 5
    assert await answer(handler, b"7") == 7


async def test_default_is_taken_where_another_handler_gives_nothing() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def counted(ctx: awaken.Context, amount: int | None = 5) -> int | None:
        return amount

    @service.handler()
    async def calls(ctx: awaken.Context) -> list[int | None]:
        return [await ctx.service_call(counted, None), await ctx.service_call(counted, 7)]

    async with open_environment(service) as environment:
        assert await environment.client.service_call(calls, None) == [5, 7]
        assert await environment.client.generic_call("S", "counted", b"") == b"5"


async def test_default_is_new_for_each_invocation() -> None:
    async def handler(ctx: awaken.Context, items: list[int] = []) -> list[int]:  # noqa: B006  # as beginners do
        items.append(1)
        return items

    async with open_environment(service_of(handler)) as environment:
        for _ in range(2):
            assert await environment.client.generic_call("S", "h", b"") == b"[1]"


@pytest.mark.parametrize(
    "serde", [JsonSerde(), PydanticJsonSerde(Model)], ids=lambda serde: type(serde).__name__
)
async def test_serde_given_by_hand_takes_no_empty_body_for_a_required_input(serde: Any) -> None:
    async def handler(ctx: awaken.Context, model: Model) -> str:
        return "called"

    with pytest.raises(HttpError, match="the body is empty"):
        await answer(handler, input_serde=serde)


@pytest.mark.parametrize(
    ("annotation", "given", "nothing"),
    [
        (bytes, bytes, bytes),
        (Blob, bytes, bytes),
        (Annotated[bytes, "doc"], bytes, bytes),
        (bytearray, bytearray, bytearray),
        (bytes | None, bytes, type(None)),
        (Blob | None, bytes, type(None)),
    ],
    ids=str,
)
async def test_bytes_cross_verbatim_under_every_name(annotation: Any, given: type, nothing: type) -> None:
    kinds = []

    async def handler(ctx: awaken.Context, data: Any) -> Any:
        kinds.append(type(data))
        return None if data is None else data[::-1]

    handler.__annotations__.update({"data": annotation, "return": annotation})
    async with open_environment(service_of(handler)) as environment:
        assert await environment.client.generic_call("S", "h", b"\x00\xff\x01") == b"\x01\xff\x00"
        assert await environment.client.generic_call("S", "h", b'"a"') == b'"a"'
        assert await environment.client.generic_call("S", "h", b"") == b""

    assert kinds == [given, given, nothing]


async def test_serde_of_bytes_may_be_given_an_empty_body() -> None:
    async def handler(ctx: awaken.Context, data: bytes) -> int:
        return len(data)

    assert await answer(handler, input_serde=BytesSerde()) == 0
