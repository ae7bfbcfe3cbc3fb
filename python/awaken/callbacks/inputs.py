"""Inputs as templates show them: each field with what stands in it, what is wrong with it, and what helps."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from awaken.callbacks.field_values import choice_text, describe_bounds
from awaken.callbacks.fields import MOST_RADIOS, Field, FieldKind
from awaken.callbacks.form_values import ADD, MOST_SENT, REMOVE, is_written, most_items, rows_of
from awaken.pages.names import humanise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from awaken.control.answers import Problem

__all__ = ["Choice", "Input", "describe_problems", "make_inputs"]

#: Characters of a schema beside a field that is written as JSON.
_LONGEST_SCHEMA: Final = 4000
#: Texts in which people write sentences.
_PROSE: Final = re.compile(
    r"comment|note|reason|text|description|details|message|answer|input", re.IGNORECASE
)
_HELP: Final = {
    FieldKind.DATETIME: "in UTC",
    FieldKind.LOCAL_DATETIME: "without a time zone",
    FieldKind.DURATION: "such as 2 d 4 h, or 90 min",
}
#: Examples of JSON by the type of the schema.
_EXAMPLES: Final = {"object": '{"name": "value"}', "array": "[1, 2]"}
#: Attributes of the inputs that are a line of text.
_LINES: Final = {
    FieldKind.TEXT: ("text", ""),
    FieldKind.EMAIL: ("email", "email"),
    FieldKind.URL: ("url", "url"),
    FieldKind.INTEGER: ("text", "numeric"),
    FieldKind.NUMBER: ("text", "decimal"),
    FieldKind.DECIMAL: ("text", "decimal"),
    FieldKind.DATE: ("date", ""),
    FieldKind.TIME: ("time", ""),
    FieldKind.DATETIME: ("datetime-local", ""),
    FieldKind.LOCAL_DATETIME: ("datetime-local", ""),
    FieldKind.DURATION: ("text", ""),
}
_SHORT: Final = frozenset(_LINES) - {FieldKind.TEXT, FieldKind.EMAIL, FieldKind.URL}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Input:
    """A field and its state."""

    field: Field
    value: str = ""
    problem: str = ""
    #: Sentences below its name.
    help: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    #: Of a group; or the items of a list.
    inputs: tuple[Input, ...] = ()
    #: Of a list: whether there is room for another item.
    can_grow: bool = False
    #: Of a group that may be left out: whether it was not.
    is_present: bool = False

    @property
    def shape(self) -> str:
        """How it is shown: line, area, radios, select, group, list or nothing."""
        match self.field.kind:
            case FieldKind.CONSTANT:
                return "nothing"
            case FieldKind.GROUP | FieldKind.LIST:
                return self.field.kind.value
            case FieldKind.BOOLEAN:
                return "radios"
            case FieldKind.CHOICE:
                return "radios" if len(self.field.choices) <= MOST_RADIOS else "select"
            case FieldKind.JSON:
                return "area"
        # Browsers drop the line feeds of an input of one line.
        has_lines = self.field.kind is FieldKind.TEXT and "\n" in self.value
        return "area" if self.field.is_long or has_lines else "line"

    @property
    def line_type(self) -> str:
        """The type of an input of one line."""
        return _LINES[self.field.kind][0]

    @property
    def input_mode(self) -> str:
        """Which keyboard a phone shows; empty for the usual one."""
        return _LINES[self.field.kind][1]

    @property
    def is_short(self) -> bool:
        """Whether its values are short."""
        return self.field.kind in _SHORT

    @property
    def has_seconds(self) -> bool:
        """Whether it is a time of day with seconds; browsers ask for them only then."""
        return self.line_type in ("time", "datetime-local") and self.value.count(":") > 1

    @property
    def rows(self) -> int:
        """Lines of a text area."""
        is_prose = self.field.kind is FieldKind.JSON or _PROSE.search(self.field.label)
        return 3 if is_prose else 1

    @property
    def describing_ids(self) -> str:
        """What describes it, for `aria-describedby`."""
        ids = [f"{self.field.id}-help"] if self.help else []
        return " ".join(ids + ([f"{self.field.id}-problem"] if self.problem else []))

    @property
    def schema(self) -> str:
        """The schema of a field that is written as JSON; empty if it says nothing."""
        if self.field.kind is not FieldKind.JSON or not set(self.field.schema) - {"title", "default"}:
            return ""
        text = json.dumps(self.field.schema, indent=1, ensure_ascii=False)
        return text if len(text) <= _LONGEST_SCHEMA else f"{text[:_LONGEST_SCHEMA]}\n…"

    @property
    def add_value(self) -> str:
        """The value of the button that adds an item to a list."""
        return f"{ADD}{self.field.name}"

    @property
    def remove_value(self) -> str:
        """The value of the button that removes an item of a list."""
        return f"{REMOVE}{self.field.name}"


def make_inputs(
    fields: Iterable[Field], given: Mapping[str, str], problems: Sequence[Problem] = ()
) -> tuple[Input, ...]:
    """Return the inputs of a form.

    Args:
        fields: of the form.
        given: what stands in them.
        problems: of what was entered.
    """
    texts = {one.path: one.message for one in reversed(problems)}
    return tuple(_make(field, given, texts) for field in fields)


def describe_problems(inputs: Sequence[Input], problems: Iterable[Problem]) -> list[tuple[str, str, str]]:
    """Return for each problem the id of its input, or an empty text, what the input is called, and what is wrong."""
    known = {one.field.path: one for one in _walk(inputs)}
    described = []
    for problem in problems:
        found = known.get(problem.path)
        if found is None:
            described.append(
                ("", "" if problem.path in ("$", "do", "reason") else problem.path, problem.message)
            )
        else:
            described.append((found.field.id, found.field.title, problem.message))
    return described


def _make(field: Field, given: Mapping[str, str], problems: Mapping[str, str]) -> Input:
    value = given.get(field.name, "")
    bounds = describe_bounds(field)
    kind_help = _describe_json(field) if field.kind is FieldKind.JSON else _HELP.get(field.kind, "")
    help_texts = tuple(filter(None, (field.description, kind_help, bounds)))
    problem = problems.get(field.path) or _problem_inside(field, problems)
    match field.kind:
        case FieldKind.GROUP:
            inner = tuple(_make(one, given, problems) for one in field.fields)
            is_present = field.size_name in given
            return Input(field, problem=problem, help=help_texts, inputs=inner, is_present=is_present)
        case FieldKind.LIST:
            if is_written(given, field):
                return _make(replace(field, kind=FieldKind.JSON), given, problems)
            count = rows_of(given, field)
            items = tuple(_make(field.at(number), given, problems) for number in range(count))
            can_grow = count < most_items(field) and len(given) < MOST_SENT
            return Input(field, problem=problem, help=help_texts, inputs=items, can_grow=can_grow)
        case FieldKind.BOOLEAN | FieldKind.CHOICE:
            return Input(field, value, problem, help_texts, choices=_choices(field, value, given))
    return Input(field, value, problem, help_texts)


def _describe_json(field: Field) -> str:
    example = _EXAMPLES.get(str(field.schema.get("type")))
    return (
        f"as JSON, such as {example}"
        if example
        else "as JSON: a text in quotation marks, a number, a list, an object"
    )


def _problem_inside(field: Field, problems: Mapping[str, str]) -> str:
    """Return the first problem within a field that is one input, such as JSON."""
    if field.kind in (FieldKind.GROUP, FieldKind.LIST) or field.path == "$":
        return ""
    within = (field.path + ".", field.path + "[")
    return next((f"{path}: {text}" for path, text in problems.items() if path.startswith(within)), "")


def _choices(field: Field, value: str, given: Mapping[str, str]) -> tuple[Choice, ...]:
    if field.kind is FieldKind.BOOLEAN:
        known = [("true", "Yes"), ("false", "No")]
    else:
        known = [(choice_text(one, field), _label(one)) for one in field.choices]
    choices = [Choice(text, label, text == value) for text, label in known]
    if field.is_nullable and None not in field.choices:
        is_chosen = not value and (field.name in given or field.default is None)
        choices.append(Choice("", "No answer", is_chosen))
    return tuple(choices)


def _label(choice: Any) -> str:
    return humanise(choice) if isinstance(choice, str) and choice.strip() else json.dumps(choice)


def _walk(inputs: Iterable[Input]) -> Iterable[Input]:
    for one in inputs:
        yield one
        yield from _walk(one.inputs)
