"""Decoding bytes into messages, and encoding messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken._core import Decoder, Message

from benches import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_benchmark.fixture import BenchmarkFixture

RUNS = 1_000
#: Largest payload of an HTTP/2 DATA frame, in bytes.
CHUNK_SIZE = 16_384


def decode(chunks: Sequence[bytes]) -> list[Message]:
    decoder = Decoder()
    messages = []
    for chunk in chunks:
        decoder.receive(chunk)
        while (message := decoder.take_message()) is not None:
            messages.append(message)
    return messages


def test_decode_one_message(benchmark: BenchmarkFixture) -> None:
    messages = benchmark(decode, [frames.input_command(b'"Bob"')])

    assert [message.name for message in messages] == ["Input"]


@pytest.mark.parametrize("size", [1 << 30, CHUNK_SIZE, 23], ids=["whole", "16 KiB chunks", "23 byte chunks"])
def test_decode_journal(benchmark: BenchmarkFixture, note_entries: Callable[[int], None], size: int) -> None:
    journal = frames.replay(RUNS)
    chunks = [journal[at : at + size] for at in range(0, len(journal), size)]

    messages = benchmark(decode, chunks)

    note_entries(len(messages))
    assert [message.name for message in messages] == ["Start", "Input", *["Run", "Run"] * RUNS]
    assert messages[-1].payload == frames.run_completion(RUNS, b"999")[8:]


def test_decode_large_payload(benchmark: BenchmarkFixture) -> None:
    body = bytes(1 << 20)
    frame = frames.input_command(body)
    chunks = [frame[at : at + CHUNK_SIZE] for at in range(0, len(frame), CHUNK_SIZE)]

    (message,) = benchmark(decode, chunks)

    assert message.payload.endswith(body)


def test_encode_journal(benchmark: BenchmarkFixture, note_entries: Callable[[int], None]) -> None:
    journal = frames.replay(RUNS)
    messages = decode([journal])

    encoded = benchmark(lambda: b"".join([message.encode() for message in messages]))

    note_entries(len(messages))
    assert encoded == journal
