"""Names of types: a link names the type of its value, and the process that opens the link looks the type up.

The name of a class at the top of its module is `module:Class`. Any other type, such as `list[Item]`, needs a name from
`register_callback_type`, called in a module that both processes import.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Final

__all__ = ["find_type", "name_of_type", "register_callback_type"]

_registered: Final[dict[str, Any]] = {}
_BUILTINS: Final = {kind.__name__: kind for kind in (str, int, float, bool, dict, list)}


def register_callback_type(name: str, annotation: Any) -> None:
    """Give a type a name for links.

    Raises:
        ValueError: the name is empty, contains a colon, or belongs to another type.
    """
    if ":" in name or not name:
        raise ValueError(f"{name!r} cannot name a type: names with a colon are those of classes in modules")
    if _registered.setdefault(name, annotation) is not annotation and _registered[name] != annotation:
        raise ValueError(f"{name!r} names {_registered[name]!r} already")


def name_of_type(annotation: Any) -> str:
    """Return the name of a type; an empty one for None.

    Raises:
        TypeError: the type has no name.
    """
    if annotation is None:
        return ""
    for name, registered in (*_registered.items(), *_BUILTINS.items()):
        if registered == annotation:
            return name
    if isinstance(annotation, type) and _is_at_top(annotation):
        return f"{annotation.__module__}:{annotation.__qualname__}"
    raise TypeError(
        f"{annotation!r} has no name that a link can carry; define the class at the top of its module, or name the "
        "type: awaken.register_callback_type('items', list[Item])"
    )


def find_type(name: str) -> Any:
    """Return the type with a name. The name must come from a verified link, since this imports the type's module.

    Raises:
        LookupError: this process does not know the type.
    """
    if not name:
        return None
    for known in (_registered, _BUILTINS):
        if name in known:
            return known[name]
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(
            f"the type {name} is not known in this process ({error}); serve callbacks where the handlers' modules are"
        ) from error


def _is_at_top(kind: type) -> bool:
    return getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
