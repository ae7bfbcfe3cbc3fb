"""Answers against schemas from journals, where their types are not known."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pydantic
import pytest
from awaken.control.schema_fit import find_misfit
from awaken.serde import DefaultSerde
from awaken.serde.schema import schema_for


class Color(enum.Enum):
    """Choices."""

    RED = "red"
    NONE = 0


@dataclass
class Item:
    """A part."""

    price: Decimal
    count: int = 1
    inner: Item | None = None


@dataclass
class Answer:
    """An answer with all kinds of parts."""

    approved: bool
    due: date | None = None
    color: Color = Color.RED
    size: Literal["s", 7] = "s"
    items: list[Item] = field(default_factory=list)
    notes: dict[str, float] = field(default_factory=dict)


class Strict(pydantic.BaseModel):
    """A model that takes nothing else."""

    model_config = pydantic.ConfigDict(extra="forbid")

    amount: Decimal = Decimal(1)


@pytest.mark.parametrize(
    "value",
    [
        Answer(True),
        Answer(
            False,
            date(2026, 1, 2),
            Color.NONE,
            7,
            [Item(Decimal("1.5"), 2, Item(Decimal(0)))],
            {"a": 1, "b": 0.5},
        ),
        Strict(amount=Decimal("0.1")),
        {"any": [1, None]},
        [Color.RED],
    ],
    ids=["short", "long", "model", "dict", "list"],
)
def test_answers_of_a_type_fit_its_schema(value: Any) -> None:
    annotation = type(value) if not isinstance(value, list) else list[Color]
    written = DefaultSerde[Any](annotation).serialize(value)

    assert find_misfit(json.loads(written), schema_for(annotation) or {}) is None


@pytest.mark.parametrize(
    ("value", "annotation", "path", "problem"),
    [
        ({}, Answer, "$.approved", "missing"),
        ([], Answer, "$", "give object"),
        ({"approved": 1}, Answer, "$.approved", "give boolean"),
        ({"approved": True, "due": 5}, Answer, "$.due", "none of the values"),
        ({"approved": True, "color": False}, Answer, "$.color", "none of the choices"),
        ({"approved": True, "items": [{"price": "1"}, {}]}, Answer, "$.items[1].price", "missing"),
        (
            {"approved": True, "items": [{"price": "1", "count": 1.5}]},
            Answer,
            "$.items[0].count",
            "give integer",
        ),
        ({"approved": True, "notes": {"a": "x"}}, Answer, "$.notes.a", "give number"),
        ({"other": 1}, Strict, "$.other", "no such field"),
        (True, int, "$", "give integer"),
    ],
)
def test_other_values_do_not(value: Any, annotation: Any, path: str, problem: str) -> None:
    found = find_misfit(value, schema_for(annotation) or {})

    assert found is not None
    assert (found[0], problem in found[1]) == (path, True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 3, "enum": 5, "properties": [1], "required": "a", "anyOf": {}, "items": 7, "$ref": "x"},
        {"type": ["x"], "required": [1], "properties": {"a": True}, "$defs": 4, "$ref": 9},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {
            "anyOf": [{"$ref": "a"}] * 9,
            "$defs": {"a": {"anyOf": [{"$ref": "a"}, {"$ref": "a"}], "type": "null"}},
        },
    ],
    ids=["odd", "odder", "circle", "many circles"],
)
def test_odd_schemas_end(schema: dict[str, Any]) -> None:
    assert find_misfit({"a": [1] * 10}, schema) in (None, ("$", "it is none of the values that fit"))


def test_decimals_may_be_numbers() -> None:
    assert find_misfit({"price": 1.5}, schema_for(Item) or {}) is None
