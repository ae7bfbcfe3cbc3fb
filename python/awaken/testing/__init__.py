"""Tests of durable handlers without a server: a runtime in the test's process, time that moves on, crashes everywhere.

`pytest` finds the fixture `awaken_env` by itself; `open_environment` is the same without pytest.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awaken.testing.crashes import crash_everywhere
    from awaken.testing.effects import Effects
    from awaken.testing.environment import Environment
    from awaken.testing.errors import CrashFoundError, DevelopmentWarning, HandlerFailedError, NotThereError
    from awaken.testing.opening import open_environment

__all__ = [
    "CrashFoundError",
    "DevelopmentWarning",
    "Effects",
    "Environment",
    "HandlerFailedError",
    "NotThereError",
    "crash_everywhere",
    "open_environment",
]

#: Where the names come from. pytest loads the plugin of this package into every run, so nothing is imported before use.
_LAZY = {
    "CrashFoundError": "errors",
    "DevelopmentWarning": "errors",
    "Effects": "effects",
    "Environment": "environment",
    "HandlerFailedError": "errors",
    "NotThereError": "errors",
    "crash_everywhere": "crashes",
    "open_environment": "opening",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'awaken.testing' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"awaken.testing.{_LAZY[name]}"), name)
    return value
