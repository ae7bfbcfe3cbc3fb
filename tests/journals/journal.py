"""Journals of any shape: what a runtime sends to replay one, and what the handler of `app` returns for it."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024
#: Bytes of one message that are not its value: names, ids, lengths.
AROUND = 512
#: The largest message that the runtimes accept, in bytes.
LARGEST = 32 * MIB
END = bytes.fromhex("0003000000000000")


@dataclass(frozen=True)
class Journal:
    """A journal to replay, how it is cut into chunks, and how large the answer is.

    Args:
        input_size: bytes of the input.
        state_size: bytes of the state in the Start message.
        results: groups of actions, as their number and the bytes of each result.
        output_size: bytes of the answer.
        chunks: sizes in bytes of the request's chunks, repeated as needed.
        seed: seed of the contents.
    """

    input_size: int = 0
    state_size: int = 0
    results: tuple[tuple[int, int], ...] = ()
    output_size: int = 64
    chunks: tuple[int, ...] = (64 * 1024,)
    seed: int = 0

    @property
    def count(self) -> int:
        """The number of executed actions; each takes two entries."""
        return sum(count for count, _ in self.results)

    @property
    def size(self) -> int:
        """Bytes of all values."""
        values = sum(count * size for count, size in self.results)
        return self.input_size + self.state_size + values + self.output_size

    @property
    def largest(self) -> int:
        """Bytes of the largest value."""
        return max(self.input_size, self.state_size, self.output_size, *(size for _, size in self.results), 0)

    def request(self) -> bytes:
        """The request that replays it."""
        body, *results, state = self._values()
        head = frames.start(1 + 2 * self.count, key="k", state={"state": state}, partial_state=False)
        headers = [("x-count", str(self.count)), ("x-output-size", str(self.output_size))]
        entries = [
            frames.run_command(number, "action") + frames.run_completion(number, value)
            for number, value in enumerate(results, 1)
        ]
        return b"".join([head, frames.input_command(body, headers), *entries])

    def answer(self) -> bytes:
        """What the handler returns."""
        digest = hashlib.sha256()
        for value in self._values():
            digest.update(value)
        return pad(digest.hexdigest(), self.output_size)

    def pieces(self) -> Iterator[memoryview]:
        """Yield the request in its chunks; in larger ones when there would be more than some thousands."""
        data, position, number = memoryview(self.request()), 0, 0
        while position < len(data):
            size = self.chunks[number % len(self.chunks)]
            if number > 4000:
                size = max(size, 64 * 1024)
            yield data[position : position + size]
            position += size
            number += 1

    def _values(self) -> Iterator[bytes]:
        source = random.Random(self.seed)  # repeatable is the point
        yield _content(source, self.input_size)
        for count, size in self.results:
            value = _content(source, size)
            for number in range(count):
                yield value[number % 7 :] if size > 7 else value
        yield _content(source, self.state_size)


def _content(source: random.Random, size: int) -> bytes:
    """Return bytes of which no piece equals another, made quickly."""
    block = source.randbytes(min(size, 65_537))
    return (block * (size // len(block) + 1))[:size] if block else b""


def pad(text: str, size: int) -> bytes:
    """Return the text, cut or padded to a number of bytes."""
    return text.encode()[:size].ljust(size, b".")


def _sizes(largest: int) -> st.SearchStrategy[int]:
    """Return sizes up to a limit, most of them close to the sizes of buffers and windows."""
    edges = [0, 1, 16 * 1024, 64 * 1024, MIB, 2 * MIB, 4 * MIB]
    near = st.sampled_from([edge for edge in edges if edge < largest] + [largest])
    around = st.builds(lambda edge, off: min(max(0, edge + off), largest), near, st.integers(-40, 40))
    return st.one_of(around, st.integers(0, largest))


@st.composite
def journals(draw: st.DrawFn, *, total: int, entries: int = 4000) -> Journal:
    """Draw a journal with at most this many bytes and entries in total."""
    left = total
    sizes = []
    for _ in range(3):
        sizes.append(draw(_sizes(min(left, LARGEST - AROUND))))
        left -= sizes[-1]
    groups = []
    room = entries // 2
    for _ in range(draw(st.integers(0, 4))):
        size = draw(_sizes(min(left, LARGEST - AROUND)))
        most = min(room, left // size if size else room)
        count = draw(st.integers(1, max(1, min(most, 3)) if draw(st.booleans()) else max(1, most)))
        groups.append((count, size))
        left = max(0, left - count * size)
        room = max(1, room - count)
    chunks = draw(st.lists(st.one_of(st.integers(1, 40), st.integers(1, 4 * MIB)), min_size=1, max_size=5))
    return Journal(sizes[0], sizes[1], tuple(groups), sizes[2], tuple(chunks), draw(st.integers(0, 9)))
