"""Frames of the invocation protocol, written by hand, as input for the benchmarks."""

from __future__ import annotations

import struct

__all__ = [
    "INVOCATION_ID",
    "INVOCATION_ID_TEXT",
    "end",
    "frame",
    "input_command",
    "output_command",
    "replay",
    "run_command",
    "run_completion",
    "run_proposal",
    "signal",
    "start",
    "suspension",
]

INVOCATION_ID = bytes.fromhex("b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615")
INVOCATION_ID_TEXT = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"


def replay(runs: int) -> bytes:
    """Return a journal of Input and this many completed runs, named `entry`, with values 0, 1, 2, ..."""
    frames = [start(1 + 2 * runs), input_command(b"[]")]
    for number in range(runs):
        frames += run_command(number + 1, "entry"), run_completion(number + 1, str(number).encode())
    return b"".join(frames)


def start(known_entries: int) -> bytes:
    identity = data(1, INVOCATION_ID) + data(2, INVOCATION_ID_TEXT.encode())
    return frame(0x0000, identity + number(3, known_entries) + number(5, 1) + number(9, 3392988097914272910))


def input_command(body: bytes) -> bytes:
    headers = (b"x-restate-ingress-path", b"/Bench/greet"), (b"content-type", b"application/json")
    encoded = b"".join(data(1, data(1, name) + data(2, value)) for name, value in headers)
    return frame(0x0400, encoded + data(14, data(1, body)))


def output_command(body: bytes) -> bytes:
    return frame(0x0401, data(14, data(1, body)))


def end() -> bytes:
    return frame(0x0003, b"")


def suspension(*signals: int) -> bytes:
    return frame(0x0001, data(2, b"".join(map(varint, signals))))


def run_command(completion_id: int, name: str) -> bytes:
    return frame(0x0411, number(11, completion_id) + data(12, name.encode()))


def run_proposal(completion_id: int, value: bytes) -> bytes:
    return frame(0x0005, number(1, completion_id) + data(14, value))


def run_completion(completion_id: int, value: bytes) -> bytes:
    return frame(0x8011, number(1, completion_id) + data(5, data(1, value)))


def signal(index: int, value: bytes) -> bytes:
    return frame(0xFBFF, number(2, index) + data(5, data(1, value)))


def frame(code: int, payload: bytes) -> bytes:
    return struct.pack(">HHI", code, 0, len(payload)) + payload


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def data(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
