"""Where in user code something happens: file and line, for the texts of errors and logs."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from awaken.diagnostics import development
from awaken.diagnostics.tracebacks import PACKAGE, is_authored

if TYPE_CHECKING:
    from types import FrameType

_INSIDE = (PACKAGE, os.path.dirname(asyncio.__file__) + os.sep)


class CodeLocation(NamedTuple):
    """A line of user code."""

    file: str
    line: int
    #: Whether the line awaits a durable result, as far as can be seen.
    is_durable: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller(skipped: int = 0) -> CodeLocation | None:
    """Return the line outside this package and asyncio that is being executed.

    Args:
        skipped: how many frames below the caller's are known to be inside.
    """
    frame: FrameType | None = sys._getframe(1 + skipped)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_INSIDE):
            return CodeLocation(frame.f_code.co_filename, frame.f_lineno, True)  # suspending takes this way
        frame = frame.f_back
    return None


def place_for_callers() -> str:
    """Return ` at FILE:LINE` of the line that is being executed, in development mode only; else an empty text.

    For errors that end an invocation: callers get them.
    """
    return f" at {caller(1)}" if development.is_enabled() else ""


def raised(error: BaseException) -> CodeLocation | None:
    """Return the line of the author's code, or of its libraries, that an error came from."""
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        if is_authored(traceback.tb_frame.f_code.co_filename):
            found = CodeLocation(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def innermost(coroutine: Any) -> CodeLocation | None:
    """Return the innermost line outside this package and asyncio in which a coroutine is suspended."""
    frame: FrameType | None = None
    is_durable = False
    while coroutine is not None:
        current = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if current is None:
            break
        is_durable = current.f_code.co_filename.startswith(PACKAGE)
        if frame is None or not current.f_code.co_filename.startswith(_INSIDE):
            frame = current
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return None if frame is None else CodeLocation(frame.f_code.co_filename, frame.f_lineno, is_durable)
