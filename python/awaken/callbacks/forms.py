"""Forms from a JSON Schema, and what a browser sends back as JSON.

A browser sends nothing for a choice that was not made, so a field that is missing is no answer, least of all "no".
Objects become a field for each property that is a text, a number, a choice or a yes/no; everything else, and every
other type, is written as JSON into one text area. Nothing here needs JavaScript.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.control.answers import InvalidAnswerError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Field", "fields_of", "read_form"]

#: The name of the only field if the type is not an object.
WHOLE: Final = "value"
_PREFIX: Final = "field."
_LEFT_OUT: Final = object()
#: As browsers send numbers: Python's own `int` and `float` also take underscores, other digits and `nan`.
_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]{1,4000}\s*", re.ASCII)
_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form."""

    #: Its name in the form.
    name: str
    label: str
    #: text, number, integer, boolean, choice or json.
    kind: str
    is_required: bool
    choices: tuple[str, ...] = ()
    description: str = ""
    #: Whether None is a value.
    is_nullable: bool = False

    @property
    def path(self) -> str:
        """Where in the answer it stands, from the root `$`."""
        return "$" if self.name == WHOLE else f"$.{self.label}"


def fields_of(schema: Mapping[str, Any] | None) -> list[Field]:
    """Return the inputs for a type. Without a schema there is one, for any JSON."""
    schema = schema or {}
    definitions = schema.get("$defs", {})
    root = _resolve(schema, definitions)
    properties = root.get("properties")
    if root.get("type") != "object" or not isinstance(properties, dict):
        return [_field(WHOLE, "Answer", root, definitions, is_required=True)]
    required = root.get("required", ())
    return [
        _field(_PREFIX + name, name, inner, definitions, is_required=name in required)
        for name, inner in properties.items()
    ]


def read_form(form: Mapping[str, str], fields: list[Field]) -> bytes:
    """Return a filled form as JSON. The caller checks whether it fits the type.

    Raises:
        InvalidAnswerError: a field that the type requires is missing or empty, or a value is none of its kind.
    """
    answer: dict[str, Any] = {}
    problems = []
    for field in fields:
        try:
            value = _read(form.get(field.name), field)
        except ValueError as error:
            problems.append(Problem(field.path, str(error)))
        else:
            if value is not _LEFT_OUT:
                answer[field.label] = value
    if problems:
        raise InvalidAnswerError(problems)
    is_whole = len(fields) == 1 and fields[0].name == WHOLE
    return json.dumps(answer[fields[0].label] if is_whole else answer).encode()


def _field(
    name: str, label: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], *, is_required: bool
) -> Field:
    is_nullable = any(one.get("type") == "null" for one in schema.get("anyOf", ()))
    schema = _resolve(_without_null(schema), definitions)
    description = str(schema.get("description", ""))
    choices = schema.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        return Field(name, label, "choice", is_required, tuple(choices), description, is_nullable)
    kind = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
    chosen = kind.get(str(schema.get("type")), "json")
    return Field(name, label, chosen, is_required, (), description, is_nullable)


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return options[0] if len(options) == 1 else schema


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        found = definitions.get(reference.rpartition("/")[2])
        if isinstance(found, dict):
            return found
    return schema


def _read(text: str | None, field: Field) -> Any:
    """Return the value of a field. What was not sent is never taken for an answer."""
    if not text:
        if not field.is_required:
            return _LEFT_OUT  # so that the type's default applies
        if text is not None and field.is_nullable:
            return None
        raise ValueError("choose yes or no" if field.kind == "boolean" else "is missing; fill it in")
    match field.kind:
        case "boolean":
            return _read_choice(text, {"true": True, "false": False}, "yes or no")
        case "choice":
            return _read_choice(text, {choice: choice for choice in field.choices}, "one of those offered")
        case "integer":
            if not _INTEGER.fullmatch(text):
                raise ValueError(f"{_shown(text)} is not a whole number")
            return int(text)
        case "number":
            if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
                raise ValueError(f"{_shown(text)} is not a number")
            return float(text)
        case "json":
            return _read_json(text)
        case _:
            return text


def _read_choice(text: str, choices: Mapping[str, Any], what: str) -> Any:
    if text not in choices:
        raise ValueError(f"{_shown(text)} is not {what}")
    return choices[text]


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"{_shown(text)} is not JSON: {reason}") from error


def _shown(text: str) -> str:
    return reprlib.repr(text)
