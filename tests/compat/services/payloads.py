"""Serdes and types that both SDKs know, and types that only one of them reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Optional
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from tests.compat.sdk import named, restate, serde

payloads = restate.Service(named("Payloads"))
#: Gives up after one attempt, so that a value that cannot be written shows at once.
strict = restate.Service(
    named("Strict"),
    invocation_retry_policy=restate.InvocationRetryPolicy(max_attempts=1, on_max_attempts="kill"),
)


class Item(BaseModel):
    name: str
    price: float


class Parcel(msgspec.Struct):
    weight: int


@dataclass
class Order:
    name: str
    amount: int


class Colour(Enum):
    RED = "red"


class Upper(serde.Serde[str]):
    """Writes text in upper case."""

    def serialize(self, obj: str | None) -> bytes:
        return (obj or "").upper().encode()

    def deserialize(self, buf: bytes) -> str:
        return buf.decode().lower()


@payloads.handler()
async def pydantic(ctx: restate.Context, item: Item) -> Item:
    return Item(name=item.name, price=2 * item.price)


@payloads.handler()
async def struct(ctx: restate.Context, parcel: Parcel) -> Parcel:
    return Parcel(weight=2 * parcel.weight)


@payloads.handler()
async def plain(ctx: restate.Context, value: Any) -> Any:
    return value


@payloads.handler()
async def optional(ctx: restate.Context, value: Optional[str]) -> Optional[str]:  # noqa: UP045  # users write it like this
    return None if value is None else value * 2


@payloads.handler(
    accept="application/octet-stream",
    content_type="application/octet-stream",
    input_serde=serde.BytesSerde(),
    output_serde=serde.BytesSerde(),
)
async def raw(ctx: restate.Context, data: bytes) -> bytes:
    return data[::-1]


@payloads.handler(accept="text/plain", content_type="text/plain", input_serde=Upper(), output_serde=Upper())
async def own(ctx: restate.Context, text: str) -> str:
    return text + "!"


@payloads.handler(input_serde=serde.PydanticJsonSerde(Item), output_serde=serde.JsonSerde())
async def explicit(ctx: restate.Context, item: Item) -> dict[str, Any]:
    return {"name": item.name}


@payloads.handler()
async def without_annotation(ctx: restate.Context, value):  # type: ignore[no-untyped-def]
    return {"got": value}


class Person(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    first_name: str


@payloads.handler()
async def aliased(ctx: restate.Context, person: Person) -> Person:
    return person


@payloads.handler()
async def whole(ctx: restate.Context, number: int) -> int:
    return number


@payloads.handler()
async def whole_list(ctx: restate.Context, numbers: list[int]) -> list[int]:
    return numbers


@payloads.handler()
async def fraction(ctx: restate.Context, number: float) -> float:
    return number


@payloads.handler()
async def words(ctx: restate.Context, text: str) -> str:
    return text


@payloads.handler()
async def table(ctx: restate.Context, by_name: dict[str, int]) -> dict[str, int]:
    return by_name


@payloads.handler()
async def relayed(ctx: restate.Context, value: Any) -> Any:
    return await ctx.service_call(whole, value)


@payloads.handler()
async def charged(ctx: restate.Context, value: Any) -> Any:
    async def charge() -> int:
        return value  # type: ignore[no-any-return]  # any JSON

    result = await ctx.run_typed("charge", charge)
    await ctx.sleep(timedelta(milliseconds=1))
    return result


@payloads.handler()
async def ordinary(ctx: restate.Context, upper: Upper) -> Upper:
    return upper


# What only one SDK reads or writes; see differences.py.


@strict.handler()
async def dataclass_in(ctx: restate.Context, order: Order) -> str:
    return f"{order.amount} {order.name}"


@strict.handler()
async def dataclass_out(ctx: restate.Context) -> Order:
    return Order("tea", 2)


@strict.handler()
async def list_of_models_in(ctx: restate.Context, items: list[Item]) -> str:
    return " ".join(item.name for item in items)


@strict.handler()
async def list_of_models_out(ctx: restate.Context) -> list[Item]:
    return [Item(name="tea", price=2)]


@strict.handler()
async def uuid_out(ctx: restate.Context) -> UUID:
    return UUID(int=7)


@strict.handler()
async def datetime_out(ctx: restate.Context) -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


@strict.handler()
async def enum_out(ctx: restate.Context) -> Colour:
    return Colour.RED


@strict.handler()
async def set_out(ctx: restate.Context) -> set[int]:
    return {1}


@strict.handler()
async def bytes_out(ctx: restate.Context) -> bytes:
    return b"\x00\xff"


@strict.handler()
async def not_a_number(ctx: restate.Context) -> float:
    return float("nan")
