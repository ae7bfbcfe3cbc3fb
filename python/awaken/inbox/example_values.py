"""An example of a value from its JSON Schema, for a command line that is ready to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["example_of"]

#: Levels of objects and lists in an example.
_DEEPEST: Final = 4
_PLAIN: Final[dict[str, Any]] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}
_FORMATS: Final = {
    "decimal": "1.50",
    "date": "2026-12-01",
    "date-time": "2026-12-01T12:00:00Z",
    "time": "12:00:00",
    "email": "somebody@example.com",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "uri": "https://example.com",
    "duration": "PT1H",
}


def example_of(schema: Mapping[str, Any] | None) -> Any:
    """Return a value that fits a schema, as far as it says what fits; None for no schema."""
    return None if schema is None else _example(schema, schema, 0)


def _example(schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    for name in ("default", "const"):
        if name in schema:
            return schema[name]
    examples, choices = schema.get("examples"), schema.get("enum")
    for given in (examples, choices):
        if isinstance(given, list) and given:
            return given[0]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        definitions = root.get("$defs") or root.get("definitions")
        found = definitions.get(reference.rpartition("/")[2]) if isinstance(definitions, dict) else None
        return _example(found, root, depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        options = schema.get(name)
        if isinstance(options, list) and options:
            wanted = [one for one in options if not (isinstance(one, dict) and one.get("type") == "null")]
            return _example((wanted or options)[0], root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    properties = schema.get("properties")
    if kind == "object" or isinstance(properties, dict):
        required = schema.get("required")
        wanted = required if isinstance(required, list) else []
        inner = properties if isinstance(properties, dict) else {}
        return {name: _example(inner.get(name), root, depth + 1) for name in inner if name in wanted}
    if kind == "array":
        return [_example(schema.get("items"), root, depth + 1)]
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), "text")
    number = schema.get("minimum")
    if kind in {"integer", "number"} and isinstance(number, int | float):
        return number
    return _PLAIN.get(str(kind), {})
