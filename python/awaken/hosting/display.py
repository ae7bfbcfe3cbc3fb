"""Standard output and error of a process that serves: nobody who reads them can hold it up.

A pipe whose reader has stopped fills up, and the next `print` would stop the event loop with everything on it; a pipe
whose reader is gone, a full disk or a closed terminal would fail the handler, log call or signal handler that prints.
After `take_over_output`, `sys.stdout` and `sys.stderr` put what is printed, by handlers too, into a bounded queue that
a thread writes out. What cannot be written, or does not fit, is dropped silently. Nothing here ever blocks or raises,
apart from `settle_output`, which waits a bounded time before the process ends.

One-shot commands do not use this: their output is their work, so they wait for the reader and report a full disk.
"""

from __future__ import annotations

import atexit
import errno
import io
import os
import select
import stat
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TextIO

from awaken.hosting.documents import PrintedLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

__all__ = [
    "draw_before_prints",
    "hold_standard_descriptors",
    "settle_output",
    "take_over_in_worker",
    "take_over_output",
    "write_document",
    "write_steps",
]

#: Bytes that wait for a reader: a burst of about 80,000 lines, which a busy machine writes later than it makes them.
#: Then the process goes on without them.
_QUEUE_LIMIT: Final = 8 << 20
#: Bytes of one write: what a pipe holds on Linux. Larger ones only wait longer.
_BATCH: Final = 65536
#: Likewise for worker processes, which share a pipe: the kernel keeps writes of this size (PIPE_BUF) in one piece.
_SHARED_BATCH: Final = 4096
#: How long the end of the process waits for the reader: in all, and without any progress.
_SETTLE_S: Final = 2.0
_STALL_S: Final = 1.0
#: How long a fork waits for the thread to end; a handler may be what forks.
_FORK_S: Final = 0.1
#: How often a descriptor that another program made non-blocking is tried again.
_RETRY_S: Final = 0.05
#: The reader, the terminal or the descriptor is gone for good. After other errors, such as a full disk, the next line
#: may be written again.
_FINAL_ERRORS: Final = frozenset({errno.EPIPE, errno.EBADF, errno.EIO, errno.ECONNRESET, errno.ENOTCONN})


def hold_standard_descriptors() -> None:
    """Open the null device in place of closed standard streams.

    Otherwise the next file or socket would get the number 0, 1 or 2: what is printed would land there, and libuv aborts
    the process when it closes such a number.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- lives as long as the process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def take_over_output(*, as_documents: bool = False) -> None:
    """Keep those who read standard output and error from holding up this process, until it ends.

    Args:
        as_documents: make standard output a JSON document a line: what handlers print becomes one, too.
    """
    hold_standard_descriptors()
    out, err = _open(sys.stdout), _open(sys.stderr)
    if out is not None and err is not None and out.file == err.file:
        err = out  # one terminal or file: lines keep their order
    if out is not None:
        printed = PrintedLines(partial(_put_after_steps, out)) if as_documents else None
        _display.lines, _display.encoding = out, "utf-8" if as_documents else sys.stdout.encoding
        _display.documents, _display.printed = (out if as_documents else None), printed
        sys.stdout = _text(printed or _Raw(out), sys.stdout)
    if err is not None:
        sys.stderr = _text(_Raw(err), sys.stderr)
    opened = {outlet for outlet in (out, err) if outlet is not None}
    for outlet in opened:
        outlet.start()
    _display.outlets |= opened


def take_over_in_worker() -> None:
    """Go on in a worker that a process which had taken its output over has forked."""
    for outlet in _display.outlets:
        outlet.serve_in_child()


def settle_output() -> None:
    """Wait until what was printed has left, but not for a reader that takes nothing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    _display.draw_steps()
    if _display.printed is not None:
        _display.printed.finish()
    deadline = time.monotonic() + _SETTLE_S
    for outlet in _display.outlets:
        outlet.settle(deadline)


def write_document(line: str) -> None:
    """Write a JSON document, which ends with a line feed, to standard output."""
    _display.draw_steps()
    if _display.documents is not None:
        _display.documents.put(line.encode())
        return
    with suppress(OSError, ValueError):
        sys.stdout.write(line)
        sys.stdout.flush()


def write_steps(lines: str) -> None:
    """Write lines about steps to standard output, each of which ends with a line feed."""
    outlet = _display.documents or _display.lines
    if outlet is not None:
        outlet.put(lines.encode(_display.encoding, "backslashreplace"))
        return
    with suppress(OSError, ValueError):  # broken, or closed by a handler: the runtime goes on
        sys.stdout.write(lines)
        sys.stdout.flush()


def draw_before_prints(draw: Callable[[], None]) -> None:
    """Call back before anything else is printed, so that lines keep their order.

    Args:
        draw: writes what waits, with `write_steps`. It must not raise. It replaces the last one.
    """
    _display.draw_steps = draw


