"""What SIGTERM and SIGINT do to a process that serves."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["SignalHandler"]


class SignalHandler:
    """Sets an event at the first signal, and ends the process at the second one.

    Args:
        stop: the event. It may be set by something else as well, which does not count as a signal.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._is_called = False

    def __call__(self, signum: signal.Signals) -> None:
        """Take a signal."""
        if self._is_called:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        self._is_called = True
        self._stop.set()
