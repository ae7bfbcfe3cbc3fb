"""Every supported type comes back as it was, and plain values keep the bytes of `json.dumps`."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pydantic
import pytest
from awaken.errors import SerdeError
from awaken.serde import BytesSerde, DefaultSerde, JsonSerde, MsgspecJsonSerde, PydanticJsonSerde, is_pydantic
from hypothesis import given, settings
from hypothesis import strategies as st


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: int


class Settings(TypedDict):
    name: str
    until: date


class Model(pydantic.BaseModel):
    a: int
    b: str | None = None


class OtherModel(pydantic.BaseModel):
    c: float


class StrictModel(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    day: date


@pydantic.dataclasses.dataclass
class Checked:
    a: int


class Struct(msgspec.Struct):
    x: float
    tags: set[str] = msgspec.field(default_factory=set)


@dataclass
class Leaf:
    n: int


@dataclass
class Branch:
    id: UUID
    models: list[Model] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    parent: Branch | None = None


@dataclass
class Unreadable:
    what: Model | Struct


@dataclass
class Either:
    what: Model | OtherModel


class Planet(Enum):
    EARTH = Leaf(3)


class Ambiguous(msgspec.Struct):
    """msgspec writes it, and could not read it."""

    what: Leaf | Branch


@dataclass
class Text:
    text: str


class Opaque:
    pass


def round_trip(annotation: Any, value: Any) -> Any:
    serde: DefaultSerde[Any] = DefaultSerde(annotation)
    return serde.deserialize(serde.serialize(value))


# Text without surrogates, which are not characters; those have tests of their own.
text = st.text(st.characters(codec="utf-8"))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
plain = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=12)

TYPED = [
    (
        Branch,
        st.builds(Branch, id=st.uuids(), models=st.lists(st.builds(Model, a=st.integers(-9, 9), b=text))),
    ),
    (Settings, st.fixed_dictionaries({"name": text, "until": st.dates()})),
    (Point, st.builds(Point, st.integers(), st.integers())),
    (list[Model], st.lists(st.builds(Model, a=st.integers(-9, 9), b=text))),
    (Model, st.builds(Model, a=st.integers(-9, 9), b=text)),
    (Struct, st.builds(Struct, x=st.floats(allow_nan=False, allow_infinity=False), tags=st.sets(text))),
    (UUID, st.uuids()),
    (datetime, st.datetimes() | st.datetimes(timezones=st.just(UTC))),
    (date, st.dates()),
    (timedelta, st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (Color, st.sampled_from(Color)),
    (Level, st.sampled_from(Level)),
    (set[int], st.sets(st.integers())),
    (frozenset[Color], st.frozensets(st.sampled_from(Color))),
    (tuple[int, str], st.tuples(st.integers(), text)),
    (tuple[UUID, ...], st.lists(st.uuids()).map(tuple)),
    (bytes, st.binary()),
    (list[bytes], st.lists(st.binary())),
    (dict[UUID, list[date]], st.dictionaries(st.uuids(), st.lists(st.dates()))),
    (dict[int, str], st.dictionaries(st.integers(), text)),
    (int | str | None, st.none() | st.integers() | text),
    (
        list[Leaf | Point],
        st.lists(st.builds(Leaf, n=st.integers()) | st.builds(Point, st.just(1), st.just(2))),
    ),
    (Model | OtherModel, st.builds(Model, a=st.integers(-9, 9)) | st.builds(OtherModel, c=st.just(0.5))),
    (list[Branch | Struct], st.lists(st.builds(Branch, id=st.uuids()) | st.builds(Struct, x=st.just(0.5)))),
    (Model | str, st.builds(Model, a=st.integers(-9, 9)) | text),
    (UUID | datetime | None, st.none() | st.uuids() | st.datetimes()),
    (
        Either,
        st.builds(Either, st.builds(Model, a=st.integers(-9, 9)) | st.builds(OtherModel, c=st.just(0.5))),
    ),
    (list[Checked], st.lists(st.builds(Checked, a=st.integers(-9, 9)))),
    (StrictModel | None, st.none() | st.builds(StrictModel, day=st.dates())),
    (list[StrictModel], st.lists(st.builds(StrictModel, day=st.dates()))),
    (Literal["a", "b"], st.sampled_from(["a", "b"])),
    (Annotated[int, msgspec.Meta(ge=0)], st.integers(0)),
]


@pytest.mark.parametrize(("annotation", "values"), TYPED, ids=lambda part: str(part)[:40])
@settings(max_examples=25)  # times thirty types
@given(data=st.data())
def test_value_comes_back_as_it_was(
    annotation: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)

    result = round_trip(annotation, value)

    assert result == value
    assert type(result) is type(value)


@given(plain)
def test_plain_value_keeps_the_bytes_of_json_dumps(value: Any) -> None:
    expected = b"" if value is None else json.dumps(value).encode()

    assert DefaultSerde[Any]().serialize(value) == expected
    assert JsonSerde[Any]().serialize(value) == expected


@given(plain)
def test_untyped_reading_equals_json_loads(value: Any) -> None:
    data = json.dumps(value).encode()

    assert repr(DefaultSerde[Any]().deserialize(data)) == repr(json.loads(data))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Leaf(1), {"n": 1}),
        (Point(1, 2), [1, 2]),
        (Color.RED, "red"),
        ([Planet.EARTH], [{"n": 3}]),
        ([Ambiguous(Leaf(1))], [{"what": {"n": 1}}]),
        ({"when": [date(2026, 1, 2)]}, {"when": ["2026-01-02"]}),
        ([Model(a=1)], [{"a": 1, "b": None}]),
        ({UUID(int=1): Decimal("1.10")}, {"00000000-0000-0000-0000-000000000001": "1.10"}),
    ],
    ids=repr,
)
def test_typed_value_is_written_like_its_plain_form(value: Any, expected: Any) -> None:
    assert DefaultSerde[Any]().serialize(value) == json.dumps(expected).encode()


def test_models_at_the_top_are_written_by_their_own_library() -> None:
    serde: DefaultSerde[Any] = DefaultSerde()

    assert serde.serialize(Model(a=1)) == Model(a=1).model_dump_json().encode() == b'{"a":1,"b":null}'
    assert serde.serialize(Struct(1.5)) == msgspec.json.encode(Struct(1.5)) == b'{"x":1.5,"tags":[]}'


@pytest.mark.parametrize("annotation", [None, int, Model, Struct, list[Leaf], Model | None, bytes | None])
def test_none_is_the_empty_body_in_both_directions(annotation: Any) -> None:
    serde: DefaultSerde[Any] = DefaultSerde(annotation)

    assert serde.serialize(None) == b""
    assert serde.deserialize(b"") is None


def test_bytes_cross_verbatim_and_stay_bytes_when_empty() -> None:
    assert DefaultSerde[bytes]().serialize(b"\x00\xff") == b"\x00\xff"
    assert DefaultSerde(bytes).deserialize(b"\x00\xff") == b"\x00\xff"
    assert DefaultSerde(bytes).deserialize(b"") == b""
    assert BytesSerde().serialize(None) == BytesSerde().deserialize(b"") == b""


@pytest.mark.slow
def test_set_is_written_in_the_same_order_by_every_process() -> None:
    script = (
        "import sys; from awaken.serde import DefaultSerde; from test_serde_sets import values;"
        "sys.stdout.buffer.write(b' '.join(DefaultSerde().serialize(v) for v in values()))"
    )
    module = (
        "import sys, types, dataclasses, msgspec, uuid\n"
        "class S(msgspec.Struct):\n    tags: set[str]\n"
        "D = dataclasses.make_dataclass('D', [('tags', frozenset)])\n"
        "names = {'a', 'b', 'c', 'd', 'e', 'f'}\n"
        "mod = types.ModuleType('test_serde_sets')\n"
        "mod.values = lambda: [names, S(set(names)), D(frozenset(names)), {('x', 1), ('y', 2), ('z', 3)}]\n"
        "sys.modules['test_serde_sets'] = mod\n"
    )
    written = set()
    for seed in ("1", "2", "3", "4"):
        run = subprocess.run(
            [sys.executable, "-c", module + script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        )
        written.add(run.stdout)

    assert len(written) == 1


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "$"),
        ({"a": [1, math.inf]}, "$.a[1]"),
        (Struct(-math.inf), "$.x"),
        (OtherModel(c=math.nan), "$.c"),
        ([OtherModel(c=math.nan)], "$[0].c"),
        ({"a": {"b": Struct(math.nan)}}, "$.a.b.x"),
    ],
)
def test_not_a_number_is_refused_when_written(value: Any, path: str) -> None:
    with pytest.raises(SerdeError, match="is not a JSON number") as caught:
        DefaultSerde[Any]().serialize(value)

    assert caught.value.path == path
    assert caught.value.action == "write"


class Word(pydantic.BaseModel):
    text: str


class Letters(msgspec.Struct):
    text: str


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (str, b'"\\ud800"'),
        (Any, b'{"\\udfff": ["a\\udc00b"]}'),
        (dict[str, str], b'{"\\udfff": "\\ud800"}'),
        (list[Word], b'[{"text": "\\ud800"}]'),
        (Word, b'{"text":"\\ud800"}'),
        (Letters, b'{"text":"\\ud800"}'),
        (Text, b'{"text": "\\ud800"}'),
        (tuple[str, ...], b'["\\ud800"]'),
    ],
    ids=repr,
)
def test_half_of_a_surrogate_pair_is_written_as_it_was_read(annotation: Any, data: bytes) -> None:
    for serde in (DefaultSerde(annotation), DefaultSerde[Any]().with_maybe_type(annotation)):
        assert serde.serialize(serde.deserialize(data)) == data


def test_half_of_a_surrogate_pair_in_bytes_of_utf_8_is_read() -> None:
    data = '"\ud800"'.encode("utf-8", "surrogatepass")

    assert json.loads(data) == "\ud800"
    assert DefaultSerde(str).deserialize(data) == "\ud800"


@pytest.mark.parametrize(
    "data",
    [
        b"-0",
        b"-0.0",
        b"1e400",
        b"1E2",
        b"9" * 400,
        b"0.1",
        b"1e-400",
        b"[1.0, 1]",
        b'{"a": 1, "a": 2}',
        b'"\\u0000"',
    ],
)
@pytest.mark.parametrize("annotation", [Any, float, int, list[float]])
def test_numbers_are_read_as_json_loads_reads_them(annotation: Any, data: bytes) -> None:
    assert repr(DefaultSerde[Any]().with_maybe_type(annotation).deserialize(data)) == repr(json.loads(data))


@pytest.mark.parametrize("depth", [100, 900])
def test_nesting_that_can_be_read_can_be_written(depth: int) -> None:
    data = b"[" * depth + b"]" * depth

    annotations: list[Any] = [Any, list[Any], list]
    for annotation in annotations:
        serde = DefaultSerde[Any]().with_maybe_type(annotation)
        assert serde.serialize(serde.deserialize(data)) == data


def test_text_that_looks_like_an_escaped_surrogate_is_written() -> None:
    assert DefaultSerde[str]().serialize("\\ud800 \U0001f600") == b'"\\\\ud800 \\ud83d\\ude00"'


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        (Opaque(), "$", "Opaque has no JSON form"),
        ({"a": [Opaque()]}, "$.a[0]", "Opaque has no JSON form"),
        (Leaf(1j), "$.n", "complex has no JSON form"),  # type: ignore[arg-type]
        ({(1, 2): 3}, "$", "keys must be"),
        ([Leaf], "$[0]", "type has no JSON form"),
    ],
)
def test_value_without_json_form_is_named(value: Any, path: str, reason: str) -> None:
    with pytest.raises(SerdeError, match=reason) as caught:
        DefaultSerde[Any]().serialize(value)

    assert caught.value.path == path


def test_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(SerdeError, match="contains itself"):
        DefaultSerde[Any]().serialize(loop)


@pytest.mark.parametrize(
    ("annotation", "data", "type_name", "path"),
    [
        (Leaf, b'{"n": "x"}', "Leaf", "$.n"),
        (list[Leaf], b'[{"n": 1}, {}]', "Leaf", "$[1]"),
        (Model, b'{"a": "x"}', "Model", "$.a"),
        (dict[str, Model], b'{"k": {"a": "x"}}', "Model", "$[...]"),
        (Either, b'{"what": {}}', "Either", "$.what"),
        (int, b'"1"', "int", "$"),
        (int, b"nope", "int", ""),
        (Any, b"nope", "JSON", ""),
        (str, b"\xff", "str", ""),
        (list[Leaf | Point], b"[true]", "Point", "$[0]"),
        (Leaf, b"null", "Leaf", "$"),
    ],
)
def test_payload_that_does_not_fit_names_type_and_place(
    annotation: Any, data: bytes, type_name: str, path: str
) -> None:
    with pytest.raises(SerdeError) as caught:
        DefaultSerde(annotation).deserialize(data)

    error = caught.value
    assert error.action == "read"
    assert type_name in error.type_name
    assert error.path.startswith(path)
    assert error.reason in str(error)


def test_error_does_not_quote_the_payload() -> None:
    with pytest.raises(SerdeError) as caught:
        DefaultSerde(Model).deserialize(b'{"a": "secret"}')

    assert "secret" not in str(caught.value)


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    for annotation in (None, list[Any], Model):
        with pytest.raises(SerdeError):
            DefaultSerde(annotation).deserialize(b"[" * 200_000)


def test_not_a_number_journaled_by_another_sdk_is_read() -> None:
    assert math.isnan(DefaultSerde(float).deserialize(b"NaN") or 0.0)
    assert DefaultSerde[Any]().deserialize(b"[Infinity]") == [math.inf]


@pytest.mark.parametrize("annotation", [Opaque, list[Opaque], dict[str, Opaque | int], Unreadable])
def test_type_that_cannot_be_read_is_refused_when_resolved(annotation: Any) -> None:
    with pytest.raises(TypeError, match="cannot read"):
        DefaultSerde(annotation).resolve()


def test_maybe_type_keeps_the_type_that_was_given_first() -> None:
    serde: DefaultSerde[Any] = DefaultSerde(int)

    assert serde.with_maybe_type(str) is serde
    assert DefaultSerde[Any]().with_maybe_type(Leaf).type_hint is Leaf
    assert DefaultSerde[Any]().with_maybe_type(Leaf) is DefaultSerde[Any]().with_maybe_type(Leaf)


def test_annotation_that_cannot_be_hashed_is_read() -> None:
    annotation: Any = Annotated[int, {"not": "hashable"}]

    assert DefaultSerde[Any]().with_maybe_type(annotation).deserialize(b"3") == 3


def test_library_serdes_use_their_library_and_the_common_error() -> None:
    pydantic_serde, msgspec_serde = PydanticJsonSerde(Model), MsgspecJsonSerde(Struct)

    assert pydantic_serde.deserialize(pydantic_serde.serialize(Model(a=1))) == Model(a=1)
    assert msgspec_serde.deserialize(msgspec_serde.serialize(Struct(1))) == Struct(1)
    assert pydantic_serde.serialize(None) == msgspec_serde.serialize(None) == b""
    assert pydantic_serde.deserialize(b"") is None
    assert msgspec_serde.deserialize(b"") is None
    for serde in (pydantic_serde, msgspec_serde):
        with pytest.raises(SerdeError, match="cannot read"):
            serde.deserialize(b"[]")


def test_pydantic_is_recognised_and_never_imported_for_others() -> None:
    script = (
        "import sys, uuid\nfrom awaken.serde import DefaultSerde\n"
        "s = DefaultSerde(list[uuid.UUID]); s.deserialize(s.serialize([uuid.uuid4()]))\n"
        "import awaken.service, awaken.object, awaken.workflow\n"
        "assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": ":".join(sys.path)}, check=True)

    assert is_pydantic(Model)
    assert is_pydantic(Checked)
    assert not is_pydantic(Leaf)