class _Outlet:
    """Writes to one descriptor, in a thread of its own unless that cannot block."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        status = os.fstat(descriptor)
        #: Equal for descriptors of the same file, pipe or terminal. Windows numbers files only.
        self.file = (status.st_dev, status.st_ino) if status.st_ino else (-1, descriptor)
        #: Whether writing never waits for a reader, or may.
        self._is_direct = stat.S_ISREG(status.st_mode)
        self._batch = _BATCH
        self._reset()

    def _reset(self) -> None:
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._written = 0
        self._is_broken = False
        self._is_ending = False
        self._has_thread = False
        self._thread: threading.Thread | None = None
        self._change = threading.Condition()

    def put(self, data: bytes) -> None:
        with self._change:
            if self._is_broken or self._size >= _QUEUE_LIMIT:
                return
            if self._is_direct and not self._queue:
                self._is_broken = not self._write(data)
                return
            self._queue.append(data)
            self._size += len(data)
            self._change.notify_all()

    def start(self) -> None:
        """Start the thread, unless there is one.

        `put` never does: signal handlers and finalizers print, too, perhaps within such a start.
        """
        with self._change:
            if self._is_direct or self._has_thread:
                return
            self._has_thread = True
            self._thread = threading.Thread(target=self._run, name="awaken-output", daemon=True)
        self._thread.start()

    def settle(self, deadline: float) -> None:
        """Wait until the queue is empty, the deadline, or a moment without progress."""
        with self._change:
            written, stalled_at = self._written, time.monotonic() + _STALL_S
            while self._size and (now := time.monotonic()) < min(deadline, stalled_at):
                self._change.wait(min(deadline, stalled_at) - now)
                if self._written != written:
                    written, stalled_at = self._written, time.monotonic() + _STALL_S

    def prepare_fork(self) -> None:
        """Let the thread end, if the reader allows it: a fork copies only the thread that calls it."""
        self.settle(time.monotonic() + _FORK_S)
        with self._change:
            thread, self._is_ending = self._thread, True
            self._change.notify_all()
        if thread is not None:
            thread.join(_FORK_S)
        self._change.acquire()
        self._is_ending = False

    def continue_in_parent(self) -> None:
        self._change.release()
        self.start()

    def continue_in_child(self) -> None:
        self._reset()  # what was queued is the parent's to write
        # A process that a handler or library has forked serves nobody, and may end without a word to us.
        self._is_direct = True

    def serve_in_child(self) -> None:
        """Use the queue in this forked process, too."""
        self._is_direct = False
        self._batch = _SHARED_BATCH
        self.start()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            is_broken = not self._write(batch)
            with self._change:
                self._size -= len(batch)
                self._written += len(batch)
                if is_broken:
                    self._is_broken, self._size = True, 0
                    self._queue.clear()
                self._change.notify_all()

    def _next(self) -> bytes | None:
        """Return the next bytes to write, whole lines if possible; None ends the thread."""
        with self._change:
            while not self._queue:
                if self._is_ending:
                    self._has_thread = False
                    return None
                self._change.wait()
            parts, size = [self._queue.popleft()], 0
            while self._queue and size + len(parts[-1]) + len(self._queue[0]) <= self._batch:
                size += len(parts[-1])
                parts.append(self._queue.popleft())
        return b"".join(parts)

    def _write(self, data: bytes) -> bool:
        """Write, and return whether the descriptor can be written again."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:  # another program made the file it shares with us non-blocking
                _wait_until_writable(self.descriptor)
            except OSError as error:
                return error.errno not in _FINAL_ERRORS
        return True


class _Raw(io.RawIOBase):
    """The bottom of a text stream."""

    def __init__(self, outlet: _Outlet) -> None:
        self._outlet = outlet

    def fileno(self) -> int:
        return self._outlet.descriptor

    def isatty(self) -> bool:
        return os.isatty(self._outlet.descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        taken = bytes(data)
        _put_after_steps(self._outlet, taken)
        return len(taken)


class _Display:
    """What this process has taken over."""

    def __init__(self) -> None:
        self.outlets: set[_Outlet] = set()
        #: Writes to standard output.
        self.lines: _Outlet | None = None
        self.encoding = "utf-8"
        #: Takes JSON documents, if standard output consists of them.
        self.documents: _Outlet | None = None
        #: Writes lines of steps that wait.
        self.draw_steps: Callable[[], None] = lambda: None
        self.printed: PrintedLines | None = None


_display: Final = _Display()


def _open(stream: TextIO) -> _Outlet | None:
    """Return a writer to the descriptor of a stream; None if it has none, as in tests, or is taken over already."""
    if isinstance(getattr(getattr(stream, "buffer", None), "raw", None), (_Raw, PrintedLines)):
        return None
    if sys.platform == "win32" and stream.isatty():
        return None  # its console takes text, not the bytes of an encoding
    with suppress(OSError, ValueError):
        stream.flush()
    try:
        return _Outlet(stream.fileno())
    except (OSError, ValueError):
        return None


def _wait_until_writable(descriptor: int) -> None:
    if sys.platform == "win32":  # only sockets can be waited for
        time.sleep(_RETRY_S)
    else:
        select.select([], [descriptor], [], _RETRY_S)


def _text(raw: io.RawIOBase, like: TextIO) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=like.encoding, errors="backslashreplace", line_buffering=True
    )


def _put_after_steps(outlet: _Outlet, data: bytes) -> None:
    _display.draw_steps()
    outlet.put(data)


def _prepare_fork() -> None:
    for outlet in _display.outlets:
        outlet.prepare_fork()


def _continue_in_parent() -> None:
    for outlet in _display.outlets:
        outlet.continue_in_parent()


def _continue_in_child() -> None:
    for outlet in _display.outlets:
        outlet.continue_in_child()


atexit.register(settle_output)
if sys.platform != "win32":
    os.register_at_fork(
        before=_prepare_fork, after_in_parent=_continue_in_parent, after_in_child=_continue_in_child
    )
