"""Test durable handlers without a server: a runtime in the test's process, a clock you advance, crashes everywhere.

pytest finds the fixture `awaken_env` by itself; `open_environment` gives you the same without pytest.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awaken.testing.crashes import crash_everywhere
    from awaken.testing.effects import Effects
    from awaken.testing.environment import Environment
    from awaken.testing.errors import (
        AnswerRefusedError,
        CrashFoundError,
        DevelopmentWarning,
        HandlerFailedError,
        NotThereError,
    )
    from awaken.testing.opening import open_environment

__all__ = [
    "AnswerRefusedError",
    "CrashFoundError",
    "DevelopmentWarning",
    "Effects",
    "Environment",
    "HandlerFailedError",
    "NotThereError",
    "crash_everywhere",
    "open_environment",
]

#: The modules of the names. pytest loads this package's plugin in every run, so a module is imported only when used.
_LAZY = {
    "AnswerRefusedError": "errors",
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
