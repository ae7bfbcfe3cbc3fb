"""Every annotation that the official SDK accepts is accepted, and its values can be written and read."""

from __future__ import annotations

import collections
import enum
import json
import subprocess
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import GenericAlias
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    Never,
    NewType,
    Protocol,
    Self,
    TypedDict,
    TypeVar,
    Union,
)

import annotated_types
import awaken
import msgspec
import pydantic
import pytest
import restate
from awaken.endpoint.discovery import Discovery
from awaken.errors import SerdeError
from awaken.serde import DefaultSerde
from awaken.serde.annotations import raw_type
from awaken.testing import open_environment
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call

T = TypeVar("T")


class Ratio(enum.Enum):
    HALF = 0.5
    ALL = 1.0


class Switch(enum.Enum):
    ON = True
    OFF = False
    UNKNOWN = None


class Corner(enum.Enum):
    ORIGIN = (0, 0)
    END = (1, [2])


class Mixed(enum.Enum):
    NAME = "a"
    NUMBER = 1


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    LOW = 1
    HIGH = 2


class Sku(str):  # noqa: SLOT000  # as people write it
    """Stock keeping unit."""


class Level(int):
    pass


class Even(int):
    def __new__(cls, value: int) -> Self:
        if value % 2:
            raise ValueError("is odd")
        return super().__new__(cls, value)


class Money(int):
    def __new__(cls, amount: int, currency: str) -> Self:
        return super().__new__(cls, amount)


class Cart(dict[str, int]):
    pass


class Named(Protocol):
    name: str


class Shape(ABC):
    @abstractmethod
    def area(self) -> float: ...


class Ordinary:
    def __init__(self, name: str) -> None:
        self.name = name


class Box(Generic[T]):
    pass


@dataclass
class Page(Generic[T]):
    items: list[T]


@dataclass
class Paths:
    path: Path
    ratio: Ratio | None = None
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    anything: object = None
    sku: Sku = field(default_factory=lambda: Sku("none"))


@dataclass
class Outer:
    paths: list[Paths]
    model: Model | None = None


@dataclass
class WithOrdinary:
    it: Ordinary
    n: int


class Model(pydantic.BaseModel):
    path: Path = Path("a")


class Row(NamedTuple):
    name: str
    ratio: Ratio


class GenericRow(NamedTuple, Generic[T]):
    item: T


Untyped = collections.namedtuple("Untyped", "a b")


class Keyed(TypedDict):
    ratio: Ratio
    sku: Sku


class Struct(msgspec.Struct):
    path: Path


Ids = TypeAliasType("Ids", list[int])
Pairs = TypeAliasType("Pairs", "dict[str, Sku]")
Nested = TypeAliasType("Nested", Union[list["Nested"], int])  # type: ignore[misc]  # noqa: UP007
Tree = TypeAliasType("Tree", "dict[str, Tree] | Sku")
Old = Union[dict[str, "Old"], list["Old"], Sku, None]  # noqa: UP007
UserId = NewType("UserId", str)

