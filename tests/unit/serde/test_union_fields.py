"""Dataclasses with unions in their fields whose members msgspec alone cannot distinguish."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from awaken.errors import SerdeError
from awaken.serde import DefaultSerde
from awaken.serde.schema import schema_for


@dataclass
class Square:
    side: int


@dataclass
class Circle:
    radius: int


@dataclass(frozen=True)
class Drawing:
    shape: Square | Circle
    name: str = "untitled"
    tags: list[str] = field(default_factory=list)
    size: int = field(init=False, default=0)


@dataclass
class Node:
    value: int
    children: list[Node | Square] = field(default_factory=list)


@dataclass
class Checked:
    shape: Square | Circle

    def __post_init__(self) -> None:
        if isinstance(self.shape, Square):
            raise ValueError("no squares")


@dataclass
class Album:
    drawing: Drawing
    pages: int


def serde_of(hint: Any) -> DefaultSerde[Any]:
    serde: DefaultSerde[Any] = DefaultSerde(hint)
    serde.resolve()
    return serde


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Drawing, Drawing(Circle(1))),
        (list[Drawing], [Drawing(Square(1), "x", ["a"])]),
        (dict[str, Drawing], {"a": Drawing(Square(1))}),
        (Drawing | None, Drawing(Circle(1))),
        (Drawing | None, None),
        (Drawing | int, 3),
        (Node, Node(1, [Node(2, [Square(3)]), Square(4)])),
        (Album, Album(Drawing(Circle(1)), 2)),
        (Checked, Checked(Circle(1))),
    ],
)
def test_value_comes_back(hint: Any, value: Any) -> None:
    serde = serde_of(hint)
    assert serde.deserialize(serde.serialize(value)) == value


def test_defaults_are_those_of_the_dataclass() -> None:
    assert serde_of(Drawing).deserialize(b'{"shape": {"radius": 1}}') == Drawing(Circle(1))


@pytest.mark.parametrize(
    ("hint", "data", "expected"),
    [
        (Drawing, b"{}", "cannot read Drawing: Object missing required field `shape`"),
        (Drawing, b'{"shape": {"x": 1}}', r"cannot read Drawing at \$.shape: fits no member"),
        (Drawing, b'{"shape": {"side": 1}, "tags": [1]}', r"cannot read Drawing at \$.tags\[0\]"),
        (Checked, b'{"shape": {"side": 1}}', "cannot read Checked: no squares"),
        (list[Checked], b'[{"shape": {"side": 1}}]', r"at \$\[0\]: .*no squares"),
        (Drawing, b"[]", "Expected `object`, got `array`"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(hint: Any, data: bytes, expected: str) -> None:
    with pytest.raises(SerdeError, match=expected):
        serde_of(hint).deserialize(data)


@pytest.mark.parametrize("hint", [Drawing, Node, list[Album]])
def test_schema_is_complete(hint: Any) -> None:
    text = json.dumps(schema_for(hint))
    assert "anyOf" in text
    assert '"side"' in text
    assert ": true" not in text
    assert "size" not in text
