"""What in an answer says yes or no, by its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.approvals.facts import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Polarity", "polarity_of"]

#: The field that says it if several could.
_PREFERRED: Final = "approved"
#: References and optional types that are followed, in case they lead in a circle.
_DEEPEST: Final = 10


class Polarity(NamedTuple):
    """Where an answer says yes or no, as in `ApprovalFacts`."""

    field: str | None
    default: bool | None = None


def polarity_of(schema: Mapping[str, Any] | None) -> Polarity:
    """Return what says yes or no in values of a schema: the whole value, or the only such field, or `approved`."""
    if schema is None:
        return Polarity(None)
    root = _resolve(schema, schema.get("$defs", {}))
    if _is_yes_or_no(root):
        return Polarity(WHOLE)
    properties = root.get("properties")
    if not isinstance(properties, dict):
        return Polarity(None)
    fields = {name: _resolve(inner, schema.get("$defs", {})) for name, inner in properties.items()}
    possible = [name for name, inner in fields.items() if _is_yes_or_no(inner)]
    # A plain bool, before those that need not say it or are one of other choices: forms have two buttons for it.
    candidates = [name for name in possible if _is_plain(properties[name], fields[name])] or possible
    if _PREFERRED in possible:
        chosen = _PREFERRED
    elif len(candidates) == 1:
        (chosen,) = candidates
    else:
        return Polarity(None)
    default = properties[chosen].get("default", fields[chosen].get("default"))
    return Polarity(chosen, default if isinstance(default, bool) else None)


def _is_plain(field: Mapping[str, Any], resolved: Mapping[str, Any]) -> bool:
    return "anyOf" not in field and resolved.get("type") == "boolean"


def _is_yes_or_no(schema: Mapping[str, Any]) -> bool:
    """Return whether values are booleans, as those of an enum or a Literal may be."""
    choices = schema.get("enum")
    if isinstance(choices, list):
        return {type(one) for one in choices if one is not None} == {bool}
    return schema.get("type") == "boolean"


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference leads to, and of a type that may also be None the type: None says nothing."""
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        others = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        if isinstance(reference, str) and isinstance(definitions.get(reference.rpartition("/")[2]), dict):
            schema = definitions[reference.rpartition("/")[2]]
        elif len(others) == 1 and isinstance(others[0], dict):
            (schema,) = others
        else:
            break
    return schema