#: Types and values that come back as they were.
READABLE: list[tuple[Any, Any]] = [
    (dict[str, object], {"a": [1, {"b": None}]}),
    (object, {"a": 1}),
    (list[object], [1, "a"]),
    (collections.Counter, collections.Counter("aab")),
    (collections.Counter[str], collections.Counter("aab")),
    (collections.OrderedDict, collections.OrderedDict(b=1, a=2)),
    (collections.OrderedDict[str, int], collections.OrderedDict(b=1, a=2)),
    (collections.defaultdict[str, int], collections.defaultdict(int, a=1)),
    (collections.defaultdict, collections.defaultdict(None, a=1)),
    (collections.deque, collections.deque([1, 2])),
    (collections.deque[date], collections.deque([date(2026, 1, 2)])),
    (list[collections.deque[int]], [collections.deque([1])]),
    (dict[date, Sku], {date(2026, 1, 2): Sku("a")}),
    (dict[date, collections.deque[Level]], {date(2026, 1, 2): collections.deque([Level(1)])}),
    (Sku, Sku("a")),
    (list[Sku], [Sku("a")]),
    (dict[Sku, Sku], {Sku("a"): Sku("b")}),
    (Sku | None, Sku("a")),
    (Sku | int, 3),
    (Level, Level(3)),
    (Even, Even(4)),
    (Cart, Cart(a=1)),
    (Path, Path("/a/b")),
    (PurePosixPath, PurePosixPath("a")),
    (list[Path], [Path("a")]),
    (pydantic.JsonValue, {"a": [1, None, "x", 2.5]}),
    (list[pydantic.JsonValue], [1, {"a": None}]),
    (pydantic.HttpUrl, pydantic.HttpUrl("http://a.b/c")),
    (Ratio, Ratio.HALF),
    (list[Ratio], [Ratio.ALL]),
    (dict[Ratio, int], {Ratio.HALF: 1}),
    (Ratio | None, None),
    (Switch, Switch.ON),
    (Switch, Switch.UNKNOWN),
    (list[Switch], [Switch.OFF, Switch.UNKNOWN]),
    (Corner, Corner.END),
    (Mixed, Mixed.NUMBER),
    (Access, Access.READ | Access.WRITE),
    (Bits, Bits.LOW | Bits.HIGH),
    (Literal[Ratio.HALF], Ratio.HALF),
    (Literal[Ratio.HALF, "a", None], "a"),
    (list[Literal[Mixed.NAME, 2]], [Mixed.NAME, 2]),
    (Literal[True], True),
    (Ids, [1]),
    (Pairs, {"a": Sku("b")}),
    (Nested, [[1], 2]),
    (Tree, {"a": {"b": Sku("c")}}),
    (list[Tree], [Sku("a"), {"a": Sku("c")}]),
    (Old, {"a": [Sku("b"), None]}),
    (UserId, "a"),
    (dict[UserId, int], {"a": 1}),
    (dict[bool, int], {True: 1, False: 0}),
    (dict[bool, Sku], {True: Sku("a")}),
    (dict[None, int], {None: 1}),
    (dict[int | None, str], {None: "a", 3: "b"}),
    (dict[float, Ratio], {1.5: Ratio.ALL}),
    (Page[int], Page([1])),
    (Page[Sku], Page([Sku("a")])),
    (Paths, Paths(Path("a"), Ratio.ALL, collections.Counter("a"), {"a": 1}, Sku("b"))),
    (Outer, Outer([Paths(Path("a"))], Model())),
    (Row, Row("a", Ratio.ALL)),
    (list[Row], [Row("a", Ratio.ALL)]),
    (GenericRow[int], GenericRow(1)),
    (Untyped, Untyped(1, "b")),
    (Keyed, {"ratio": Ratio.ALL, "sku": Sku("a")}),
    (Struct, Struct(Path("a"))),
    (tuple[Sku, Ratio], (Sku("a"), Ratio.HALF)),
    (set[Sku], {Sku("a")}),
    (Annotated[Decimal, annotated_types.Gt(0)], Decimal("1.5")),
    (Annotated[Sku, "doc"], Sku("a")),
    (Annotated[int, pydantic.Field(description="doc")], 1),
    (bytearray, bytearray(b"\x00")),
    (list[bytearray], [bytearray(b"\x00")]),
]

#: Types that nothing can read, with JSON that passes as it is.
PLAIN: list[tuple[Any, Any]] = [
    (Money, 5),
    (Named, {"name": "a"}),
    (Shape, {"side": 1}),
    (Ordinary, {"name": "a"}),
    (list[Ordinary], [{"name": "a"}]),
    (dict[str, Ordinary], {"a": {"name": "a"}}),
    (Ordinary | None, None),
    (Ordinary | None, {"name": "a"}),
    (Box[int], {"a": 1}),
    (list[Box[Sku]], ["a"]),
    (Callable, "a"),
    (Callable[[int], str], "a"),
    (type, "int"),
    (type[int], "int"),
    (Iterator[int], [1]),
    (Hashable, "a"),
    (Never, "a"),
    (dict[tuple[int, int], int], {"a": 1}),
    (range, [1, 2]),
]


