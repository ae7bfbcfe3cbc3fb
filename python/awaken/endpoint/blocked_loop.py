"""Notices handlers that block the event loop, in development mode.

A handler that calls `time.sleep` or `requests.get` stops every other handler, and the runtime beside them, without a
word. A thread asks the loop for a sign of life a few times a second. If none comes, the thread looks at what the loop's
thread executes: several looks have to find the same step of the same handler, in the author's code or what that called.
The work of the runtime, replays, imports and debuggers do not count. Nor does a process that was stopped, or got no
processor: then the looks of the thread come late, too.

The loop itself warns when it goes on, because it knows then how long it stood still.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from awaken.diagnostics import development
from awaken.diagnostics.tracebacks import PACKAGE, is_authored

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

__all__ = ["watch"]

#: Seconds between two looks.
_INTERVAL: Final = 0.15
#: A look that comes this many seconds later than it should says nothing.
_LATE: Final = 0.3
#: Looks that have to find the same step: more than half a second.
_LOOKS: Final = 4
#: Looks after which a step is reported that has not ended: about 10 seconds.
_ENDLESS: Final = 67

_ENDPOINT: Final = PACKAGE + "endpoint" + os.sep
#: Functions of this package in which a step of a handler executes, and whether that is an action of a run.
_STEPS: Final = {
    (f"{_ENDPOINT}attempt.py", "_run_handler"): False,
    (f"{_ENDPOINT}tasks.py", "_step"): False,
    (f"{_ENDPOINT}run_tasks.py", "_execute"): True,
}
#: Files of this package that call the author's code.
_CALLERS: Final = {file for file, _ in _STEPS} | {
    f"{_ENDPOINT}handler_call.py",
    PACKAGE + os.path.join("context", "run_action.py"),
}
#: In the files of debuggers and of imports, whose time is not the handler's.
_UNCOUNTED: Final = ("bdb.py", "pydevd", "debugpy", "<frozen importlib")

_HANDLER_ADVICE: Final = (
    "put blocking work into a run (ctx.run_typed), which executes a plain function in a thread"
)
_RUN_ADVICE: Final = "make the action a plain `def`, which executes in a thread, or await what it calls"

#: Loops that have a watch.
_watched: set[asyncio.AbstractEventLoop] = set()


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Watch the running loop until development mode ends, unless it is watched already."""
    if loop not in _watched:
        _watched.add(loop)
        _Watch(loop).start()


class _Step(NamedTuple):
    """A step of a handler that a look has found."""

    #: The identity of its outermost frame.
    frame: int
    #: What blocks, such as `Shop/buy`.
    subject: str
    #: File and line of the author's code.
    line: str
    advice: str


class _Watch(threading.Thread):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="awaken-blocked-loop", daemon=True)
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._asked_at = 0.0
        self._is_answered = True
        self._step: _Step | None = None
        self._looks = 0

    def run(self) -> None:
        try:
            while development.is_enabled():
                before = time.monotonic()
                if self._is_answered:
                    self._ask(before)
                time.sleep(_INTERVAL)
                if time.monotonic() - before > _INTERVAL + _LATE:
                    self._step, self._looks = None, 0
                elif not self._is_answered:
                    self._look()
        except RuntimeError:
            pass  # the loop is closed
        finally:
            _watched.discard(self._loop)

    def _ask(self, now: float) -> None:
        self._step, self._looks = None, 0
        self._asked_at, self._is_answered = now, False
        self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        """Go on, on the loop."""
        step, looks = self._step, self._looks
        if step is not None and _LOOKS <= looks < _ENDLESS:
            _warn(step, f"blocked the event loop for over {time.monotonic() - self._asked_at:.1f} s")
        self._is_answered = True

    def _look(self) -> None:
        found = _find_step(sys._current_frames().get(self._loop_thread))
        if found is None or self._step is None or found.frame != self._step.frame:
            self._step, self._looks = found, 1
            return
        self._step = found
        self._looks += 1
        if self._looks == _ENDLESS:
            _warn(
                found,
                f"has blocked the event loop for over {time.monotonic() - self._asked_at:.0f} s, and still does",
            )


def _warn(step: _Step, what: str) -> None:
    development.warn(
        f"it {what} at {step.line}, so that nothing else ran meanwhile; {step.advice}", place=step.subject
    )


def _find_step(frame: FrameType | None) -> _Step | None:
    """Return which step of a handler executes; None if that is nothing of the author's."""
    author: FrameType | None = None
    is_inside = False  # whether this package has been met
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if any(part in file for part in _UNCOUNTED):
            return None
        if file.startswith(PACKAGE):
            if not is_inside and file not in _CALLERS:
                return None  # the author's code has called this package, which does the work
            is_inside = True
            is_run = _STEPS.get((file, name))
            if is_run is not None:
                return None if author is None else _describe(frame, author, is_run=is_run)
        elif author is None or "-packages" in author.f_code.co_filename:
            author = frame if is_authored(file) else author
        frame = frame.f_back
    return None


def _describe(frame: FrameType, author: FrameType, *, is_run: bool) -> _Step:
    held = frame.f_locals["self"]
    line = f"{author.f_code.co_filename}:{author.f_lineno}"
    if is_run:
        subject, advice = f"the action of {frame.f_locals['run'].subject} of {held._host.target}", _RUN_ADVICE
    elif frame.f_code.co_name == "_step":
        subject, advice = held._attempt.target, _HANDLER_ADVICE
    else:
        subject, advice = held.target, _HANDLER_ADVICE
    return _Step(id(frame), subject, line, advice)
