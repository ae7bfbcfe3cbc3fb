"""The server's dialect to SQLite's."""

from __future__ import annotations

import pytest
from awaken.runtime.query.translate import translate


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("SELECT index FROM t ORDER BY INDEX", 'SELECT "index" FROM t ORDER BY "index"'),
        ("SELECT \"index\", 'index' FROM t", "SELECT \"index\", 'index' FROM t"),
        ("SELECT 'it''s index' -- index", "SELECT 'it''s index' -- index"),
        ("SELECT index_of /* index */ FROM t", "SELECT index_of /* index */ FROM t"),
        ("SELECT a::text, b :: varchar(3) FROM t", "SELECT a, b  FROM t"),
        ("SELECT 1 WHERE a ILIKE 'x'", "SELECT 1 WHERE a LIKE 'x'"),
        ("SELECT First_Value(a.b ORDER BY c) FROM t", "SELECT value_at_lowest(a.b, c) FROM t"),
        ("SELECT first_value(a order by b desc)", "SELECT value_at_highest(a, b)"),
        ("SELECT LAST_VALUE(a ORDER BY b ASC)", "SELECT value_at_highest(a, b)"),
        ("SELECT 'first_value(a order by b)'", "SELECT 'first_value(a order by b)'"),
        ("show Tables;", "SELECT * FROM information_schema.tables"),
        ("  -- nothing\n ; ", ""),
        ("", ""),
    ],
)
def test_translates(question: str, statement: str) -> None:
    assert translate(question).statement == statement


def test_truths_are_found_by_their_names() -> None:
    question = translate(
        'SELECT a IS NOT NULL AS b, c is null as "D", e AS f, g IS NULL FROM t WHERE h IS NULL'
    )

    assert question.booleans == {"b", "d"}


@pytest.mark.parametrize(
    ("text", "is_asking"), [("SELECT 1", True), ("WITH x AS (SELECT 1) SELECT 2", True), (" update t", False)]
)
def test_changes_are_told_from_questions(text: str, is_asking: bool) -> None:
    assert translate(text).is_asking is is_asking
