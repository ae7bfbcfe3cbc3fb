"""Data as rows of a table."""

from __future__ import annotations

from typing import Any

import pytest
from awaken.messages.data_rows import MOST_ROWS, rows_of


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("text", [("", "text")]),
        (1200.5, [("", "1200.5")]),
        ({}, [("", "–")]),
        ([], [("", "–")]),
        (
            {"due_date": "2026-12-01", "ok": True, "no": False},
            [("Due date", "2026-12-01"), ("Ok", "yes"), ("No", "no")],
        ),
        ({"note": None, "tags": ["a", 1]}, [("Note", "–"), ("Tags", "a, 1")]),
        ({"a": {"b": {"c": 1}}}, [("A › B › C", "1")]),
        (
            {"items": [{"what": "x", "n": 1}, {"what": "y"}]},
            [("Items 1", "What: x\nN: 1"), ("Items 2", "What: y")],
        ),
        ({"items": [{"a": {"b": 1}}]}, [("Items 1 › A › B", "1")]),
        ({"Not an_identifier": 1}, [("Not an_identifier", "1")]),
        ({"": 1, "_": 2}, [("", "1"), ("_", "2")]),
    ],
)
def test_rows(data: Any, rows: list[tuple[str, str]]) -> None:
    assert rows_of(data) == rows


def test_more_rows_than_people_read_end_with_a_note() -> None:
    rows = rows_of({str(number): number for number in range(MOST_ROWS + 1)})

    assert len(rows) == MOST_ROWS + 1
    assert rows[-1][0] == "…"
