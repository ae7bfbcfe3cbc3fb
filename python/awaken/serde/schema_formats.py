"""Formats that schemas leave out: those of datetimes and times in msgspec, and of decimal numbers in pydantic.

Without them nobody can tell from a schema that a text has to be a moment, or a number that keeps its digits: a form
would ask for a line of text.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec.inspect as inspection

if TYPE_CHECKING:
    from pydantic.json_schema import GenerateJsonSchema

__all__ = ["add_formats", "schema_generator"]

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


def add_formats(annotation: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Add the formats of a type to the schema that msgspec made of it.

    Args:
        annotation: the type, as msgspec got it.
        schema: its schema, which is changed.
        definitions: what the schema refers to, which are changed as well.
    """
    _add(inspection.type_info(annotation), schema, definitions, set())


def _add(info: Any, schema: Any, definitions: dict[str, Any], seen: set[int]) -> None:
    if isinstance(info, inspection.Metadata):
        info = info.type
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).removeprefix("#/$defs/"), {})
    if isinstance(info, inspection.DateTimeType) and schema.get("type") == "string":
        # Without a zone is what the type says, or both are accepted: then one with a zone is the clearer one.
        schema.setdefault("format", "date-time-local" if info.tz is False else "date-time")
    elif isinstance(info, inspection.TimeType) and schema.get("type") == "string":
        schema.setdefault("format", "time")
    elif isinstance(info, _OBJECTS) and id(info) not in seen:
        seen.add(id(info))
        for field in info.fields:
            _add(field.type, schema.get("properties", {}).get(field.encode_name), definitions, seen)
    elif isinstance(info, _LISTS):
        _add(info.item_type, schema.get("items"), definitions, seen)
    elif isinstance(info, inspection.DictType):
        _add(info.value_type, schema.get("additionalProperties"), definitions, seen)
    elif isinstance(info, inspection.UnionType) and len(schema.get("anyOf", ())) == len(info.types):
        for one, option in zip(info.types, schema["anyOf"], strict=True):
            _add(one, option, definitions, seen)


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
