"""The h2 package's connection, with three changes that a busy server needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from h2.connection import ConnectionState, H2Connection
from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple

from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from h2.config import H2Configuration

__all__ = ["H2LeanConnection"]

# Below this many streams counting them is cheap.
_FEW_STREAMS: Final = 64

# Distinct response heads remembered: a handful in practice, unless a header carries a time or an id.
_REMEMBERED_HEADS: Final = 256
_remembered: Final[dict[tuple[tuple[bytes, bytes], ...], bytes]] = {}


class H2LeanConnection(H2Connection):
    """Counts streams rarely, survives the peer's GOAWAY, and remembers heads."""

    #: How many closed streams to distinguish from streams that never existed, for frames that were still in flight.
    MAX_CLOSED_STREAMS = 4096

    def __init__(self, config: H2Configuration) -> None:
        super().__init__(config)
        self.encoder = _RememberingEncoder()
        self._count_at = _FEW_STREAMS

    @property
    def open_inbound_streams(self) -> int:
        """How many streams the peer has open beyond what it may; 0 while that is not known to be many.

        h2 asks for it with every new stream, and counts by walking all of them, which is also how it drops closed ones.
        Counting only when their number has doubled is cheap, and keeps memory in proportion. The engine counts exactly,
        and refuses each stream that is too many, where h2 would end the connection.
        """
        if len(self.streams) < self._count_at:
            return 0
        return max(0, self._count(super().open_inbound_streams) - limits.STREAMS)

    def _count(self, count: int) -> int:
        self._count_at = max(_FEW_STREAMS, 2 * len(self.streams))
        return count

    def clear_outbound_data_buffer(self) -> None:
        """Keep what is to be sent, and stay open.

        h2 calls this when the peer's GOAWAY has put the connection into its closed state. But a client's GOAWAY only
        says that it takes no pushed streams: its own requests continue, and need their answers.
        """
        self.state_machine.state = ConnectionState.SERVER_OPEN


class _RememberingEncoder(Encoder):
    """Encodes without the dynamic table: equal heads are equal bytes on every connection, and can be remembered."""

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        key = tuple(headers)
        if self.header_table.resized:
            # The peer changed the size of a table that is not used; the next block has to acknowledge that.
            return super().encode(_without_indexing(key), huffman)
        block = _remembered.get(key)
        if block is None:
            block = super().encode(_without_indexing(key), huffman)
            if len(_remembered) < _REMEMBERED_HEADS:
                _remembered[key] = block
        return block


def _without_indexing(headers: tuple[tuple[bytes, bytes], ...]) -> list[HeaderTuple]:
    return [NeverIndexedHeaderTuple(name, value) for name, value in headers]
