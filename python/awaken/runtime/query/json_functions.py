"""Functions on JSON and on lists, which are JSON arrays in SQLite."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awaken.runtime.query.function_table import as_text, declare
from awaken.runtime.query.kinds import Kind
from awaken.runtime.query.rendering import list_items

if TYPE_CHECKING:
    from collections.abc import Callable


def _find(text: Any, keys: tuple[Any, ...]) -> Any:
    try:
        found = json.loads(text)
        for key in keys:
            found = found[key if isinstance(found, list) and isinstance(key, int) else str(key)]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return found


@declare(Kind.TEXT, "json_as_text")
def _json_text(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return found if found is None or isinstance(found, str) else json.dumps(found, separators=(",", ":"))


@declare(Kind.TEXT, "json_get", "json_get_json")
def _json_part(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return None if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _typed(*kinds: type) -> Callable[..., Any]:
    def get(text: Any, *keys: Any) -> Any:
        found = _find(text, keys)
        return found if type(found) in kinds else None

    return get


declare(Kind.TEXT, "json_get_str")(_typed(str))
declare(Kind.INTEGER, "json_get_int")(_typed(int))
declare(Kind.FLOAT, "json_get_float")(_typed(float, int))
declare(Kind.BOOLEAN, "json_get_bool")(_typed(bool))
declare(Kind.BOOLEAN, "json_contains")(lambda text, *keys: _find(text, keys) is not None)


@declare(Kind.INTEGER, "json_length")
def _json_length(text: Any, *keys: Any) -> int | None:
    found = _find(text, keys)
    return len(found) if isinstance(found, list | dict) else None


@declare(Kind.LIST, "json_object_keys", item=Kind.TEXT)
def _json_keys(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return json.dumps(list(found)) if isinstance(found, dict) else None


@declare(Kind.BOOLEAN, "array_has", "list_has", "array_contains", "list_contains")
def _has(values: Any, value: Any) -> bool:
    return value in (list_items(values) or [])


@declare(Kind.U64, "array_length", "list_length", "cardinality")
def _list_length(values: Any) -> int | None:
    items = list_items(values)
    return len(items) if items else None


@declare(Kind.TEXT, "array_to_string", "list_to_string")
def _join(values: Any, separator: str) -> str:
    return separator.join(as_text(item) for item in list_items(values) or [] if item is not None)


@declare(Kind.LIST, "string_to_array", item=Kind.TEXT)
def _split(value: Any, separator: str) -> str:
    return json.dumps(as_text(value).split(separator) if separator else list(as_text(value)))


@declare(Kind.NULL, "list_item", is_public=False)
def _item(values: Any, position: int) -> Any:
    items = list_items(values) or []
    at = position - 1 if position > 0 else len(items) + position
    return items[at] if 0 <= at < len(items) and position else None
