"""Forms from a JSON Schema.

Objects become a field for each property. What a form has no input for, such as a mapping, a union, and a type within
itself, is written as JSON into a text area. Nothing here needs JavaScript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.callbacks.fields import ABSENT, PREFIX, WHOLE, Field, FieldKind, Form, name_within
from awaken.pages.names import humanise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["fields_of", "form_of"]

#: Levels of objects and lists that get inputs; what is deeper is JSON.
_DEEPEST: Final = 4
#: Inputs of one form: browsers send a field for each, and `form_requests` takes a thousand. Lists may grow.
MOST_INPUTS: Final = 500
#: Formats of JSON Schema, of texts.
_FORMATS: Final = {
    "date": FieldKind.DATE,
    "time": FieldKind.TIME,
    "date-time": FieldKind.DATETIME,
    "date-time-local": FieldKind.LOCAL_DATETIME,
    "duration": FieldKind.DURATION,
    "decimal": FieldKind.DECIMAL,
    "email": FieldKind.EMAIL,
    "uri": FieldKind.URL,
}
_TYPES: Final = {
    "string": FieldKind.TEXT,
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
}


def fields_of(schema: Mapping[str, Any] | None) -> list[Field]:
    """Return the inputs for a type. Without a schema there is one, for any JSON."""
    return list(form_of(schema).fields)


def form_of(schema: Mapping[str, Any] | None, *, what: str = "answer") -> Form:
    """Return the form for a type.

    Args:
        schema: of the type; None for any JSON.
        what: a value of it is, for people, where it is one input.
    """
    schema = schema or {}
    reader = _Reader(schema.get("$defs", {}))
    whole = reader.read(schema, WHOLE, what, "$", is_required=True)
    if whole.kind is FieldKind.GROUP and not whole.is_nullable:
        fields = tuple(one.moved(PREFIX + one.name.removeprefix(WHOLE), one.path) for one in whole.fields)
    else:
        fields = (whole,)
    if sum(1 for _ in _inputs(fields)) > MOST_INPUTS:
        fields = (Field(WHOLE, what, FieldKind.JSON, is_required=True, title=humanise(what), schema=schema),)
    title = str(whole.schema.get("title", ""))
    is_own = " " in title  # others are the names of classes
    return Form(fields, title if is_own else "", "" if fields == (whole,) else whole.description)


class _Reader:
    """Reads the schema of one type."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        #: References that are being read; one within itself is JSON.
        self._entered: list[str] = []

    def read(
        self, schema: Mapping[str, Any], name: str, label: str, path: str, *, is_required: bool
    ) -> Field:
        outer = schema
        schema, is_nullable, entered = self._resolve(schema)
        self._entered += entered
        try:
            kind, facts = self._kind(
                schema, name, path, is_cycle=len(set(self._entered)) < len(self._entered)
            )
        finally:
            del self._entered[len(self._entered) - len(entered) :]
        own_title = outer.get("title") or (schema.get("title") if not entered else None)
        return Field(
            name,
            label,
            kind,
            is_required,
            description=_description(outer) or _description(schema),
            is_nullable=is_nullable,
            title=humanise(label) if path == "$" or _is_made_of(own_title, label) else str(own_title),
            path=path,
            default=outer.get("default", ABSENT),
            schema=schema,
            **facts,
        )

    def _kind(
        self, schema: Mapping[str, Any], name: str, path: str, *, is_cycle: bool
    ) -> tuple[FieldKind, dict[str, Any]]:
        choices = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(choices, list) and choices and not any(isinstance(one, dict | list) for one in choices):
            chosen = FieldKind.CHOICE if len(choices) > 1 else FieldKind.CONSTANT
            return chosen, {"choices": tuple(choices)}
        kind = _FORMATS.get(str(schema.get("format"))) if schema.get("type") == "string" else None
        kind = kind or _TYPES.get(str(schema.get("type")))
        if kind is not None:
            return kind, {}
        is_deep = is_cycle or path.count(".") + path.count("[") >= _DEEPEST
        properties, items = schema.get("properties"), schema.get("items")
        if schema.get("type") == "object" and isinstance(properties, dict) and properties and not is_deep:
            required = schema.get("required")
            names = required if isinstance(required, list) else []  # some generators write true
            fields = tuple(
                self.read(
                    inner if isinstance(inner, dict) else {},  # True is a schema, too
                    name_within(name, key),
                    key,
                    f"{path}.{key}",
                    is_required=key in names,
                )
                for key, inner in properties.items()
            )
            return FieldKind.GROUP, {"fields": fields}
        is_list = schema.get("type") == "array" and "prefixItems" not in schema
        if is_list and isinstance(items, dict) and items and not is_deep:
            item = self.read(items, name, "item", f"{path}[]", is_required=True).moved(name, path)
            if item.kind not in (FieldKind.JSON, FieldKind.LIST, FieldKind.CONSTANT):
                return FieldKind.LIST, {"item": item}
        return FieldKind.JSON, {}

    def _resolve(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool, list[str]]:
        """Follow references, and take null out of a union. Returns also which references were followed."""
        is_nullable = False
        entered: list[str] = []
        for _ in range(20):  # a schema from a journal may refer in circles
            options = schema.get("anyOf", schema.get("oneOf"))
            reference = schema.get("$ref")
            if isinstance(options, list):
                rest = [one for one in options if isinstance(one, dict) and one.get("type") != "null"]
                is_nullable = is_nullable or len(rest) < len(options)
                if _is_decimal(rest):
                    return {**rest[0], "type": "string", "format": "decimal"}, is_nullable, entered
                if len(rest) != 1:
                    return schema, is_nullable, entered
                schema = rest[0]
            elif isinstance(reference, str):
                found = self._definitions.get(reference.removeprefix("#/$defs/"))
                if not isinstance(found, dict):
                    return {}, is_nullable, entered
                entered.append(reference)
                schema = found
            elif isinstance(parts := schema.get("allOf"), list) and len(parts) == 1:
                schema = parts[0] if isinstance(parts[0], dict) else {}
            else:
                break
        return schema, is_nullable, entered


def _is_decimal(options: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a union is that of a decimal number in pydantic: the text of it says so."""
    return (
        len(options) == 2
        and options[0].get("type") == "number"
        and options[1].get("type") == "string"
        and options[1].get("format") == "decimal"
    )


def _is_made_of(title: object, label: str) -> bool:
    """Return whether there is no title but the one that pydantic makes of the name."""
    return not title or title == label.replace("_", " ").title()


def _description(schema: Mapping[str, Any]) -> str:
    """Return a description for people; dataclasses without a docstring have their signature there."""
    text = str(schema.get("description", ""))
    return "" if text.startswith(f"{schema.get('title')}(") else text


def _inputs(fields: Sequence[Field]) -> Iterator[Field]:
    for one in fields:
        if one.kind is FieldKind.GROUP:
            yield from _inputs(one.fields)
        else:
            yield one
            if one.item is not None:
                yield from _inputs([one.item])
