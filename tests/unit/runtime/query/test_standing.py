"""Counting on a thread, of a store that cannot be read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from awaken.runtime.query.standing import StandingReader

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_store_that_cannot_be_counted_is_logged_once_for_each_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "awaken.sqlite"
    reader = StandingReader(path, list, lambda: 0)

    def count() -> object:
        reader.expire()
        counting = reader.refresh()
        assert counting is not None
        return counting.result(10)

    first = [count(), count()]
    sqlite3.connect(path).close()
    second = [count(), count()]
    reader.close()

    assert first + second == [None] * 4
    assert [record.getMessage() for record in caplog.records] == [
        f"waits and stored invocations cannot be counted in {path}: OperationalError: {why}; their numbers stay as "
        "they were, and awaken.standing.age grows"
        for why in ("unable to open database file", "no such table: invocation")
    ]


def test_reader_that_is_closed_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reader = StandingReader(tmp_path / "absent.sqlite", list, lambda: 0)

    reader.close()

    assert reader.refresh() is None
    assert caplog.records == []
