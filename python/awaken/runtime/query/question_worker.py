"""The process that answers questions of users, one at a time: what runs in it.

It reads the runtime's file itself, and sees what was committed. It ends when the runtime closes the socket, also by
being killed; a thread waits for that beside the question that runs, and on Linux the system does. Except on Windows, a
timer of the system ends it if a question keeps everything from running for longer than it may.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from awaken.runtime.query import limits
from awaken.runtime.query.connection import Connection
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.question_channel import open_channel
from awaken.runtime.query.question_messages import Answer, Asked, receive_question, send_answer
from awaken.runtime.query.rendering import row_renderer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from awaken.runtime.query.connection import Answered

__all__ = ["main"]

log = logging.getLogger("awaken.runtime")

#: Seconds after the end of its time that a question has for ending by itself; the runtime kills it before.
_LAST_SECONDS: Final = 2 * limits.KILL_SECONDS


def main(path: str, port: int) -> None:
    """Answer the questions that arrive.

    Args:
        path: the runtime's database file.
        port: where the runtime waits for this process; see `question_channel`.
    """
    channel = open_channel(port)
    limits.limit_process()
    limits.end_with_parent()
    questions: queue.SimpleQueue[Asked] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(channel.dup(), questions), daemon=True).start()
    notes = _Notes()
    logging.getLogger("awaken").addHandler(notes)
    worker = _Worker(Path(path))
    while True:
        asked = questions.get()
        _end_after(asked.timeout_s + _LAST_SECONDS)
        answer, rows = worker.answer(asked)
        channel.settimeout(None)
        send_answer(channel, msgspec.structs.replace(answer, notes=notes.take()), rows)
        _end_after(0)


def _end_after(seconds: float) -> None:
    """Have the system end this process after some time, or never. Windows has no such timer; the runtime kills it."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _receive(channel: socket.socket, questions: queue.SimpleQueue[Asked]) -> None:
    try:
        while True:
            questions.put(receive_question(channel))
    finally:
        os._exit(0)


class _Worker:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: Connection | None = None

    def answer(self, asked: Asked) -> tuple[Answer, bytearray]:
        try:
            rows = self._encode(asked)
        except QueryError as error:
            return Answer(
                error=str(error), is_misread=error.is_misread, is_limited=error.is_limited
            ), bytearray()
        except MemoryError:
            return Answer(
                error=f"the question needs more memory than it may use, {limits.HEAP_SIZE >> 20} MiB in SQLite and "
                f"{limits.MEMORY_SIZE >> 20} MiB in all; add conditions or a LIMIT, or select fewer columns",
                is_limited=True,
            ), bytearray()
        except Exception as error:
            log.warning("a question failed: %r", error)
            return Answer(error="internal error; see the log of the runtime"), bytearray()
        return Answer(size=len(rows)), rows

    def _encode(self, asked: Asked) -> bytearray:
        if self._connection is None:
            self._connection = Connection(self._path, timeout_s=asked.timeout_s, is_limited=True)
        answered = self._connection.answer(asked.sql, asked.snapshot)
        rows = bytearray()
        for part in _arrow(answered) if asked.is_arrow else _json(answered):
            if len(rows) + len(part) > limits.ANSWER_SIZE:
                raise QueryError(
                    f"the answer is larger than {limits.ANSWER_SIZE >> 20} MiB; add conditions or a LIMIT, or "
                    "select fewer columns",
                    is_limited=True,
                )
            rows += part
        return rows


def _json(answered: Answered) -> Iterator[bytes]:
    show, encode = row_renderer(answered.columns), msgspec.json.Encoder().encode
    before = b"["
    for values in answered.rows:
        yield before
        yield encode(show(values))
        before = b","
    yield b"]" if before == b"," else b"[]"


def _arrow(answered: Answered) -> Iterator[bytearray]:
    # Few ask for it, and its library takes longer to import than most questions.
    from awaken.runtime.query.arrow_answer import write_arrow

    return write_arrow(answered)


class _Notes(logging.Handler):
    """Keeps what is logged, for the log of the runtime."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def take(self) -> tuple[str, ...]:
        lines, self._lines = tuple(self._lines), []
        return lines
