"""What SIGTERM and SIGINT do to a process that serves."""

from __future__ import annotations

import _thread
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from awaken.diagnostics.tracebacks import is_authored

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType

__all__ = ["SignalHandler"]

logger: Final = logging.getLogger("awaken.serve")

if sys.platform == "win32":
    # Ctrl-Break is the one that a program can send to another one, which may then wind up.
    _SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGBREAK)
else:
    _SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
#: How long the loop may take to hear of a signal before the log names what blocks it.
_PATIENCE_S: Final = 1.0


class SignalHandler:
    """Sets an event at the first signal, and ends the process at the second one.

    Python runs a part of it between two instructions of whatever runs, so the second signal works also while a handler
    blocks the event loop.

    Args:
        stop: the event. It may be set by something else as well, which does not count as a signal.
        announce: called at the first signal, unless the event is set already.
    """

    def __init__(self, stop: asyncio.Event, announce: Callable[[], None] = lambda: None) -> None:
        self._stop = stop
        self._announce = announce
        self._signals = 0
        self._is_heard = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the signals of this process. Call it in the main thread, before anything is served."""
        self._loop = loop
        for signum in _SIGNALS:
            if sys.platform != "win32":
                loop.add_signal_handler(signum, self._hear)
            # Replaces the loop's own, which does nothing: a loop is told by a file descriptor.
            signal.signal(signum, self._take)

    def remove(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the signals back."""
        for signum in _SIGNALS:
            if sys.platform != "win32":
                loop.remove_signal_handler(signum)
            else:
                signal.signal(
                    signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
                )

    def _take(self, signum: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        if sys.platform == "win32" and self._loop is not None:
            # Its loops know no signals: the descriptor only wakes them, so that Python comes here.
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._hear)
        # Not by `threading`, whose locks the interrupted code may hold. That code would also get the error of a system
        # without room for another thread.
        with suppress(RuntimeError):
            _thread.start_new_thread(self._name_blocker, (signal.Signals(signum).name,))

    def _hear(self) -> None:
        """Take the first signal in the event loop."""
        if self._is_heard:
            return
        self._is_heard = True
        if not self._stop.is_set():
            self._announce()
        self._stop.set()

    def _name_blocker(self, signal_name: str) -> None:
        """Log which line keeps the event loop from hearing of a signal."""
        time.sleep(_PATIENCE_S)
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        while frame is not None and not is_authored(frame.f_code.co_filename):
            frame = frame.f_back
        if self._is_heard or frame is None:
            return
        logger.warning(
            "%s has to wait: %s at %s:%d blocks the event loop; the next signal ends the process at once",
            signal_name,
            frame.f_code.co_name,
            frame.f_code.co_filename,
            frame.f_lineno,
        )
