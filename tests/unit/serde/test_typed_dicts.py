"""Typed dicts as applications of the official SDK write them: unions inside, optional values left out, `Iterable`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, LiteralString, NotRequired, Required, TypedDict
from uuid import UUID

import pytest
import typing_extensions
from awaken.errors import SerdeError
from awaken.serde import DefaultSerde
from awaken.serde.schema import schema_for

ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class Create(TypedDict):
    type: Literal["create"]
    key: str


class Sleep(TypedDict):
    type: Literal["sleep"]
    millis: int


class AwaitAny(TypedDict):
    type: Literal["awaitAny"]
    commands: list[Create | Sleep]


class Request(TypedDict):
    commands: Iterable[Create | Sleep | AwaitAny]


class Call(TypedDict):
    service: str
    key: str | None
    message: Iterable[int]
    delay: NotRequired[int]


class Loose(TypedDict, total=False):
    a: Required[int]
    b: Iterable[Any]


class Tree(TypedDict):
    name: str | None
    children: list[Tree]


class Mixed(TypedDict):
    children: list[Mixed | Create]


class Stamped(TypedDict):
    at: date
    ids: list[UUID]


class Dated(TypedDict):
    day: date
    at: str


Program = dict[Literal["commands"], list[Call]]


class Foreign(typing_extensions.TypedDict):
    key: str | None
    values: Iterable[int]


def read(hint: Any, value: Any) -> Any:
    serde: DefaultSerde[Any] = DefaultSerde(hint)
    serde.resolve()
    return serde.deserialize(json.dumps(value).encode())


CREATE, SLEEP = {"type": "create", "key": "k"}, {"type": "sleep", "millis": 3}


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Request, {"commands": [CREATE, SLEEP, {"type": "awaitAny", "commands": [SLEEP, CREATE]}]}),
        (Call, {"service": "s", "message": [1, 2]}),
        (Call, {"service": "s", "key": None, "message": [], "delay": 1}),
        (list[Call], [{"service": "s", "message": []}]),
        (Call | None, {"service": "s", "message": []}),
        (Call, {}),
        (Call, {"message": [1], "more": None}),
        (Program, {"commands": [{"service": "s"}, {"key": "k"}]}),
        (Loose, {"b": []}),
        (Request, {"commands": [{"type": "sleep"}, {"type": "create", "key": "k", "more": 1}]}),
        (Loose, {"a": 1}),
        (Loose, {"a": 1, "b": [1, "x"]}),
        (Tree, {"children": [{"name": "b", "children": [{"name": None, "children": []}]}]}),
        (Mixed, {"children": [CREATE, {"children": [{"children": [CREATE]}]}]}),
        (Foreign, {"values": [1]}),
        (Iterable[int], [1, 2]),
        (Iterable, [1, "x"]),
        (LiteralString, "text"),
        (Iterable[Call], [{"service": "s", "message": []}]),
    ],
)
def test_typed_dict_is_read_as_it_was_sent(hint: Any, value: Any) -> None:
    assert read(hint, value) == value


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Request, {"commands": [{"type": "jump"}]}, r"at \$.commands\[0\]: fits no member"),
        (Call, {"service": "s", "key": 1, "message": []}, r"at \$.key"),
        (Call, {"service": "s", "message": ["x"]}, r"at \$.message\[0\]"),
        (Call, [], "Expected `object`, got `array`"),
        (Call, None, "Expected `object`, got `null`"),
        (Tree, {"children": [{"children": [{"name": 1, "children": []}]}]}, r"\$.children\[0\].*\$.name"),
        (Iterable[int], ["x"], r"at \$\[0\]"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(hint: Any, value: Any, expected: str) -> None:
    with pytest.raises(SerdeError, match=expected):
        read(hint, value)


def test_values_are_converted_and_what_is_not_declared_stays_in_its_place() -> None:
    value = {"more": {"x": [1]}, "at": "2026-02-28", "ids": [str(ID)], "less": None}
    assert read(Stamped, value) == {"more": {"x": [1]}, "at": date(2026, 2, 28), "ids": [ID], "less": None}
    assert list(read(Stamped, value)) == list(value)


def test_member_of_a_union_is_the_one_that_fits_best() -> None:
    hint = Stamped | Dated | Create
    assert read(hint, {"at": "2026-02-28", "day": "2026-02-28"}) == {
        "at": "2026-02-28",
        "day": date(2026, 2, 28),
    }
    assert read(hint, {"ids": [str(ID)]}) == {"ids": [ID]}
    assert read(hint, CREATE) == CREATE


def test_union_with_other_types_is_read() -> None:
    assert read(Stamped | int, 3) == 3
    assert read(list[Stamped | str | None], ["x", None, {"at": "2026-02-28"}]) == [
        "x",
        None,
        {"at": date(2026, 2, 28)},
    ]


@pytest.mark.parametrize(
    ("hint", "required"), [(Request, ["commands"]), (Call, ["service", "message"]), (Loose, ["a"])]
)
def test_schema_tells_what_may_be_missing(hint: Any, required: list[str]) -> None:
    schema = schema_for(hint)
    assert schema is not None
    assert sorted(schema["required"]) == sorted(required)
    assert ": true" not in json.dumps(schema)


@pytest.mark.parametrize("hint", [Tree, Mixed])
def test_schema_of_a_type_inside_of_itself_refers_to_it(hint: Any) -> None:
    schema = schema_for(hint)
    assert schema is not None
    assert schema["$ref"] == f"#/$defs/{hint.__name__}"
    assert f'"$ref": "#/$defs/{hint.__name__}"' in json.dumps(schema["$defs"][hint.__name__])
