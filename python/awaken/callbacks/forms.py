"""Forms from a JSON Schema, and what a browser sends back as JSON.

Objects become a field for each property that is a text, a number, a choice or a yes/no; everything else, and every
other type, is written as JSON into one text area. Nothing here needs JavaScript.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Field", "fields_of", "read_form"]

#: The name of the only field if the type is not an object.
WHOLE: Final = "value"
_PREFIX: Final = "field."


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
        ValueError: a field is not a valid number or not valid JSON; the text names the field.
    """
    if len(fields) == 1 and fields[0].name == WHOLE:
        return json.dumps(_read(form, fields[0])).encode()
    answer = {}
    for field in fields:
        if field.kind != "boolean" and not field.is_required and not form.get(field.name):
            continue  # left out, so that the type's default applies
        answer[field.label] = _read(form, field)
    return json.dumps(answer).encode()


def _field(
    name: str, label: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], *, is_required: bool
) -> Field:
    schema = _resolve(_without_null(schema), definitions)
    description = str(schema.get("description", ""))
    choices = schema.get("enum")
    if isinstance(choices, list) and all(isinstance(choice, str) for choice in choices):
        return Field(name, label, "choice", is_required, tuple(choices), description)
    kind = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
    return Field(name, label, kind.get(str(schema.get("type")), "json"), is_required, (), description)


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


def _read(form: Mapping[str, str], field: Field) -> Any:
    text = form.get(field.name, "")
    try:
        match field.kind:
            case "boolean":
                return text == "true"
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "json":
                return json.loads(text)
            case _:
                return text
    except ValueError as error:
        raise ValueError(f"{field.label}: {text!r} is no {field.kind}") from error
