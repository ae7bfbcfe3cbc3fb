"""Answers as Arrow IPC streams: what the server gives to clients that do not ask for JSON.

The rows of a batch are held as Python values, and then as buffers; what was written stays as bytes. `nanoarrow` writes
the format, and is imported with this module only.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import nanoarrow
from nanoarrow.c_array_stream import CArrayStream
from nanoarrow.ipc import StreamWriter

from awaken.runtime.query.arrow_columns import arrow_type, build_column, guess_type
from awaken.runtime.query.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from awaken.runtime.query.connection import Answered
    from awaken.runtime.query.kinds import Type

__all__ = ["write_arrow"]

#: Rows of a batch, and bytes of text after which one ends early.
_ROWS: Final = 1_024
_SIZE: Final = 16 * 1024 * 1024


class _Sink:
    """A file that keeps what was written since it was last asked."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytearray:
        data, self._data = self._data, bytearray()
        return data


def write_arrow(answered: Answered) -> Iterator[bytearray]:
    """Yield the parts of a stream: the schema, batches, and the end."""
    rows = iter(answered.rows)
    batch = list(_take(rows))
    types = [
        guess_type([row[at] for row in batch]) if of.kind is Kind.NULL else of
        for at, (_, of) in enumerate(answered.columns)
    ]
    names = [name for name, _ in answered.columns]
    schema = nanoarrow.struct(
        [nanoarrow.c_schema(arrow_type(of)).modify(name=name) for name, of in zip(names, types, strict=True)],
        nullable=False,
    )
    sink = _Sink()
    with StreamWriter.from_writable(sink) as writer:
        writer.write_stream(CArrayStream.from_c_arrays([], nanoarrow.c_schema(schema)))
        while batch:
            writer.write_array(_build(batch, types, schema))
            yield sink.take()
            batch = list(_take(rows))
    yield sink.take()


def _take(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    size = 0
    for row in islice(rows, _ROWS):
        yield row
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if size > _SIZE:
            return


def _build(batch: Sequence[tuple[Any, ...]], types: Sequence[Type], schema: Any) -> Any:
    columns = [build_column([row[at] for row in batch], of) for at, of in enumerate(types)]
    return nanoarrow.c_array_from_buffers(schema, length=len(batch), buffers=[None], children=columns)