def annotated(function: Any, **annotations: Any) -> Any:
    function.__annotations__ = annotations
    return function


def echo_of(sdk: Any, hint: Any) -> Any:
    service = sdk.Service("Echo")

    async def echo(ctx: Any, value: Any) -> Any:
        return value

    service.handler()(annotated(echo, value=hint, **{"return": hint}))
    return service


def id_of(case: Any) -> str:
    return str(getattr(case, "__name__", case))[:40]


@pytest.mark.parametrize(("hint", "value"), READABLE, ids=id_of)
def test_value_comes_back_as_it_was(hint: Any, value: Any) -> None:
    for serde in (DefaultSerde(hint), DefaultSerde[Any]().with_maybe_type(hint)):
        result: Any = serde.deserialize(serde.serialize(value))

        assert result == value
        assert type(result) is type(value)
        if isinstance(value, (list, tuple)):
            assert [type(part) for part in result] == [type(part) for part in value]


@pytest.mark.parametrize(("hint", "value"), [*READABLE, *PLAIN], ids=id_of)
def test_type_is_registered_and_described(hint: Any, value: Any) -> None:
    discovery = Discovery([echo_of(awaken, hint)], min_protocol_version=5, max_protocol_version=7)

    [handler] = json.loads(discovery.manifest(4, "bidi"))["services"][0]["handlers"]
    for side in ("input", "output"):
        assert isinstance(handler[side].get("jsonSchema", {}), dict)


@pytest.mark.parametrize(("hint", "value"), PLAIN, ids=id_of)
async def test_type_that_nothing_reads_passes_json_as_in_the_official_sdk(hint: Any, value: Any) -> None:
    body = b"" if value is None else json.dumps(value).encode()

    call = Call(echo_of(awaken, hint), "echo")
    call.send(frames.request(body))
    await call.until_ended()

    official = restate.app([echo_of(restate, hint)])
    assert call.exchange.body == await answer_of(official, "Echo", "echo", frames.request(body))
    assert "Error" not in call.answer


@pytest.mark.parametrize("hint", [Ordinary, list[Box[int]], Named, WithOrdinary])
def test_type_that_nothing_reads_is_refused_by_a_strict_application(hint: Any) -> None:
    with pytest.raises(TypeError, match=r"Echo/echo at .*test_annotations.py:\d+: cannot read"):
        awaken.app([echo_of(awaken, hint)], strict=True)


@pytest.mark.filterwarnings("ignore::awaken.testing.DevelopmentWarning")
async def test_type_that_nothing_reads_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with open_environment(echo_of(awaken, Ordinary)) as environment:
        await environment.client.generic_call("Echo", "echo", b"{}")

    assert "input of Echo/echo: cannot read Ordinary from JSON" in caplog.text
    assert "passes as plain JSON; `awaken.app(..., strict=True)` refuses such types" in caplog.text


def test_dataclass_keeps_what_can_be_read_beside_what_cannot() -> None:
    serde: DefaultSerde[Any] = DefaultSerde[Any]().with_maybe_type(WithOrdinary)

    value: Any = serde.deserialize(b'{"it": {"name": "a"}, "n": 1}')

    assert (type(value), value.it, value.n) == (WithOrdinary, {"name": "a"}, 1)
    with pytest.raises(SerdeError):
        serde.deserialize(b'{"it": {}, "n": "x"}')


