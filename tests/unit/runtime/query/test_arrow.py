"""Columns of an Arrow stream, also of rows that were damaged."""

from __future__ import annotations

from typing import Any

import nanoarrow
import pytest
from awaken.runtime.query.arrow_answer import write_arrow
from awaken.runtime.query.connection import Answered
from awaken.runtime.query.kinds import Kind, Type


def read(kind: Type, values: list[Any]) -> list[Any]:
    written = write_arrow(Answered([("a", kind)], iter([(value,) for value in values])))
    rows = nanoarrow.ArrayStream.from_readable(b"".join(written)).read_all().to_pylist()
    return [row["a"] for row in rows]


@pytest.mark.parametrize(
    ("of", "values", "expected"),
    [
        (Type(Kind.U32), [0, 2**32 - 1, None], [0, 2**32 - 1, None]),
        (Type(Kind.U32), [-1, 2**32, "x", b"\xff"], [None] * 4),
        (Type(Kind.WIDE), ["18446744073709551615", None], [2**64 - 1, None]),
        (Type(Kind.INTEGER), [-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1]),
        (Type(Kind.FLOAT), [1, 1.5, None], [1.0, 1.5, None]),
        (Type(Kind.BOOLEAN), [1, 0, None, 7] * 5, [True, False, None, None] * 5),
        (Type(Kind.TEXT), ["é", "", None, 5, "\ud800"], ["é", "", None, "5", "?"]),
        (Type(Kind.BYTES), [b"\x00\xff", b"", None, "é"], [b"\x00\xff", b"", None, "é".encode()]),
        (Type(Kind.LIST, Kind.U32), ["[1, 2]", "[]", None, "[", "[-1]"], [[1, 2], [], None, None, [None]]),
        (Type(Kind.LIST, Kind.TEXT), ['["a"]', '["b", null]'], [["a"], ["b", None]]),
        (Type(Kind.NULL), [None, 1], [None, 1]),
        (Type(Kind.NULL), [None, "a", 1], [None, "a", "1"]),
        (Type(Kind.NULL), [None, None], [None, None]),
        (Type(Kind.NULL), [b"a"], [b"a"]),
        (Type(Kind.TEXT), [], []),
    ],
)
def test_values_are_read_as_they_were_written(of: Type, values: list[Any], expected: list[Any]) -> None:
    assert read(of, values) == expected


def test_batches_follow_each_other() -> None:
    values = [None if n % 3 else n for n in range(5_000)]

    assert read(Type(Kind.U64), values) == values


def test_large_values_end_a_batch_early() -> None:
    rows = iter([("x" * 9_000_000,)] * 5)

    parts = list(write_arrow(Answered([("a", Type(Kind.TEXT))], rows)))

    assert [len(part) > 9_000_000 for part in parts] == [True, True, True, False]
