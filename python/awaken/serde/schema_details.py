"""What forms need to know, and schemas of msgspec and pydantic leave out.

- The formats of datetimes, times and decimal numbers: else a form would ask for a line of text.
- The order in which choices and fields are declared, which msgspec replaces by that of the alphabet.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec.inspect as inspection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.json_schema import GenerateJsonSchema

__all__ = ["add_details", "schema_generator"]

_OBJECTS = (
    inspection.StructType,
    inspection.DataclassType,
    inspection.TypedDictType,
    inspection.NamedTupleType,
)
_LISTS = (
    inspection.ListType,
    inspection.SetType,
    inspection.FrozenSetType,
    inspection.CollectionType,
    inspection.VarTupleType,
)


def add_details(annotation: Any, rewritten: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Add what a type says to the schema that msgspec made of it.

    Args:
        annotation: the type.
        rewritten: the type as msgspec got it.
        schema: its schema, which is changed.
        definitions: what the schema refers to, which are changed as well.
    """
    _Details(definitions).add(inspection.type_info(rewritten), annotation, schema)


class _Details:
    """Walks a type and its schema side by side."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._seen: set[int] = set()

    def add(self, info: Any, annotation: Any, schema: Any) -> None:
        """Add the details of a type.

        Args:
            info: the type as msgspec sees it.
            annotation: where its literals are written.
            schema: the schema.
        """
        if isinstance(info, inspection.Metadata):
            info = info.type
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            schema = self._definitions.get(str(schema["$ref"]).removeprefix("#/$defs/"), {})
        match info:
            case inspection.DateTimeType() if schema.get("type") == "string":
                # A type may accept moments with and without a zone: then one with a zone is the clearer one.
                schema.setdefault("format", "date-time-local" if info.tz is False else "date-time")
            case inspection.TimeType() if schema.get("type") == "string":
                schema.setdefault("format", "time")
            case inspection.EnumType():
                _put_in_order(schema, [member.value for member in info.cls])
            case inspection.LiteralType():
                for choices in _literals_in(annotation):
                    _put_in_order(schema, choices)
            case inspection.DictType():
                self.add(info.value_type, annotation, schema.get("additionalProperties"))
            case inspection.UnionType() if len(schema.get("anyOf", ())) == len(info.types):
                for one, option in zip(info.types, schema["anyOf"], strict=True):
                    self.add(one, annotation, option)
            case _ if isinstance(info, _LISTS):
                self.add(info.item_type, annotation, schema.get("items"))
            case _ if isinstance(info, _OBJECTS) and id(info) not in self._seen:
                self._seen.add(id(info))
                self._add_to_object(info, annotation, schema)

    def _add_to_object(self, info: Any, annotation: Any, schema: dict[str, Any]) -> None:
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return
        hints = _hints_of(annotation) or _hints_of(info.cls)
        for field in info.fields:
            self.add(field.type, hints.get(field.name), properties.get(field.encode_name))
        if set(hints) == set(properties):  # those of typed dicts come in the order of the alphabet
            schema["properties"] = {name: properties[name] for name in hints}


def _put_in_order(schema: dict[str, Any], choices: list[Any]) -> None:
    """Put choices, which msgspec sorts, in the order in which they are declared."""
    listed = schema.get("enum")
    if isinstance(listed, list) and len(listed) == len(choices) and all(one in choices for one in listed):
        schema["enum"] = choices


def _literals_in(annotation: Any) -> Iterator[list[Any]]:
    if get_origin(annotation) is Literal:
        yield list(get_args(annotation))
        return
    for part in get_args(annotation):
        yield from _literals_in(part)


def _hints_of(annotation: Any) -> dict[str, Any]:
    """Return the annotations of a class, in order; none if that is no class, or has names that do not exist yet."""
    try:
        return get_type_hints(get_origin(annotation) or annotation, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}


@cache
def schema_generator() -> type[GenerateJsonSchema]:
    """Return the generator of schemas for pydantic, which is imported only for types that need it."""
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        """Names the format of decimal numbers, and of moments that have no zone."""

        def decimal_schema(self, schema: Any) -> dict[str, Any]:
            made = super().decimal_schema(schema)
            text = made["anyOf"][-1] if "anyOf" in made else made
            text["format"] = "decimal"
            return made

        def datetime_schema(self, schema: Any) -> dict[str, Any]:
            made = super().datetime_schema(schema)
            if schema.get("tz_constraint") == "naive" and made.get("format") == "date-time":
                made["format"] = "date-time-local"
            return made

    return Generator
