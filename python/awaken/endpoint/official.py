"""What comes from the official SDK, because a module of an application still imports `restate`."""

from __future__ import annotations

import inspect
from types import ModuleType

from awaken.errors import UsageError

__all__ = ["WHAT_TO_IMPORT", "is_official", "refused_error"]

_PACKAGE = "restate"

WHAT_TO_IMPORT = (
    "write `import awaken as restate`, and `from awaken.X import ...`, in the module that makes it"
)


def is_official(value: object) -> bool:
    """Tell whether a value, class, function or module is one of `restate-sdk`."""
    if isinstance(value, ModuleType):
        name = value.__name__
    else:
        owner = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
        name = getattr(owner, "__module__", None) or ""
    return name.partition(".")[0] == _PACKAGE


def refused_error(error: BaseException) -> UsageError | None:
    """Return what to report for a terminal error of the official SDK, else None.

    It is no terminal error here. To retry it would be the opposite of what its author wants.
    """
    if not any(cls.__name__ == "TerminalError" and is_official(cls) for cls in type(error).__mro__):
        return None
    return UsageError(
        f"{type(error).__name__}: {error}; this class is of restate-sdk, and is not the TerminalError of awaken: "
        f"{WHAT_TO_IMPORT}"
    )