@pytest.mark.parametrize(
    ("hint", "data"),
    [
        (Ratio, b"0.25"),
        (Mixed, b'"b"'),
        (Literal[Ratio.HALF], b"1.0"),
        (Sku, b"1"),
        (Even, b"3"),
        (list[Sku], b"[1]"),
        (Path, b"1"),
        (pydantic.HttpUrl, b'"not a url"'),
        (Paths, b'{"path": "a", "ratio": 7}'),
        (Keyed, b'{"ratio": 7}'),
        (Tree, b'{"a": 1}'),
        (dict[bool, Sku], b'{"maybe": "a"}'),
    ],
    ids=id_of,
)
def test_value_of_another_type_is_refused(hint: Any, data: bytes) -> None:
    with pytest.raises(SerdeError):
        DefaultSerde[Any]().with_maybe_type(hint).deserialize(data)


CONSTRAINED: list[tuple[Any, bytes, bytes]] = [
    (Annotated[int, pydantic.Field(gt=0)], b"1", b"0"),
    (Annotated[int, annotated_types.Gt(0)], b"1", b"0"),
    (Annotated[int, annotated_types.Interval(ge=1, lt=3)], b"1", b"3"),
    (Annotated[int, msgspec.Meta(gt=0)], b"1", b"0"),
    (Annotated[int, pydantic.Field(multiple_of=5)], b"5", b"6"),
    (Annotated[str, pydantic.Field(min_length=2)], b'"ab"', b'"a"'),
    (Annotated[str, pydantic.Field(pattern="^a")], b'"ab"', b'"b"'),
    (Annotated[str, pydantic.StringConstraints(max_length=1)], b'"a"', b'"ab"'),
    (Annotated[list[int], annotated_types.Len(1, 2)], b"[1]", b"[]"),
    (Annotated[int | None, pydantic.Field(gt=0)], b"1", b"0"),
    (Annotated[Decimal, pydantic.Field(gt=0)], b'"1"', b'"0"'),
    (Annotated[date, annotated_types.Gt(date(2026, 1, 1))], b'"2026-02-01"', b'"2025-01-01"'),
    (Annotated[int, pydantic.AfterValidator(abs), pydantic.Field(lt=3)], b"1", b"5"),
    (pydantic.PositiveInt, b"1", b"0"),
    (list[Annotated[int, pydantic.Field(gt=0)]], b"[1]", b"[0]"),
    (dict[str, pydantic.PositiveInt], b'{"a": 1}', b'{"a": 0}'),
    (Annotated[bytes, annotated_types.MaxLen(2)], b"ab", b"abc"),
]


@pytest.mark.parametrize(("hint", "good", "bad"), CONSTRAINED, ids=id_of)
def test_constraint_of_an_annotation_is_checked(hint: Any, good: bytes, bad: bytes) -> None:
    serde: DefaultSerde[Any] = DefaultSerde[Any]().with_maybe_type(hint)

    assert serde.deserialize(good) is not None
    with pytest.raises(SerdeError):
        serde.deserialize(bad)


@dataclass
class Limited:
    amount: Annotated[int, pydantic.Field(gt=0)]
    parts: list[Part] = field(default_factory=list)


@dataclass
class Part:
    size: pydantic.PositiveInt


@pytest.mark.parametrize("bad", [b'{"amount": 0}', b'{"amount": 1, "parts": [{"size": 0}]}'])
def test_constraint_of_a_field_is_checked(bad: bytes) -> None:
    serde = DefaultSerde(Limited)

    assert serde.deserialize(b'{"amount": 1, "parts": [{"size": 1}]}') == Limited(1, [Part(1)])
    with pytest.raises(SerdeError, match=r"greater than 0|>= 1|> 0"):
        serde.deserialize(bad)


