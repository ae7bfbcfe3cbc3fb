"""State of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.compat.side import Side


@pytest.mark.parametrize("service", ["Eager", "Lazy"])
def test_every_operation_on_state(side: Side, service: str) -> None:
    key = uuid4().hex

    assert side.call(f"{service}/{key}/exercise") == [
        [None, []],
        ["ü", None, "00ff", "Ada", 1.5, ["bytes", "none", "number", "profile", "text"]],
        [None, ["bytes", "none", "number", "profile"]],
        [],
        key,
    ]


def test_shared_handler_reads_what_an_exclusive_one_wrote(side: Side) -> None:
    key = uuid4().hex
    values = {"a": [1, 2.5, None, True], "b": {"nested": {}}, "c": "text", "d": 0, "e": ""}

    side.call(f"Eager/{key}/put", values)

    assert side.call(f"Eager/{key}/look") == values


def test_state_is_stored_in_the_same_bytes(side: Side) -> None:
    key = uuid4().hex

    side.call(f"Eager/{key}/put", {"v": {"a": [1, 2.5], "ü": None}, "none": None})

    rows = side.client.query(f"SELECT key, value FROM state WHERE service_key = '{key}'")
    assert {row["key"]: bytes.fromhex(row.get("value", "")) for row in rows} == {
        "v": b'{"a": [1, 2.5], "\\u00fc": null}',
        "none": b"",
    }
