"""JSON values as tables."""

from __future__ import annotations

from typing import Any

import pytest
from awaken.pages import CellKind, read_data
from awaken.pages.data_table import MOST_CELLS


def test_object_becomes_rows_with_names_for_people() -> None:
    cell = read_data({"order_id": 7, "isGift": True, "ACME Ltd.": "x", "note": None})

    assert cell.kind is CellKind.OBJECT
    assert [(name, cells[0].text) for name, cells in cell.rows] == [
        ("Order id", "7"),
        ("Is gift", "yes"),
        ("ACME Ltd.", "x"),
        ("Note", "none"),
    ]


def test_similar_records_become_columns() -> None:
    cell = read_data([{"item": "a", "price": 1}, {"item": "b", "unit": "kg"}])

    assert (cell.kind, cell.columns) == (CellKind.RECORDS, ("Item", "Price", "Unit"))
    assert [[one.text for one in cells] for _, cells in cell.rows] == [
        ["a", "1", "none"],
        ["b", "none", "kg"],
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0, CellKind.NUMBER),
        (False, CellKind.TEXT),
        (1.5, CellKind.NUMBER),
        (10**400, CellKind.NUMBER),
        ("", CellKind.NOTHING),
        ([], CellKind.NOTHING),
        ({}, CellKind.NOTHING),
        (None, CellKind.NOTHING),
        ("x" * 1000, CellKind.LONG),
        ("a\n" * 10, CellKind.LONG),
        ("https://example.org/x", CellKind.LINK),
        ("https://example.org/x y", CellKind.TEXT),
        ("javascript:alert(1)", CellKind.TEXT),
        ([1, "a", {"b": 2}], CellKind.LIST),
        ([{"a": [1]}, {"a": [2]}], CellKind.LIST),
        ([{str(number): 1 for number in range(20)}] * 2, CellKind.LIST),
    ],
)
def test_values_have_their_kinds(value: Any, kind: CellKind) -> None:
    assert read_data(value).kind is kind


def test_rows_beyond_the_first_are_folded() -> None:
    cell = read_data([{"number": number, "square": number**2} for number in range(1000)])

    assert (len(cell.first_rows), len(cell.other_rows), cell.hidden) == (10, 990, 0)
    assert read_data(list(range(12))).other_rows == []


def test_cells_are_bounded_and_the_rest_is_counted() -> None:
    cell = read_data(list(range(MOST_CELLS * 2)))

    assert len(cell.rows) + cell.hidden == MOST_CELLS * 2
    assert len(cell.rows) < MOST_CELLS


def test_deep_values_become_json() -> None:
    deep: Any = 1
    for _ in range(800):
        deep = {"in": deep}

    cell = read_data(deep)

    kinds = []
    while cell.rows:
        kinds.append(cell.kind)
        cell = cell.rows[0][1][0]
    assert kinds == [CellKind.OBJECT] * 3
    assert cell.kind in (CellKind.JSON, CellKind.NOTHING)