async def test_constraint_given_as_the_default_of_a_parameter_is_checked() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def required(ctx: awaken.Context, amount: int = pydantic.Field(gt=0)) -> int:
        return amount

    @service.handler()
    async def optional(ctx: awaken.Context, amount: int = pydantic.Field(5, gt=0)) -> int:
        return amount

    async with open_environment(service, disable_retries=True) as environment:
        call = environment.client.generic_call
        assert await call("S", "required", b"1") == b"1"
        assert await call("S", "optional", b"") == b"5"
        for handler, body in (("required", b"0"), ("required", b""), ("optional", b"0")):
            with pytest.raises(awaken.HttpError, match="Unable to parse an input argument"):
                await call("S", handler, body)


def test_schema_has_the_constraint() -> None:
    from awaken.serde.schema import schema_for

    assert schema_for(Annotated[int, pydantic.Field(gt=0)]) == {"type": "integer", "exclusiveMinimum": 0}
    assert schema_for(Ratio) == {"enum": [0.5, 1.0]}
    assert schema_for(Sku) == {"type": "string"}


@dataclass
class Made:
    name: str
    seed: InitVar[int]


@dataclass
class MadeWithDefault:
    name: str
    seed: InitVar[int] = 3
    twice: int = field(init=False)

    def __post_init__(self, seed: int) -> None:
        self.twice = 2 * seed


@pytest.mark.parametrize("hint", [Made, list[Made], dict[str, Made | None], Page[Made]])
def test_dataclass_with_a_required_init_var_is_refused_where_it_is_declared(hint: Any) -> None:
    with pytest.raises(
        TypeError, match=r"Echo/echo at .*cannot read Made from JSON: its constructor takes 'seed'"
    ):
        echo_of(awaken, hint)


def test_dataclass_with_an_init_var_that_has_a_default_is_read() -> None:
    value = MadeWithDefault("a")

    assert DefaultSerde(MadeWithDefault).deserialize(DefaultSerde[Any]().serialize(value)) == value


def test_type_of_a_module_that_is_still_being_imported_is_looked_up_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = types.ModuleType("half_imported")
    monkeypatch.setitem(sys.modules, "half_imported", half)
    source = (
        "from __future__ import annotations\nimport dataclasses\nimport awaken, half_imported\n"
        "service = awaken.Service('S')\n"
        "@dataclasses.dataclass\nclass Holder:\n    order: half_imported.Order\n"
        "@service.handler()\nasync def h(ctx: awaken.Context, order: half_imported.Order) -> Holder: ...\n"
    )
    module = types.ModuleType("test_half")
    monkeypatch.setitem(sys.modules, "test_half", module)
    exec(compile(source, "test_half.py", "exec"), vars(module))
    handler = module.service.handlers["h"]

    with pytest.raises(NameError, match="Order"):
        _ = handler.io
    half.Order = Part  # type: ignore[attr-defined]

    assert handler.input_serde.deserialize(b'{"size": 1}') == Part(1)


