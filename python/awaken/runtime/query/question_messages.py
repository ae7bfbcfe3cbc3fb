"""What goes between the runtime and a process that answers questions, over a socket.

A question is one message; its answer is a message, and the rows behind it: a JSON array, or an Arrow IPC stream. A
message is preceded by its length.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from awaken.runtime.query.snapshot import Snapshot  # noqa: TC001 - msgspec reads the annotation

if TYPE_CHECKING:
    import socket

__all__ = ["Answer", "Asked", "receive_answer", "receive_question", "send_answer", "send_question"]

T = TypeVar("T")

#: Bytes of the length of a message.
_LENGTH: Final = 8


class Asked(msgspec.Struct, array_like=True, frozen=True):
    """A question."""

    sql: str
    snapshot: Snapshot
    #: Seconds that it may take.
    timeout_s: float
    #: Whether the answer is an Arrow IPC stream, not JSON.
    is_arrow: bool = False


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """What became of it."""

    #: Bytes of the rows that follow.
    size: int = 0
    #: Why there are none.
    error: str | None = None
    is_misread: bool = False
    is_limited: bool = False
    #: Lines for the runtime's log.
    notes: tuple[str, ...] = ()


def send_question(channel: socket.socket, asked: Asked, deadline: float) -> None:
    """Send a question. Raises OSError, and TimeoutError after `deadline` of the monotonic clock."""
    channel.settimeout(_remaining(deadline))
    channel.sendall(_encode(asked))


def receive_question(channel: socket.socket) -> Asked:
    """Wait for a question. Raises EOFError once the runtime has gone."""
    return _receive(channel, Asked, None)


def send_answer(channel: socket.socket, answer: Answer, rows: bytearray) -> None:
    """Send an answer and its rows."""
    channel.sendall(_encode(answer))
    channel.sendall(rows)


def receive_answer(channel: socket.socket, deadline: float) -> tuple[Answer, bytearray]:
    """Wait for an answer. Raises EOFError if the process ends, and TimeoutError after `deadline`."""
    answer = _receive(channel, Answer, deadline)
    return answer, _read(channel, answer.size, deadline)


def _encode(message: Asked | Answer) -> bytes:
    encoded = msgspec.msgpack.encode(message)
    return len(encoded).to_bytes(_LENGTH) + encoded


def _receive(channel: socket.socket, kind: type[T], deadline: float | None) -> T:
    size = int.from_bytes(_read(channel, _LENGTH, deadline))
    return msgspec.msgpack.decode(_read(channel, size, deadline), type=kind)


def _read(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        channel.settimeout(None if deadline is None else _remaining(deadline))
        count = channel.recv_into(view[at:])
        if not count:
            raise EOFError
        at += count
    view.release()
    return data  # not copied: it may be large


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
