"""Names of types: a link names the type of its value, and the process that opens the link looks the type up.

The name of a class at the top of its module is `module:Class`. Any other type, such as `list[Item]`, needs a name from
`register_callback_type`, called in a module that both processes import.

A name from a verified link was written by a handler that has the key: `import_type` imports its module. A name from a
journal was written by whoever serves the handler: `find_type` knows what this process has loaded, and imports nothing.
"""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from awaken.approvals import Approval
from awaken.diagnostics.tracebacks import is_authored
from awaken.links.limits import LONGEST_TYPE_NAME, describe_text

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["add_type_module", "find_type", "import_type", "name_of_type", "register_callback_type"]

_registered: Final[dict[str, Any]] = {}
#: Modules that the operator named; their types are known, and those of their packages.
_named: Final[set[str]] = set()
_BUILTINS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (str, int, float, bool, dict, list)} | {
    f"{kind.__module__}:{kind.__qualname__}": kind
    for kind in (date, datetime, time, timedelta, Decimal, UUID, bytes, tuple, set, frozenset)
}
_BUILTINS["awaken:Approval"] = Approval
#: Folders of installed packages.
_INSTALLED: Final = "-packages"


def register_callback_type(name: str, annotation: Any) -> None:
    """Give a type a name for links.

    Raises:
        ValueError: the name is empty, too long, contains a colon, or belongs to another type.
    """
    if ":" in name or not name:
        raise ValueError(f"{name!r} cannot name a type: names with a colon are those of classes in modules")
    if problem := describe_text(name, LONGEST_TYPE_NAME):
        raise ValueError(f"the name of a callback's type {problem}")
    if _registered.setdefault(name, annotation) is not annotation and _registered[name] != annotation:
        raise ValueError(f"{name!r} names {_registered[name]!r} already")


def name_of_type(annotation: Any) -> str:
    """Return the name of a type; an empty one for None.

    Raises:
        TypeError: the type has no name, or one that is too long.
    """
    if annotation is None:
        return ""
    for name, registered in (*_registered.items(), *_BUILTINS.items()):
        if registered == annotation:
            return name
    if isinstance(annotation, type) and _is_at_top(annotation):
        name = f"{annotation.__module__}:{annotation.__qualname__}"
        if problem := describe_text(name, LONGEST_TYPE_NAME):
            raise TypeError(f"the name of its type {problem}, or register a name for the type")
        return name
    raise TypeError(
        f"{annotation!r} has no name that a link can carry; define the class at the top of its module, or name the "
        "type: awaken.register_callback_type('items', list[Item])"
    )


def import_type(name: str) -> Any:
    """Return the type with a name, and import its module if needed. The name must come from a verified link.

    Raises:
        LookupError: this process does not know the type.
    """
    module, separator, _ = name.partition(":")
    if separator and name not in _BUILTINS:
        try:
            import_module(module)
        except Exception as error:  # the module may raise anything
            raise _unknown(name, f"{type(error).__name__}: {error}") from error
    return _find(name, sys.modules.get(module))


def find_type(name: str) -> Any:
    """Return the type with a name, which may come from anywhere: nothing is imported.

    Known are registered types, builtin ones, and the classes at the top of modules that belong to the application: they
    are loaded, and not installed packages, unless `add_type_module` named them.

    Raises:
        LookupError: this process does not know the type.
    """
    module_name = name.partition(":")[0]
    module = sys.modules.get(module_name)
    return _find(name, module if module is not None and _is_of_application(module_name, module) else None)


def add_type_module(name: str) -> None:
    """Import a module that the operator names, and let its package's types be found.

    Raises:
        ImportError: there is no such module.
    """
    import_module(name)
    _named.add(name.partition(".")[0])


def _find(name: str, module: ModuleType | None) -> Any:
    if not name:
        return None
    for known in (_registered, _BUILTINS):
        if name in known:
            return known[name]
    found = None if module is None else vars(module).get(name.partition(":")[2])
    if not isinstance(found, type) or f"{found.__module__}:{found.__qualname__}" != name:
        raise _unknown(name, "there is no such class in a module of the application")
    return found


def _unknown(name: str, reason: str) -> LookupError:
    return LookupError(
        f"the type {name[:LONGEST_TYPE_NAME]!r} is not known in this process ({reason}); serve callbacks where the "
        "handlers' modules are"
    )


def _is_of_application(name: str, module: ModuleType) -> bool:
    if name.partition(".")[0] in _named:
        return True
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and is_authored(file) and _INSTALLED not in file


def _is_at_top(kind: type) -> bool:
    return getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is kind
