"""Tracebacks that show the author's code and its libraries, without the frames of this package.

People read them in logs, on terminals, and in the errors that the runtime shows. They leave out the frames of this
package and those of the standard library that this package called, such as the thread in which a run executes. The
exception itself does not change: debuggers and error trackers find every frame in its `__traceback__`. If the
environment variable AWAKEN_FULL_TRACEBACKS is set, nothing is left out; use it when you work on awaken itself.
"""

from __future__ import annotations

import logging
import os
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PACKAGE", "authored", "format_error", "innermost_file", "is_authored", "log_warning"]

#: The folder of this package: the prefix of the file names of its code.
PACKAGE: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep

_STANDARD_LIBRARY: Final = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
#: Suffixes of sources that were compiled ahead of time, like those of uvloop. Such files are not installed.
_COMPILED: Final = (".pyx", ".pxd", ".pxi")
_FULL: Final = "AWAKEN_FULL_TRACEBACKS"


def format_error(error: BaseException) -> str:
    """Return the traceback of an error, its causes and the errors that it groups, in the format of Python."""
    try:
        return _format(error)
    except BaseException as broken:  # formatting calls code of the error
        return f"the traceback of {type(error).__name__} cannot be formatted: {type(broken).__name__}\n"


def authored(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of this package; None if there are no others."""
    links = []
    while trace is not None:
        links.append(trace)
        trace = trace.tb_next
    codes = (link.tb_frame.f_code for link in links)
    kept = _choose((code.co_filename, code.co_name) for code in codes)
    rebuilt: TracebackType | None = None
    for link, is_kept in zip(reversed(links), reversed(kept), strict=True):
        if is_kept:
            rebuilt = TracebackType(rebuilt, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return rebuilt


def innermost_file(error: BaseException) -> str:
    """Return the file whose code raised an error; an empty string if it was never raised."""
    trace, file = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return file


def is_authored(filename: str) -> bool:
    """Return whether a file belongs to the author or a library, not to this package or the standard library."""
    if filename.startswith((PACKAGE, "<string>")) or filename.endswith(_COMPILED):
        return False
    return not _is_standard(filename)


def log_warning(logger: logging.Logger, message: str, *args: object, error: BaseException) -> None:
    """Log a warning with the traceback of an error in the author's code.

    Args:
        logger: the logger.
        message: the message, with placeholders as in `logging`.
        args: arguments of the message.
        error: the error.
    """
    if not logger.isEnabledFor(logging.WARNING):
        return
    file, line, function, _ = logger.findCaller(stacklevel=2)
    trace = (type(error), error, authored(error.__traceback__))
    record = logger.makeRecord(logger.name, logging.WARNING, file, line, message, args, trace, function)
    # Formatters use this as the text of the traceback. Otherwise they would print all frames of chained errors.
    record.exc_text = format_error(error).rstrip("\n")
    logger.handle(record)


def _format(error: BaseException) -> str:
    formatted = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
    pending, seen = [formatted], set[int]()
    is_authored_anywhere = False
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kept = _choose((frame.filename, frame.name) for frame in part.stack)
        is_authored_anywhere |= any(kept) or bool(getattr(part, "exceptions", None))
        part.stack[:] = [frame for frame, is_kept in zip(part.stack, kept, strict=True) if is_kept]
        related = (part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ()))
        pending.extend(one for one in related if one is not None)
    if (
        not is_authored_anywhere
    ):  # causes inside this package help nobody: the error's own text says what is wrong
        return "".join(formatted.format_exception_only())
    return "".join(formatted.format())


def _choose(frames: Iterable[tuple[str, str]]) -> list[bool]:
    """Return which frames to show, given their files and functions from the outermost to the innermost."""
    if os.environ.get(_FULL):
        return [True for _ in frames]
    kept = []
    is_inside = True  # frames before the author's first one belong to this package or were called by it
    for filename, function in frames:
        is_generated = filename == "<string>" and function.startswith("__")  # code of a dataclass
        is_inside = filename.startswith(PACKAGE) or (is_inside and (is_generated or _is_standard(filename)))
        kept.append(not is_inside)
    return kept


def _is_standard(filename: str) -> bool:
    return filename.startswith(_STANDARD_LIBRARY) and "-packages" not in filename
