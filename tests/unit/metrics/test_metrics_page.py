"""docs/how-to/metrics.md shows the table of instruments as it is."""

from __future__ import annotations

from scripts.describe_metrics import BEGIN, END, PAGE, page_with, tables


def test_page_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert BEGIN in text
    assert END in text
    assert text == page_with(text), "run python -m scripts.describe_metrics"


def test_every_instrument_is_one_row() -> None:
    rows = [line for line in tables().splitlines() if line.startswith("| `awaken_")]

    assert len(rows) > 30
    assert all(row.count("|") == 5 for row in rows)
