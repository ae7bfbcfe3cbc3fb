"""Codecs of the journal: change every value's bytes before they leave, and back before they are read.

A codec sees what the serdes wrote, for encryption or compression. Through it pass the input, the output, results of
runs, state, awakeables, signals, promises, and what is sent to and comes back from other handlers; also when there are
no bytes, which is how None is written. Failures, names, keys and ids do not pass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

__all__ = ["JournalValueCodec", "JournalValueCodecProvider"]


class JournalValueCodec(ABC):
    """Encodes and decodes every value of the journal.

    A replay compares what is written with what was recorded, so `encode` has to give the same bytes for the same
    value: a nonce, for one, has to be derived from the value.
    """

    @abstractmethod
    def encode(self, buf: bytes) -> bytes:
        """Return the bytes that go into the journal. It is called on the event loop and must not block."""

    @abstractmethod
    async def decode(self, buf: bytes) -> bytes:
        """Return the bytes that `encode` was given.

        An exception fails the attempt, which the runtime tries again; a `TerminalError` fails the invocation.
        """


#: Makes the codec, when the first invocation needs it; it is kept from then on.
JournalValueCodecProvider = Callable[[], Awaitable[JournalValueCodec]]