@st.composite
def annotated_values(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw an annotation and a value of it, nested at random."""
    hint, values = draw(st.sampled_from(LEAVES))
    for _ in range(draw(st.integers(0, 4))):
        nest, values_of = draw(st.sampled_from(NESTINGS))
        hint, values = nest(hint), values_of(values)
    return hint, draw(values)


text = st.text(max_size=3)
LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (bool, st.booleans()),
    (str, st.text(st.characters())),
    (object, st.dictionaries(text, st.integers())),
    (date, st.dates()),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (Sku, st.builds(Sku, text)),
    (Ratio, st.sampled_from(Ratio)),
    (Corner, st.sampled_from(Corner)),
    (Mixed, st.sampled_from(Mixed)),
    (Path, st.just(Path("a/b"))),
    (Model, st.builds(Model, path=st.just(Path("a")))),
    (Even, st.integers().map(lambda number: Even(2 * number))),
    (Literal[Ratio.HALF, "x", 3], st.sampled_from([Ratio.HALF, "x", 3])),
    (pydantic.PositiveInt, st.integers(1)),
    (Tree, st.builds(Sku, text) | st.dictionaries(text, st.builds(Sku, text))),
    (Keyed, st.fixed_dictionaries({"ratio": st.sampled_from(Ratio), "sku": st.builds(Sku, text)})),
    (Row, st.builds(Row, text, st.sampled_from(Ratio))),
    (bytearray, st.binary().map(bytearray)),
]
#: What an annotation is put into, and how its values look; subscripted here, where checkers do not take it for a type.
NESTINGS: list[tuple[Callable[[Any], Any], Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]]]] = [
    (lambda hint: GenericAlias(list, (hint,)), lambda values: st.lists(values, max_size=3)),
    (lambda hint: GenericAlias(dict, (str, hint)), lambda values: st.dictionaries(text, values, max_size=3)),
    (lambda hint: GenericAlias(dict, (bool, hint)), lambda values: st.dictionaries(st.booleans(), values)),
    (
        lambda hint: GenericAlias(dict, (Sku, hint)),
        lambda values: st.dictionaries(st.builds(Sku, text), values, max_size=3),
    ),
    (lambda hint: GenericAlias(tuple, (hint, int)), lambda values: st.tuples(values, st.integers())),
    (lambda hint: GenericAlias(tuple, (hint, ...)), lambda values: st.lists(values, max_size=3).map(tuple)),
    (
        lambda hint: GenericAlias(collections.deque, (hint,)),
        lambda values: st.lists(values, max_size=3).map(collections.deque),
    ),
    (
        lambda hint: GenericAlias(list, (Union[hint, None],)),  # noqa: UP007
        lambda values: st.lists(values | st.none(), max_size=3),
    ),
    (lambda hint: Page.__class_getitem__(hint), lambda values: st.builds(Page, st.lists(values, max_size=3))),  # type: ignore[attr-defined]
    (lambda hint: Annotated.__class_getitem__((hint, "doc")), lambda values: values),  # type: ignore[attr-defined]
]


@pytest.mark.slow
@settings(max_examples=150)
@given(annotated_values())
def test_types_inside_of_types_come_back_as_they_were(case: tuple[Any, Any]) -> None:
    hint, value = case
    for serde in (DefaultSerde(hint), DefaultSerde[Any]().with_maybe_type(hint)):
        body = serde.serialize(value)
        result: Any = serde.deserialize(body)

        if raw_type(hint) is None:
            assert repr(result) == repr(value)
        else:
            assert bytes(result) == bytes(value)
        assert type(result) is type(value)


@pytest.mark.slow
def test_without_pydantic_json_is_plain_where_msgspec_does_not_know_a_type() -> None:
    script = """
import subprocess
import sys
sys.modules["pydantic"] = sys.modules["pydantic_core"] = None
import collections, enum, json
from pathlib import Path
from typing import Annotated, Protocol
import annotated_types
import awaken
from awaken.endpoint.discovery import Discovery
from awaken.errors import SerdeError
from awaken.serde import DefaultSerde

class Sku(str):
    pass

class Ratio(enum.Enum):
    HALF = 0.5

read = lambda hint, text: DefaultSerde().with_maybe_type(hint).deserialize(text)
assert read(Path, b'"a"') == "a"
assert read(list[Path], b'["a"]') == ["a"]
assert read(collections.deque[int], b"[1]") == collections.deque([1])
assert read(collections.Counter, b'{"a": 1}') == collections.Counter("a")
assert type(read(Sku, b'"a"')) is Sku
assert read(Ratio, b"0.5") is Ratio.HALF
try:
    read(Annotated[int, annotated_types.Gt(0)], b"0")
except SerdeError:
    pass
else:
    raise AssertionError
service = awaken.Service("S")

@service.handler()
async def h(ctx: awaken.Context, given: dict[str, Path]) -> collections.deque:
    ...

Discovery([service], min_protocol_version=5, max_protocol_version=7).manifest(4, "bidi")
"""
    # The script asserts.
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stderr
