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
        ("show Tables;", "SELECT * FROM information_schema.tables"),
        ("  -- nothing\n ; ", ""),
        ("", ""),
    ],
)
def test_translates(question: str, statement: str) -> None:
    assert translate(question) == statement
