"""What people enter for each kind of field, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, make_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pytest
from awaken.callbacks.fields import FieldKind
from awaken.callbacks.form_values import fill_form, read_form
from awaken.callbacks.forms import MOST_INPUTS, fields_of, form_of
from awaken.callbacks.inputs import make_inputs
from awaken.callbacks.page import render_inputs
from awaken.context.approving.polarity import polarity_of
from awaken.control.answers import InvalidAnswerError, check_answer, schema_of_answer
from pydantic import AnyUrl, AwareDatetime, BaseModel, Field, NaiveDatetime


class Color(Enum):
    RED = "red"
    BLUE = "blue"
    AMBER = "amber"


class Level(IntEnum):
    HIGH = 3
    LOW = 1


@dataclass
class Node:
    name: str
    inner: Node | None = None


@dataclass
class Point:
    """A place."""

    x: int
    y: int = 0


@dataclass
class Data:
    ok: bool
    count: int
    ratio: float
    price: Decimal
    day: date
    at: time
    moment: datetime
    local: Annotated[datetime, msgspec.Meta(tz=False)]
    wait: timedelta
    color: Color
    level: Level
    word: Literal["zebra", "ant"]
    number: Literal[7, 3]
    point: Point
    points: list[Point]
    tags: list[str]
    table: dict[str, int]
    either: int | str
    pair: tuple[int, str]
    free: Any
    raw: bytes = b""
    maybe: bool | None = None
    choice: Color | None = None
    many: set[int] = field(default_factory=set)


class Model(BaseModel):
    ok: bool
    count: Annotated[int, Field(gt=0, lt=10)] = 3
    ratio: float = 0.5
    price: Decimal = Decimal("1.20")
    day: date = date(2026, 12, 3)
    at: time = time(9, 30)
    moment: AwareDatetime
    local: NaiveDatetime
    wait: timedelta = timedelta(days=400, hours=2)
    color: Color = Color.RED
    level: Level = Level.HIGH
    word: Literal["zebra", "ant"] = "ant"
    only: Literal["v1"] = "v1"
    point: Point
    points: list[Point] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    either: int | str = 1
    mail: Annotated[str, Field(json_schema_extra={"format": "email"})] = ""
    url: AnyUrl | None = None
    long: Annotated[str, Field(max_length=1000)] = ""
    short: Annotated[str, Field(max_length=20)] = ""


class Typed(TypedDict, total=False):
    zeta: int
    alpha: str


class Struct(msgspec.Struct, rename="camel"):
    my_name: str
    other: int = 3


class Tagged(msgspec.Struct, tag="tagged"):
    value: int


class Named(NamedTuple):
    x: int
    y: str


def kinds_of(annotation: Any) -> dict[str, str]:
    return {one.label: one.kind.value for one in fields_of(schema_of_answer(annotation))}


def test_every_field_of_a_dataclass_has_its_kind() -> None:
    assert kinds_of(Data) == {
        "ok": "boolean",
        "count": "integer",
        "ratio": "number",
        "price": "decimal",
        "day": "date",
        "at": "time",
        "moment": "datetime",
        "local": "local datetime",
        "wait": "duration",
        "color": "choice",
        "level": "choice",
        "word": "choice",
        "number": "choice",
        "point": "group",
        "points": "list",
        "tags": "list",
        "table": "json",
        "either": "json",
        "pair": "json",
        "free": "json",
        "raw": "text",
        "maybe": "boolean",
        "choice": "choice",
        "many": "list",
    }


def test_every_field_of_a_model_has_its_kind() -> None:
    found = kinds_of(Model)

    assert found | {"only": "constant", "url": "url", "mail": "email", "price": "decimal"} == found
    assert (found["moment"], found["local"]) == ("datetime", "local datetime")


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        (Typed, ["zeta", "alpha"]),
        (Struct, ["myName", "other"]),
        (Tagged, ["type", "value"]),
        (Model, list(Model.model_fields)),
    ],
)
def test_fields_come_as_they_are_declared(annotation: Any, names: list[str]) -> None:
    assert list(kinds_of(annotation)) == names


@pytest.mark.parametrize("chosen", ["", " ", "two\nlines", "plain"])
def test_choice_may_be_any_text(chosen: str) -> None:
    fields = fields_of({"enum": ["", " ", "two\nlines", "plain"], "type": "string"})
    filled = fill_form(fields, chosen)

    (shown,) = make_inputs(fields, filled)
    (choice,) = [one for one in shown.choices if one.is_chosen]
    assert (bool(choice.label), json.loads(read_form({"value": choice.value}, fields))) == (True, chosen)
    with pytest.raises(InvalidAnswerError, match="is missing"):
        read_form({"value": ""}, fields)


def test_choices_come_as_they_are_declared() -> None:
    choices = {one.label: one.choices for one in fields_of(schema_of_answer(Data))}

    assert choices["color"] == choices["choice"] == ("red", "blue", "amber")
    assert (choices["level"], choices["word"], choices["number"]) == ((3, 1), ("zebra", "ant"), (7, 3))


VALUES = {
    "ok": ("true", True),
    "count": (" 12 ", 12),
    "ratio": ("1e3", 1000.0),
    "price": ("1200.00", "1200.00"),
    "day": ("2026-12-03", "2026-12-03"),
    "at": ("14:00", "14:00:00"),
    "moment": ("2026-12-03T14:00", "2026-12-03T14:00:00Z"),
    "local": ("2026-12-03T14:00:30", "2026-12-03T14:00:30"),
    "wait": ("2 d, 4 hours 30min", "P2DT16200S"),
    "color": ("blue", "blue"),
    "level": ("3", 3),
    "word": ("ant", "ant"),
    "number": ("7", 7),
    "point.x": ("4", None),
    "table": ('{"a": 1}', {"a": 1}),
    "either": ('"x"', "x"),
    "pair": ('[1, "a"]', [1, "a"]),
    "free": ("null", None),
}


def test_what_is_entered_is_an_answer_of_the_type() -> None:
    form = {f"field.{name}": text for name, (text, _) in VALUES.items()}
    form |= {"field.points.#": "1", "field.points.0.x": "1", "field.points.0.y": "2"}
    form |= {"field.tags.#": "2", "field.tags.0": "a", "field.tags.1": "b", "field.many.#": "0"}
    form |= {"field.maybe": "", "field.choice": "", "field.raw": ""}

    answer = read_form(form, fields_of(schema_of_answer(Data)))

    check_answer(answer, Data)
    expected = {name: value for name, (_, value) in VALUES.items() if "." not in name}
    assert json.loads(answer) == expected | {
        "point": {"x": 4},
        "points": [{"x": 1, "y": 2}],
        "tags": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("price", "1,5", "'1,5' is not a number"),
        ("price", "NaN", "'NaN' is not a number"),
        ("price", "1e-99999999999999999999", "is not a number"),
        ("ratio", "1e-99999999999999999999", "is not a number"),
        ("day", "3.12.2026", "is not a date, such as 2026-12-03"),
        ("day", "2026-02-30", "is not a date"),
        ("at", "25:00", "is not a time of day, such as 14:00"),
        ("moment", "2026-12-03", "is not a date with a time"),
        ("wait", "soon", "is not a duration, such as 2 d 4 h or 90 min"),
        ("wait", "2", "is not a duration"),
        ("wait", "P", "is not a duration"),
        ("level", "2", "is not one of those offered"),
        ("number", '"7"', "is not one of those offered"),
        ("table", "{", "is not JSON"),
        ("point.x", "", "is missing; fill it in"),
    ],
)
def test_what_is_none_of_its_kind_says_so(name: str, text: str, problem: str) -> None:
    form = {f"field.{known}": right for known, (right, _) in VALUES.items()} | {f"field.{name}": text}
    form |= {"field.points.#": "0", "field.tags.#": "0"}

    with pytest.raises(InvalidAnswerError) as error:
        read_form(form, fields_of(schema_of_answer(Data)))

    assert [one.path for one in error.value.problems] == [f"$.{name}"]
    assert problem in error.value.problems[0].message


@pytest.mark.parametrize(
    ("bounds", "text", "problem"),
    [
        ({"ge": 1}, "0", "has to be at least 1, and is 0"),
        ({"gt": 1}, "1", "has to be more than 1, and is 1"),
        ({"le": 9}, "10", "has to be at most 9, and is 10"),
        ({"lt": 9}, "9", "has to be less than 9, and is 9"),
    ],
)
@pytest.mark.parametrize("kind", [int, float, Decimal])
def test_bounds_are_told_to_people(kind: Any, bounds: dict[str, Any], text: str, problem: str) -> None:
    fields = fields_of(schema_of_answer(Annotated[kind, Field(**bounds)]))

    with pytest.raises(InvalidAnswerError, match=problem):
        read_form({"value": text}, fields)
    read_form({"value": "5"}, fields)
    assert str(next(iter(bounds.values()))) in render_inputs(fields, {})


def test_defaults_stand_in_the_inputs_and_come_back() -> None:
    fields = fields_of(schema_of_answer(Model))
    filled = fill_form(fields, {"moment": "2026-12-03T15:00:00+01:00", "local": "2026-12-03T15:00:00"})

    assert filled["field.wait"] == "400 d 2 h"
    assert filled["field.moment"] == "2026-12-03T14:00:00"
    answer = read_form(filled | {"field.ok": "false", "field.point.x": "1"}, fields)
    check_answer(answer, Model)
    read = Model.model_validate_json(answer)
    right = Model(ok=False, moment=read.moment, local=datetime(2026, 12, 3, 15), point=Point(1))
    assert read == right


def test_input_that_was_emptied_is_not_the_default_again() -> None:
    fields = [
        one for one in fields_of(schema_of_answer(Model)) if one.label in ("count", "word", "short", "url")
    ]
    filled = fill_form(fields)

    with pytest.raises(InvalidAnswerError, match=r"\$.count: is missing"):
        read_form(filled | {"field.count": ""}, fields)
    assert json.loads(read_form(filled | {"field.short": "", "field.url": ""}, fields)) == {
        "count": 3,
        "word": "ant",
    }
    assert json.loads(read_form({}, fields)) == {}


@pytest.mark.parametrize(
    ("schema", "value", "shape"),
    [
        ({}, "", "textarea"),
        ({"maxLength": 120}, "", "input"),
        ({"maxLength": 121}, "", "textarea"),
        ({"maxLength": 120}, "a\nb", "textarea"),
        ({"format": "uuid"}, "", "input"),
        ({"pattern": "^[A-Z]$"}, "", "input"),
    ],
)
def test_text_has_one_line_or_many(schema: dict[str, Any], value: str, shape: str) -> None:
    fields = fields_of({"type": "string", **schema})

    assert f"<{shape} " in render_inputs(fields, {"value": value})


def test_type_within_itself_ends_as_json() -> None:
    (name, inner) = fields_of(schema_of_answer(Node))

    assert (name.kind, inner.kind, inner.is_nullable) == (FieldKind.TEXT, FieldKind.JSON, True)


def test_deep_types_end_as_json() -> None:
    schema: Any = {"type": "integer"}
    for _ in range(50):
        schema = {"type": "object", "properties": {"in": schema}, "required": ["in"]}

    fields, depth = fields_of(schema), 0
    while fields[0].kind is FieldKind.GROUP:
        fields, depth = list(fields[0].fields), depth + 1

    assert (fields[0].kind, depth) == (FieldKind.JSON, 3)


@pytest.mark.parametrize("count", [200, MOST_INPUTS + 1])
def test_type_with_many_fields(count: int) -> None:
    model = msgspec.defstruct("Large", [(f"field_{number}", int) for number in range(count)])
    form = form_of(schema_of_answer(model))

    assert len(form.fields) == (count if count <= MOST_INPUTS else 1)
    sent = {one.name: "1" for one in form.fields}
    if count > MOST_INPUTS:
        sent["value"] = json.dumps({f"field_{number}": 1 for number in range(count)})
    check_answer(read_form(sent, form.fields), model)
    assert render_inputs(form.fields, sent).count("<label") == len(form.fields)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"$ref": "#/$defs/missing"},
        {"$ref": 1},
        {"anyOf": []},
        {"anyOf": [1, None]},
        {"enum": []},
        {"enum": [{"a": 1}, [2]]},
        {"type": "object", "properties": {"a": 1, "b": None}},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": True},
        {"allOf": [True]},
        {"type": "array", "items": {}},
        {"type": "array", "items": True},
        {"type": "array", "items": {"type": "string"}, "maxItems": -3, "minItems": 1000},
        {"type": ["string", "null"]},
        {"type": "string", "maxLength": "x", "minLength": None},
        {"type": "integer", "minimum": "1", "maximum": True},
        {
            "type": "object",
            "properties": {"a.b": {"type": "string"}, "#": {"type": "string"}, "": {"type": "string"}},
        },
    ],
)
def test_odd_schemas_of_journals_have_a_form(schema: Any) -> None:
    form = form_of(schema)

    assert render_inputs(form.fields, fill_form(form.fields, {"a": [1]}))


@pytest.mark.parametrize("part", ["1", ".1", "1.", " ", "1e"])
def test_long_text_that_is_no_number_is_read_once(part: str) -> None:
    # With time that grows with the square of the length, this would take hours.
    with pytest.raises(InvalidAnswerError, match="is not a number"):
        read_form({"value": part + part[-1] * 1_000_000 + "x"}, fields_of({"type": "number"}))


def test_moment_that_no_calendar_has_in_utc_fills_nothing() -> None:
    form = form_of({"type": "string", "format": "date-time"})

    assert fill_form(form.fields, "9999-12-31T23:59:59-05:00") == {}


def test_names_with_dots_do_not_meet() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a.b": {"type": "string"},
            "a": {"type": "object", "properties": {"b": {"type": "string"}, "#": {"type": "string"}}},
        },
    }
    fields = fields_of(schema)

    assert len({fields[0].name, *(one.name for one in fields[1].fields)}) == 3


@pytest.mark.parametrize(
    ("annotation", "label"),
    [
        (bool, "answer"),
        (Model, "ok"),
        (Data, "ok"),
        (int, None),
        (bool | None, None),
    ],
)
def test_only_yes_or_no_of_a_type_is_its_verdict(annotation: Any, label: str | None) -> None:
    verdict = form_of(schema_of_answer(annotation)).verdict

    assert (verdict and verdict.label) == label


def test_docstring_is_told_and_signatures_are_not() -> None:
    assert form_of(schema_of_answer(Point)).description == "A place."
    assert form_of(schema_of_answer(Node)).description == ""


def test_mail_has_its_input_and_its_check() -> None:
    schema = {"type": "string", "format": "email"}

    assert 'type="email"' in render_inputs(fields_of(schema), {})
    with pytest.raises(InvalidAnswerError, match="is not an address of a mail"):
        read_form({"value": "nobody"}, fields_of(schema))


YES_OR_NO: list[Any] = [bool, bool | None, Literal[True, False], Literal[True, False] | None, str]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("second", [None, *YES_OR_NO], ids=str)
@pytest.mark.parametrize("first", YES_OR_NO, ids=str)
def test_two_buttons_say_what_counts(first: Any, second: Any, *, named: bool) -> None:
    others = [] if second is None else [("other", second)]
    kind = make_dataclass("Kind", [("approved" if named else "agreed", first), *others])
    schema = schema_of_answer(kind)

    verdict = form_of(schema).verdict

    if verdict is not None:
        assert verdict.label == polarity_of(schema).field
