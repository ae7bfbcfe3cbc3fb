"""Tests of durable handlers without a server: a runtime in the test's process, time that moves on, crashes everywhere.

`pytest` finds the fixture `awaken_env` by itself; `open_environment` is the same without pytest.
"""

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
