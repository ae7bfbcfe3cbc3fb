"""What in an answer says yes or no, by its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.approvals.facts import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Polarity", "polarity_of"]

#: The field that says it if several could.
_PREFERRED: Final = "approved"


class Polarity(NamedTuple):
    """Where an answer says yes or no, as in `ApprovalFacts`."""

    field: str | None
    default: bool | None = None


def polarity_of(schema: Mapping[str, Any] | None) -> Polarity:
    """Return what says yes or no in values of a schema: the whole value, or the only such field, or `approved`."""
    if schema is None:
        return Polarity(None)
    root = _resolve(schema, schema.get("$defs", {}))
    if root.get("type") == "boolean":
        return Polarity(WHOLE)
    properties = root.get("properties")
    if not isinstance(properties, dict):
        return Polarity(None)
    fields = {name: _resolve(inner, schema.get("$defs", {})) for name, inner in properties.items()}
    candidates = [name for name, inner in fields.items() if inner.get("type") == "boolean"]
    if _PREFERRED in candidates:
        chosen = _PREFERRED
    elif len(candidates) == 1:
        (chosen,) = candidates
    else:
        return Polarity(None)
    default = properties[chosen].get("default", fields[chosen].get("default"))
    return Polarity(chosen, default if isinstance(default, bool) else None)


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found = definitions.get(reference.rpartition("/")[2]) if isinstance(reference, str) else None
    return found if isinstance(found, dict) else schema
