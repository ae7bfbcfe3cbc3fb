"""Forms from types, and answers from forms."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from awaken.callbacks.forms import fields_of, read_form
from awaken.callbacks.page import render_form
from awaken.control.answers import InvalidAnswerError, check_answer
from awaken.serde.schema import schema_for
from pydantic import BaseModel


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Order:
    count: int
    size: Size
    is_gift: bool
    price: float | None = None
    note: str = ""
    tags: list[str] = field(default_factory=list)


class Model(BaseModel):
    count: int
    name: str


def test_each_property_gets_its_input() -> None:
    fields = fields_of(schema_for(Order))

    assert [(one.label, one.kind, one.is_required) for one in fields] == [
        ("count", "integer", True),
        ("size", "choice", True),
        ("is_gift", "boolean", True),
        ("price", "number", False),
        ("note", "text", False),
        ("tags", "json", False),
    ]
    assert fields[1].choices == ("large", "small") or fields[1].choices == ("small", "large")


def test_filled_form_is_an_answer_of_the_type() -> None:
    form = {
        "field.count": "3",
        "field.size": "small",
        "field.is_gift": "true",
        "field.price": "",
        "field.tags": "",
    }

    answer = read_form(form, fields_of(schema_for(Order)))

    assert json.loads(answer) == {"count": 3, "size": "small", "is_gift": True}
    check_answer(answer, Order)


@pytest.mark.parametrize(
    ("annotation", "text", "value"), [(str, "yes", "yes"), (int, "7", 7), (None, "[1]", [1])]
)
def test_plain_types_have_one_field(annotation: Any, text: str, value: object) -> None:
    fields = fields_of(None if annotation is None else schema_for(annotation))

    assert json.loads(read_form({"value": text}, fields)) == value


@pytest.mark.parametrize(
    "form", [{"field.count": "many"}, {"field.count": ""}, {"field.count": "1", "field.tags": "["}]
)
def test_values_of_the_wrong_kind_are_named(form: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"count: .* is no integer|tags: .* is no json"):
        read_form(form, fields_of(schema_for(Order)))


def test_answer_under_a_builtin_annotation_is_checked_though_handlers_read_it_leniently() -> None:
    with pytest.raises(InvalidAnswerError, match="Expected `int`, got `float`"):
        check_answer(b"2.5", int)


def test_problems_of_models_have_their_places() -> None:
    with pytest.raises(InvalidAnswerError) as error:
        check_answer(b'{"count": "many"}', Model)

    assert [problem.path for problem in error.value.problems] == ["$.count", "$.name"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b"NaN,", b"NaN", b"[Infinity]", b"1" * 5000])
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(InvalidAnswerError, match="not JSON"):
        check_answer(body, None)


def test_everything_on_a_page_is_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    schema = {
        "type": "object",
        "properties": {evil: {"type": "string", "description": evil}, "c": {"enum": [evil]}},
    }
    fields = fields_of(schema)

    page = render_form(evil, evil, fields, evil, filled={fields[0].name: evil, "reason": evil})

    assert "<script" not in page
    assert "&lt;script&gt;" in page
