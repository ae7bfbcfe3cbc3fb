"""Codecs of journal values: they transform the bytes of every value, for example to encrypt or compress them.

A codec gets the bytes that a serde has written, and restores them before a serde reads them. It applies to the input,
the output, results of runs, state, awakeables, signals, promises, and the arguments and results of calls. It also
applies to empty bytes, which is how None is written. It does not apply to failures, names, keys and ids.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

__all__ = ["JournalValueCodec", "JournalValueCodecProvider"]


class JournalValueCodec(ABC):
    """Encodes and decodes every value of the journal.

    A replay compares encoded values with the recorded ones, so `encode` must return the same bytes for the same value.
    A nonce, for example, must be derived from the value.
    """

    @abstractmethod
    def encode(self, buf: bytes) -> bytes:
        """Return the bytes for the journal. This is called on the event loop and must not block."""

    @abstractmethod
    async def decode(self, buf: bytes) -> bytes:
        """Return the bytes that were passed to `encode`.

        An exception fails the attempt, which the runtime retries. A `TerminalError` fails the invocation.
        """


#: Creates the codec when the first invocation needs it. The endpoint then keeps it.
JournalValueCodecProvider = Callable[[], Awaitable[JournalValueCodec]]
