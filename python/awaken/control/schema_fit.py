"""Whether an answer fits a JSON Schema from a journal, where its type is not known.

Not a validator: it looks at what the types of handlers come to, such as objects with fields, lists and choices. Bounds
and formats are for the handler. So an answer that fits may still be none, and one that does not fit is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["find_misfit"]

_NUMBERS: Final = (int, float)
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "null": (type(None),),
}
#: Levels of an answer that are looked at, with references that are followed.
_DEEPEST: Final = 50
#: Comparisons of a value with a schema: one that refers to itself several times would take any number.
_MOST: Final = 50_000


def find_misfit(value: Any, schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return where a value does not fit, from the root `$`, and what is wrong there; None if it fits.

    Args:
        value: parsed JSON.
        schema: that any endpoint may have written; what is no schema in it fits everything.
    """
    return next(_Comparison(schema).misfits(value, schema, "$", 0), None)


class _Comparison:
    """One value and its schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        definitions = schema.get("$defs")
        self._definitions: Mapping[str, Any] = definitions if isinstance(definitions, dict) else {}
        self._left = _MOST

    def misfits(self, value: Any, schema: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
        """Yield where a value does not fit."""
        self._left -= 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._left < 0:
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._definitions.get(reference.rpartition("/")[2])
            yield from self.misfits(value, target, path, depth + 1)
        for options in (schema.get("anyOf"), schema.get("oneOf")):
            if isinstance(options, list) and options and not self._fits_one(value, options, path, depth):
                yield path, "it is none of the values that fit"
        names = _names(schema.get("type"))
        if schema.get("format") == "decimal":
            names = [*names, "number"]  # handlers read both
        if names and not any(_is_of(value, name) for name in names):
            yield path, f"give {' or '.join(names)}"
            return
        choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(choices, list) and not any(_is_equal(value, one) for one in choices):
            yield path, "it is none of the choices"
        if isinstance(value, dict):
            yield from self._misfits_of_fields(value, schema, path, depth)
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self.misfits(inner, schema.get("items"), f"{path}[{number}]", depth + 1)

    def _fits_one(self, value: Any, options: list[Any], path: str, depth: int) -> bool:
        return any(next(self.misfits(value, one, path, depth + 1), None) is None for one in options)

    def _misfits_of_fields(
        self, value: dict[str, Any], schema: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[tuple[str, str]]:
        required, properties = schema.get("required"), schema.get("properties")
        for name in required if isinstance(required, list) else ():
            if isinstance(name, str) and name not in value:
                yield f"{path}.{name}", "it is missing"
        known = properties if isinstance(properties, dict) else {}
        others = schema.get("additionalProperties")
        for name, inner in value.items():
            if name not in known and others is False:
                yield f"{path}.{name}", "there is no such field"
            yield from self.misfits(inner, known.get(name, others), f"{path}.{name}", depth + 1)


def _names(kind: Any) -> list[str]:
    names = [kind] if isinstance(kind, str) else kind
    if not isinstance(names, list) or not all(isinstance(one, str) and one in _TYPES for one in names):
        return []
    return names


def _is_of(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _is_equal(value: Any, choice: Any) -> bool:
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)
