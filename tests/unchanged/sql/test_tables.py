"""Every table has the server's rows after the same calls, in all columns but those that a runtime makes up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from awaken.runtime.query.kinds import TABLES

from tests.unchanged.sql.comparing import comparable

if TYPE_CHECKING:
    from tests.unchanged.sql.conftest import Shops

#: What the server alone makes up, and what depends on when a runtime wrote it.
MADE_UP: Final = {
    # The server numbers them by partition, and does not know when.
    "sys_inbox": {"sequence_number", "created_at"},
    # Sleeps contain a time.
    "sys_journal": {"raw"},
}


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_those_of_the_server(shops: Shops, table: str) -> None:
    expected, found = (
        [_without(row, table) for row in shop.rows(f"SELECT * FROM {table}")] for shop in shops
    )

    # One by one, so that a failure shows the row.
    for one, other in zip(
        comparable(found, is_ordered=False), comparable(expected, is_ordered=False), strict=True
    ):
        assert one == other


def _without(row: dict[str, Any], table: str) -> dict[str, Any]:
    future = row.get("suspended_waiting_future_json")
    if future is not None:  # the server lists what is awaited in any order
        row["suspended_waiting_future_json"] = sorted(json.loads(future)["Unknown"], key=str)
    return {name: value for name, value in row.items() if name not in MADE_UP.get(table, ())}
