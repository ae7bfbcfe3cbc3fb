"""JSON Schemas of types, for the endpoint manifest. Runtimes show them, and do not validate with them."""

from __future__ import annotations

import json
import re
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from awaken.serde.annotations import alias_value, is_raw, is_union, is_untyped
from awaken.serde.default import DefaultSerde
from awaken.serde.foreign import foreign_reader, read_by_pydantic
from awaken.serde.models import MsgspecJsonSerde, PydanticJsonSerde, is_pydantic
from awaken.serde.readers import ChoiceReader, MappingReader, PydanticReader, SubclassReader
from awaken.serde.reading import reader_of
from awaken.serde.rewriting import is_pydantic_union, is_refused_dataclass, rewrite
from awaken.serde.schema_details import add_details, schema_generator
from awaken.serde.typed_dicts import is_typed_dict
from awaken.serde.validation import adapter

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from awaken.serde.base import Serde

__all__ = ["schema_for", "schema_of"]

#: What a schema describes: accepted input, or output. Defaults make them differ.
Mode = Literal["validation", "serialization"]


def schema_of(serde: Serde[Any], mode: Mode) -> dict[str, Any] | None:
    """Return the schema of the values of a serde; None if it is unknown."""
    if isinstance(serde, DefaultSerde):
        return None if serde.type_hint is None else schema_for(serde.type_hint, mode)
    if isinstance(serde, (PydanticJsonSerde, MsgspecJsonSerde)):
        return schema_for(serde.model, mode)
    return None


def schema_for(annotation: Any, mode: Mode = "validation") -> dict[str, Any] | None:
    """Return the schema of a type; None if any JSON is accepted, or if the type is not JSON.

    Raises:
        TypeError: the type cannot be read from JSON.
        NameError: the type refers to a name that does not exist yet.
    """
    if is_untyped(annotation) or is_raw(annotation):
        return None
    try:
        return (
            adapter(annotation).json_schema(mode=mode, schema_generator=schema_generator())
            if is_pydantic(annotation)
            else _Builder(mode).build(annotation)
        )
    except NameError:
        raise
    except Exception:  # a missing schema must not prevent the registration
        reader = read_by_pydantic(annotation)
        return None if reader is None else _pydantic_schema(reader.adapter, mode)


def _pydantic_schema(
    reader: TypeAdapter[Any], mode: Mode, template: str = "#/$defs/{model}"
) -> dict[str, Any] | None:
    """Return the schema of pydantic; None if there is none, because values are never JSON."""
    try:
        return reader.json_schema(mode=mode, ref_template=template, schema_generator=schema_generator())
    except Exception:
        return None


class _Builder:
    """Combines the schemas of msgspec and pydantic, with all definitions at the root."""

    def __init__(self, mode: Mode) -> None:
        self._mode: Mode = mode
        self._definitions: dict[str, Any] = {}
        self._placeholders: dict[type, Any] = {}
        #: Types being described part by part. Inside of themselves, they become references.
        self._entered: list[Any] = []

    def build(self, annotation: Any) -> dict[str, Any]:
        schema = self._schema(annotation)
        root = schema.get("$ref", "").removeprefix("#/$defs/")
        # The root needs a name only if something inside refers to it, which is rare.
        if len(schema) == 1 and root and f'"#/$defs/{root}"' not in json.dumps(self._definitions):
            schema = self._definitions.pop(root)
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def _schema(self, annotation: Any) -> dict[str, Any]:
        if not (is_typed_dict(annotation) or is_refused_dataclass(annotation)):
            return self._describe(annotation)
        if annotation in self._entered:
            return {"$ref": f"#/$defs/{annotation.__name__}"}
        self._entered.append(annotation)
        try:
            return self._describe(annotation)
        finally:
            self._entered.remove(annotation)

    def _describe(self, annotation: Any) -> dict[str, Any]:
        rewritten, placeholders = rewrite(annotation)
        self._placeholders.update(placeholders)
        (schema,), definitions = msgspec.json.schema_components([rewritten], schema_hook=self._ask)
        add_details(annotation, rewritten, schema, definitions)
        self._definitions.update(definitions)
        return schema

    def _ask(self, cls: type) -> dict[str, Any]:
        stands_for = self._placeholders.get(cls, cls)
        if is_pydantic(stands_for):
            return self._model(stands_for, f"{stands_for.__module__}.{stands_for.__qualname__}")
        if is_typed_dict(stands_for) or is_refused_dataclass(stands_for):
            return self._schema(stands_for)
        if is_pydantic_union(stands_for):
            return self._model(stands_for, cls.__name__ + str(len(self._definitions)))
        if not is_union(stands_for):
            return self._foreign(stands_for)
        members = [member for member in get_args(stands_for) if member is not NoneType]
        return {"anyOf": [self._schema(member) for member in members]}

    def _foreign(self, annotation: Any) -> dict[str, Any]:
        value = alias_value(annotation)
        if value is not None:  # it refers to itself
            return {}
        match foreign_reader(annotation, reader_of):
            case ChoiceReader(options=options):
                return {"enum": [json.loads(text) for text in options]}
            case SubclassReader(base=base):
                return self._schema(base.annotation)
            case MappingReader():
                return {"type": "object", "additionalProperties": self._schema(get_args(annotation)[1])}
            case PydanticReader():
                return self._model(annotation, "Pydantic" + str(len(self._definitions)))
            case _:
                return {}

    def _model(self, annotation: Any, name: str) -> dict[str, Any]:
        name = re.sub(r"[^\w.-]", "_", name)
        template = f"#/$defs/{name}.{{model}}"
        schema = adapter(annotation).json_schema(
            mode=self._mode, ref_template=template, schema_generator=schema_generator()
        )
        for inner, definition in schema.pop("$defs", {}).items():
            self._definitions[f"{name}.{inner}"] = definition
        self._definitions[name] = schema
        return {"$ref": f"#/$defs/{name}"}
