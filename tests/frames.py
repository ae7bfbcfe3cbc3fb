"""Builds frames as the runtime sends them, and reads those of an endpoint. Just enough protobuf for tests."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RAW_ID = bytes.fromhex("b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615")
INVOCATION_ID = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"
CANCEL = bytes.fromhex("fbff0000000000041001 2200".replace(" ", ""))


class Frame(NamedTuple):
    """One frame of the answer."""

    name: str
    payload: bytes
    flags: int


def read(data: bytes) -> list[Frame]:
    """Split an answer into frames."""
    decoder = _core.Decoder()
    decoder.receive(data)
    frames = []
    while (message := decoder.take_message()) is not None:
        frames.append(Frame(message.name, message.payload, message.flags))
    return frames


def names(data: bytes) -> list[str]:
    """Return the message names of an answer."""
    return [frame.name for frame in read(data)]


def frame(code: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """Build one frame."""
    return struct.pack(">HHI", code, flags, len(payload)) + payload


def varint(value: int) -> bytes:
    """Encode an unsigned integer."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """Encode an integer field."""
    return varint(field << 3) + varint(value)


def blob(field: int, value: bytes | str) -> bytes:
    """Encode a bytes, string or message field."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def value(content: bytes) -> bytes:
    """Encode a Value message."""
    return blob(1, content) if content else b""


def start(
    known_entries: int = 1,
    *,
    key: str = "",
    state: Mapping[str, bytes] | None = None,
    partial_state: bool = True,
    retry_count: int = 0,
    random_seed: int = 7,
) -> bytes:
    """Build the Start frame."""
    payload = blob(1, RAW_ID) + blob(2, INVOCATION_ID) + number(3, known_entries)
    for name, content in (state or {}).items():
        payload += blob(4, blob(1, name) + blob(2, content))
    payload += number(5, int(partial_state)) + blob(6, key) + number(7, retry_count) + number(9, random_seed)
    return frame(0x0000, payload)


def input_command(body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Build the Input command."""
    encoded = b"".join(blob(1, blob(1, name) + blob(2, content)) for name, content in headers)
    return frame(0x0400, encoded + blob(14, value(body)))


def request(body: bytes = b"", *journal: bytes, **options: object) -> bytes:
    """Build Start, Input and the rest of a recorded journal."""
    return start(1 + len(journal), **options) + input_command(body) + b"".join(journal)  # type: ignore[arg-type]


def run_command(completion_id: int, name: str) -> bytes:
    """Build a recorded Run command."""
    return frame(0x0411, number(11, completion_id) + blob(12, name))


def run_completion(completion_id: int, content: bytes) -> bytes:
    """Build the notification with the result of a run."""
    return frame(0x8011, number(1, completion_id) + blob(5, value(content)))


def set_command(key: str, content: bytes) -> bytes:
    """Build a recorded SetState command."""
    return frame(0x0403, blob(1, key) + blob(3, value(content)))


def sleep_command(completion_id: int, name: str = "") -> bytes:
    """Build a recorded Sleep command."""
    return frame(0x040C, number(1, 5) + number(11, completion_id) + (blob(12, name) if name else b""))


def sleep_completion(completion_id: int) -> bytes:
    """Build the notification that a sleep is over."""
    return frame(0x800C, number(1, completion_id) + blob(4, b""))


def signal(index: int, content: bytes) -> bytes:
    """Build the notification that an awakeable was resolved."""
    return frame(0xFBFF, number(2, index) + blob(5, value(content)))


def rejection(index: int, code: int, message: str) -> bytes:
    """Build the notification that an awakeable was rejected."""
    return frame(0xFBFF, number(2, index) + blob(6, number(1, code) + blob(2, message)))


def fields(payload: bytes) -> dict[int, int | bytes]:
    """Read the fields of a message: integers, and the bytes of all others; the last field with a number counts."""
    found: dict[int, int | bytes] = {}
    position = 0

    def read_varint() -> int:
        nonlocal position
        number = shift = 0
        while True:
            byte = payload[position]
            position += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while position < len(payload):
        key = read_varint()
        content = read_varint()
        if key & 7 == 2:
            found[key >> 3] = payload[position : position + content]
            position += content
        else:
            found[key >> 3] = content
    return found
