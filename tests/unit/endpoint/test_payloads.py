"""Every annotated type can be used in every place where values occur, and comes back unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import awaken
import msgspec
import pydantic
import pytest
import restate
from awaken.serde import DefaultSerde

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call

ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
NOON = datetime(2026, 2, 28, 12, 30, 1, 500, tzinfo=UTC)


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Inner:
    id: UUID
    at: datetime


@dataclass
class Order:
    item: str
    price: Decimal
    inner: Inner | None = None
    tags: set[str] = field(default_factory=set)


@dataclass
class Square:
    side: int


@dataclass
class Circle:
    radius: int


@dataclass
class Drawing:
    shapes: list[Square | Circle]
    frame: Square | Circle | None = None


class Person(TypedDict):
    name: str
    born: date
    nickname: NotRequired[str]


class Point(NamedTuple):
    x: int
    y: int


class Model(pydantic.BaseModel):
    name: str
    id: UUID
    children: list[Model] = []


class Record(msgspec.Struct):
    name: str
    when: datetime


ORDER = Order("desk", Decimal("300.10"), Inner(ID, NOON), {"b", "a"})
MODEL = Model(name="a", id=ID, children=[Model(name="b", id=ID)])

#: Annotation and value; the place of the value in a failing test's name is its text.
TYPED: list[tuple[Any, Any]] = [
    (Order, ORDER),
    (Order, Order("plain", Decimal("0.1"))),
    (list[Order], [ORDER, ORDER]),
    (dict[str, Order], {"k": ORDER}),
    (Person, {"name": "Ada", "born": date(1815, 12, 10)}),
    (list[Person], [{"name": "Ada", "born": date(1815, 12, 10), "nickname": "A"}]),
    (Point, Point(1, 2)),
    (Model, MODEL),
    (list[Model], [MODEL, MODEL]),
    (dict[str, Model], {"k": MODEL}),
    (Model | None, MODEL),
    (Record, Record("r", NOON)),
    (list[Record], [Record("r", NOON)]),
    (UUID, ID),
    (list[UUID], [ID]),
    (dict[UUID, int], {ID: 1}),
    (datetime, NOON),
    (date, NOON.date()),
    (time, time(12, 30, 1)),
    (timedelta, timedelta(days=1, seconds=2.5)),
    (Decimal, Decimal("12345678901234567890.123456789")),
    (Color, Color.GREEN),
    (list[Color], [Color.RED, Color.GREEN]),
    (dict[Color, int], {Color.RED: 1}),
    (Level, Level.HIGH),
    (set[int], {3, 1, 2}),
    (set[UUID], {ID}),
    (frozenset[str], frozenset({"b", "a"})),
    (tuple[int, str], (1, "a")),
    (tuple[Color, ...], (Color.RED,)),
    (bytes, b"\x00\xff raw"),
    (bytes | None, b"raw"),
    (list[bytes], [b"\x00\xff"]),
    (Order | None, ORDER),
    (Order | None, None),
    (int | str, "a"),
    (int | str, 1),
    (int | None, None),
    (UUID | int, ID),
    (Square | Circle, Circle(2)),
    (list[Square | Circle], [Square(1), Circle(2)]),
    (Drawing, Drawing([Square(1), Circle(2)], Circle(3))),
    (list[Drawing], [Drawing([])]),
    (Person | Drawing, Drawing([Square(1)])),
    (Literal["a", "b"], "b"),
    (Annotated[int, msgspec.Meta(ge=1)], 3),
    (Sequence[Order], [ORDER]),
    (Mapping[str, Color], {"k": Color.RED}),
]

#: What both SDKs write and read.
PLAIN: list[tuple[Any, Any]] = [
    (str, 'text with "quotes", \\ and é ☃ 𝄞'),
    (int, -(2**53)),
    (int, 2**70),
    (float, 0.1),
    (float, 1e300),
    (bool, True),
    (dict, {"b": 1, "a": [1, 2.5, None, "x", {"deep": []}], "": False}),
    (list, [1, "2", None]),
    (dict[str, int], {"z": 1, "a": 2}),
    (Any, {"any": [1]}),
    # What builtin annotations say is not checked.
    (float, 2),
    (int, 2.0),
    (int, 2.5),
    (str, 42),
    (bool, 1),
    (dict, [1]),
    (list, {"a": 1}),
    (list[int], [1.5, "x"]),
    (list[float], [1, 2.5]),
    (dict[str, int], {"a": 1.5}),
    (dict[str, list[int]], {"a": 1}),
    (int | str, [None]),
    (Sequence[int], {"a": 1}),
    (set[int], "x"),
    (tuple[int, int], [1]),
]

CASES = TYPED + PLAIN
#: The same in every process: sets are written in the order of their hashes, which differ.
IDS = [
    f"{getattr(hint, '__name__', hint)}-{sorted(value) if isinstance(value, frozenset) else value!s:.20}"
    for hint, value in CASES
]


def annotated(function: Any, **annotations: Any) -> Any:
    function.__annotations__ = annotations
    return function


def workflow_for(sdk: Any, hint: Any, value: Any, seen: dict[str, Any]) -> Any:
    """Return a workflow that has the value cross everywhere, and keeps what arrives."""
    workflow = sdk.Workflow("Crossing")

    async def shared(ctx: Any, value: Any) -> Any:
        return value

    async def effect() -> Any:
        return value

    async def run(ctx: Any, given: Any) -> Any:
        seen["input"] = given
        ctx.set("set", value)
        ctx.resolve_awakeable(ctx.awakeable()[0], value)
        ctx.resolve_signal(ctx.request().id, "s", value)
        ctx.workflow_send(other, "k", value)
        pending = {
            "run": ctx.run_typed("run", annotated(effect, **{"return": hint})),
            "hinted run": ctx.run_typed("hinted", lambda: value, awaken.RunOptions(type_hint=hint)),
            "call": ctx.workflow_call(other, "k", value),
            "awakeable": ctx.awakeable(type_hint=hint)[1],
            "signal": ctx.signal("s", type_hint=hint),
            "lazy state": ctx.get("lazy", type_hint=hint),
            "promise": ctx.promise("p", type_hint=hint).value(),
            "attach": ctx.attach_invocation(ctx.request().id, type_hint=hint),
        }
        await ctx.promise("p", type_hint=hint).resolve(value)
        seen["state that was set"] = await ctx.get("set", type_hint=hint)
        seen["eager state"] = await ctx.get("eager", type_hint=hint)
        for place, future in pending.items():
            seen[place] = await future
        return seen["run"]

    other = workflow.handler(name="shared")(annotated(shared, value=hint, **{"return": hint}))
    workflow.main(name="run")(annotated(run, given=hint, **{"return": hint}))
    return workflow


#: Commands in the order of the handler, with the field that carries the value: a Value message, or bare bytes.
COMMANDS = [
    ("SetState", 0x0403, 3),
    ("CompleteAwakeable", 0x0414, 2),
    ("SendSignal", 0x0410, 5),
    ("OneWayCall", 0x040E, None),
    ("Run", 0x0411, None),
    ("Run", 0x0411, None),
    ("Call", 0x040D, None),
    ("GetLazyState", 0x0402, None),
    ("GetPromise", 0x0409, None),
    ("AttachInvocation", 0x0412, None),
    ("CompletePromise", 0x040B, 2),
]


def completion(code: int, identifier: int, content: bytes) -> bytes:
    return frames.frame(code, frames.number(1, identifier) + frames.blob(5, frames.value(content)))


@pytest.mark.parametrize(("hint", "value"), CASES, ids=IDS)
async def test_value_crosses_everywhere(hint: Any, value: Any) -> None:
    body = DefaultSerde(hint).serialize(value)
    seen: dict[str, Any] = {}
    state = {"eager": body}

    first = Call(workflow_for(awaken, hint, value, seen), "run")
    first.send(frames.request(body, state=state))
    await first.until(lambda: "CompletePromise" in first.answer)
    commands = frames.read(first.exchange.body)
    assert [frame.name for frame in commands] == [name for name, _, _ in COMMANDS]
    for frame, (name, _, number) in zip(commands, COMMANDS, strict=True):
        if number is not None:
            assert frames.blob(number, frames.value(body)) in frame.payload, name
    for name in ("OneWayCall", "Call"):
        payload = next(frame.payload for frame in commands if frame.name == name)
        assert not body or frames.blob(3, body) in payload

    recorded = [
        frames.frame(code, frame.payload) for frame, (_, code, _) in zip(commands, COMMANDS, strict=True)
    ]
    results = [
        frames.frame(0x800B, frames.number(1, 9) + frames.blob(4, b"")),
        completion(0x8011, 2, body),
        completion(0x8011, 3, body),
        completion(0x800D, 5, body),
        frames.signal(18, body),
        frames.frame(0xFBFF, frames.blob(3, "s") + frames.blob(5, frames.value(body))),
        completion(0x8002, 6, body),
        completion(0x8009, 7, body),
        completion(0x8012, 8, body),
    ]
    second = Call(workflow_for(awaken, hint, value, seen), "run")
    second.send(frames.request(body, *recorded, *results, state=state))
    await second.until_ended()

    assert second.answer == ["GetEagerState", "GetEagerState", "Output", "End"]
    assert frames.blob(14, frames.value(body)) in second.exchange.body
    assert len(seen) == 11
    for place, arrived in seen.items():
        assert arrived == value, place
        assert type(arrived) is type(value), place
        assert not isinstance(value, list) or type(arrived[0]) is type(value[0]), place


@pytest.mark.parametrize(("hint", "value"), CASES, ids=IDS)
async def test_run_proposes_the_value(hint: Any, value: Any) -> None:
    async def effect() -> Any:
        return value

    async def handler(ctx: awaken.Context) -> None:
        await ctx.run_typed("run", annotated(effect, **{"return": hint}))

    service = awaken.Service("S")
    service.handler()(handler)
    call = Call(service, "handler")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")

    proposed = frames.read(call.exchange.body)[1].payload
    assert proposed == frames.number(1, 1) + frames.blob(14, DefaultSerde(hint).serialize(value))


@pytest.mark.parametrize(("hint", "value"), CASES, ids=IDS)
async def test_schema_of_input_and_output_is_told(hint: Any, value: Any) -> None:
    endpoint = awaken.app([workflow_for(awaken, hint, value, {})])
    described = json.loads(endpoint_manifest(endpoint))
    [handler] = [one for one in described["services"][0]["handlers"] if one["name"] == "run"]

    if hint is Any or hint in (bytes, bytes | None):
        return  # nothing to report: any JSON, or no JSON
    for side in ("input", "output"):
        schema = handler[side]["jsonSchema"]
        assert isinstance(schema, dict)
        text = json.dumps(schema)
        assert schema
        assert ": true" not in text.replace('"uniqueItems": true', "")
        assert '"items": {}' not in text


def endpoint_manifest(endpoint: Any) -> bytes:
    from awaken.endpoint.discovery import Discovery

    discovery = Discovery(endpoint.services.values(), min_protocol_version=5, max_protocol_version=7)
    return discovery.manifest(4, "bidi")


def test_schemas_are_complete_inside_of_types() -> None:
    described = json.loads(endpoint_manifest(awaken.app([workflow_for(awaken, list[Order], [], {})])))
    text = json.dumps(described)
    for detail in ("price", "inner", "uuid", "decimal", "uniqueItems"):
        assert detail in text


@pytest.mark.parametrize(("hint", "value"), PLAIN, ids=[str(value)[:20] for _, value in PLAIN])
async def test_plain_values_are_the_bytes_of_json_dumps_and_of_the_official_sdk(
    hint: Any, value: Any
) -> None:
    body = json.dumps(value).encode()
    assert DefaultSerde(hint).serialize(value) == body

    ours = Call(workflow_for(awaken, hint, value, {}), "shared")
    ours.send(frames.request(body))
    await ours.until_ended()
    official = restate.app([workflow_for(restate, hint, value, {})])
    assert ours.exchange.body == await answer_of(official, "Crossing", "shared", frames.request(body))


def test_dataclasses_of_plain_values_are_the_bytes_of_json_dumps() -> None:
    value = Square(2)
    assert DefaultSerde(Square).serialize(value) == json.dumps(asdict(value)).encode()


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": -float("inf")}])
@pytest.mark.parametrize("place", ["output", "run", "state", "awakeable", "signal", "promise", "call"])
async def test_not_a_number_is_refused_where_it_is_written(place: str, value: Any) -> None:
    async def write(ctx: Any) -> Any:
        match place:
            case "output":
                return value
            case "run":
                await ctx.run_typed("r", lambda: value)
            case "state":
                ctx.set("a", value)
            case "awakeable":
                ctx.resolve_awakeable(ctx.awakeable()[0], value)
            case "signal":
                ctx.resolve_signal(ctx.request().id, "s", value)
            case "promise":
                await ctx.promise("p").resolve(value)
            case "call":
                await ctx.workflow_call(handler, "k", value)
        raise AssertionError("it was written")

    workflow = awaken.Workflow("W")
    handler = workflow.main()(write)
    call = Call(workflow, "write")
    call.send(frames.request())
    last = "ProposeRunCompletion" if place == "run" else "End"
    while call.answer[-1:] != [last]:
        await call.settle()

    assert b"NaN" not in call.exchange.body.partition(b"Traceback")[0]
    assert b"JSON" in call.exchange.body
