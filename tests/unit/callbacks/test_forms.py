"""Forms from types, and answers from forms."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from awaken.callbacks.form_requests import read_fields
from awaken.callbacks.form_values import fill_form, read_form
from awaken.callbacks.form_view import FormView
from awaken.callbacks.forms import fields_of, form_of
from awaken.callbacks.page import render_answer_form, render_inputs
from awaken.control.answers import InvalidAnswerError, Problem, check_answer
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
    more: dict[str, int] = field(default_factory=dict)


@dataclass
class Choice:
    count: int | None
    is_gift: bool | None


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
        ("tags", "list", False),
        ("more", "json", False),
    ]
    assert fields[1].choices == ("large", "small") or fields[1].choices == ("small", "large")


def test_filled_form_is_an_answer_of_the_type() -> None:
    form = {
        "field.count": "3",
        "field.size": "small",
        "field.is_gift": "true",
        "field.price": "",
        "field.tags": "",
        "field.more": "",
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


FILLED = {"field.count": "3", "field.size": "small", "field.is_gift": "true"}


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ({"field.count": "many"}, "$.count", "'many' is not a whole number"),
        ({"field.count": "1.5"}, "$.count", "'1.5' is not a whole number"),
        ({"field.count": "1_000"}, "$.count", "'1_000' is not a whole number"),
        ({"field.count": "١"}, "$.count", "'١' is not a whole number"),
        ({"field.count": "9" * 5000}, "$.count", "is not a whole number"),
        ({"field.count": ""}, "$.count", "is missing; fill it in"),
        ({"field.count": None}, "$.count", "is missing; fill it in"),
        ({"field.size": "huge"}, "$.size", "'huge' is not one of those offered"),
        ({"field.size": ""}, "$.size", "is missing; fill it in"),
        ({"field.size": None}, "$.size", "is missing; fill it in"),
        ({"field.is_gift": None}, "$.is_gift", "choose yes or no"),
        ({"field.is_gift": ""}, "$.is_gift", "choose yes or no"),
        ({"field.is_gift": "yes"}, "$.is_gift", "'yes' is not yes or no"),
        ({"field.is_gift": "True"}, "$.is_gift", "'True' is not yes or no"),
        ({"field.price": "nan"}, "$.price", "'nan' is not a number"),
        ({"field.price": "1e999"}, "$.price", "'1e999' is not a number"),
        ({"field.price": "Infinity"}, "$.price", "'Infinity' is not a number"),
        ({"field.more": "["}, "$.more", "'[' is not JSON"),
        ({"field.more": "[" * 50_000}, "$.more", "nested too deeply"),
    ],
)
def test_what_a_form_does_not_say_is_an_error(change: dict[str, str | None], path: str, problem: str) -> None:
    form = {name: value for name, value in (FILLED | change).items() if value is not None}

    with pytest.raises(InvalidAnswerError) as error:
        read_form(form, fields_of(schema_for(Order)))

    assert [one.path for one in error.value.problems] == [path]
    assert problem in error.value.problems[0].message


def test_every_problem_of_a_form_is_told_at_once() -> None:
    with pytest.raises(InvalidAnswerError) as error:
        read_form({}, fields_of(schema_for(Order)))

    assert [one.path for one in error.value.problems] == ["$.count", "$.size", "$.is_gift"]


@pytest.mark.parametrize("annotation", [bool, int, str, float, Size, Order, None])
def test_empty_form_is_no_answer(annotation: Any) -> None:
    fields = fields_of(None if annotation is None else schema_for(annotation))

    for form in ({}, {"value": ""}):
        with pytest.raises(InvalidAnswerError):
            read_form(form, fields)


def test_field_that_was_left_empty_is_none_where_none_is_a_value() -> None:
    fields = fields_of(schema_for(Choice))

    assert json.loads(read_form({"field.count": "", "field.is_gift": "false"}, fields)) == {
        "count": None,
        "is_gift": False,
    }
    with pytest.raises(InvalidAnswerError, match="choose yes or no"):
        read_form({"field.count": ""}, fields)


def test_nothing_is_preselected_and_what_was_chosen_stays() -> None:
    fields = fields_of(schema_for(Order))

    empty = render_inputs(fields, fill_form(fields))
    filled = render_inputs(fields, {"field.is_gift": "false", "field.size": "large"})
    odd = render_inputs(fields, {"reason": "x"})

    assert "checked" not in empty + odd
    assert "selected" not in empty + odd
    assert 'value="false" id' not in filled
    assert 'value="false" checked' in filled
    assert 'value="large"' in filled
    assert filled.count(" checked") == 2


@pytest.mark.parametrize(
    "body", [b"\xff", b"a=%ff", b"a=%ED%A0%80", b"a=1&a=2", b"&".join(b"f%d=1" % n for n in range(2000))]
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"utf-8|more than once|fields"):
        read_fields(body)


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
        "title": f"{evil} {evil}",
        "description": evil,
        "properties": {
            evil: {"type": "string", "title": evil, "description": evil, "default": evil},
            "c": {"enum": [evil, "b"]},
            "d": {"enum": [evil, *"bcdefg"]},
            "l": {"type": "array", "items": {"type": "string"}, "title": evil},
            "j": {"type": "object", "description": evil, evil: evil},
        },
    }
    form = form_of(schema)
    names = [field.name for field in form.fields]
    problems = [Problem(path, evil) for path in ("$", "$.c", f"$.{evil}", evil, "reason")]

    page = render_answer_form(FormView(form, dict.fromkeys([*names, "reason"], evil), problems), evil)

    assert "<script" not in page
    assert "&lt;script&gt;" in page
