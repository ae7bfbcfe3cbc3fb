"""The server's dialect to SQLite's. What the results are is compared with the server in `tests/unchanged/sql`."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from awaken.runtime.query import QueryError
from awaken.runtime.query.kinds import Kind
from awaken.runtime.query.translate import translate

INBOX = ["partition_key", "service_name", "service_key", "id", "sequence_number", "created_at"]


def names(question: str) -> list[str]:
    return [name for name, _ in translate(question).columns]


def kinds(question: str) -> list[Kind]:
    return [of.kind for _, of in translate(question).columns]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("SELECT * FROM sys_inbox", INBOX),
        ("SELECT i.* FROM sys_inbox AS i, state", INBOX),
        ('SELECT ID, Id AS Name, id AS "Name" FROM SYS_INBOX', ["id", "name", "Name"]),
        (
            "SELECT count(*), COUNT(1), max(id) FROM sys_inbox",
            ["count(*)", "count(Int64(1))", "max(sys_inbox.id)"],
        ),
        (
            "SELECT 1, 'x', 1.5, true, NULL",
            ["Int64(1)", 'Utf8("x")', "Float64(1.5)", "Boolean(true)", "NULL"],
        ),
        ("SELECT * FROM (SELECT count(*) FROM state)", ["count(*)"]),
        ("SELECT id IS NOT NULL, id::text FROM sys_inbox", ["sys_inbox.id IS NOT NULL", "sys_inbox.id"]),
        ("VALUES (1, 'a')", ["column1", "column2"]),
        ("SELECT * FROM (VALUES (1, 'a')) AS t(n, word)", ["n", "word"]),
        ("EXPLAIN SELECT id FROM sys_inbox", ["id"]),
        ("show Tables;", ["table_catalog", "table_schema", "table_name", "table_type"]),
        ("DESCRIBE state", ["column_name", "data_type", "is_nullable"]),
    ],
)
def test_results_have_the_names_that_the_server_gives(question: str, expected: list[str]) -> None:
    assert names(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("SELECT now(), now() - interval '1 hour', current_date", [Kind.MOMENT, Kind.MOMENT, Kind.DATE]),
        (
            "SELECT created_at - interval '1' day, now() - created_at FROM state, sys_inbox",
            [Kind.TIME, Kind.DURATION],
        ),
        (
            "SELECT date_trunc('day', created_at), to_unixtime(created_at) FROM sys_inbox",
            [Kind.TIME, Kind.INTEGER],
        ),
        ("SELECT max(t) FROM (SELECT created_at AS t FROM sys_inbox)", [Kind.TIME]),
        (
            "WITH a AS (SELECT completed AS c FROM sys_promise) SELECT c, NOT c FROM a",
            [Kind.BOOLEAN, Kind.BOOLEAN],
        ),
        ("SELECT (SELECT max(created_at) FROM sys_inbox)", [Kind.TIME]),
        (
            "SELECT array_agg(created_at), raw FROM sys_inbox, sys_journal GROUP BY raw",
            [Kind.LIST, Kind.BYTES],
        ),
        ("SELECT CASE WHEN true THEN created_at END, coalesce(id, 1) FROM sys_inbox", [Kind.TIME, Kind.TEXT]),
        ("SELECT 1 UNION ALL SELECT 'x'", [Kind.TEXT]),
        (
            "SELECT sum(journal_size), avg(journal_size), 7 / 2 FROM sys_invocation",
            [Kind.U64, Kind.FLOAT, Kind.INTEGER],
        ),
        ("SELECT partition_key, 18446744073709551615 FROM state", [Kind.WIDE, Kind.WIDE]),
        (
            "SELECT 1.5 % 2, 3 % -2, round(journal_size) FROM sys_invocation",
            [Kind.FLOAT, Kind.INTEGER, Kind.FLOAT],
        ),
        ("SELECT coalesce(DISTINCT 1, 2), lpad(DISTINCT 'a', 2)", [Kind.INTEGER, Kind.TEXT]),
    ],
)
def test_types_are_found_without_looking_at_values(question: str, expected: list[Kind]) -> None:
    assert kinds(question) == expected


def test_an_alias_inside_of_a_subquery_without_one_can_be_named_outside() -> None:
    question = "SELECT COUNT(1) FROM (SELECT * FROM sys_inbox inv LIMIT 1000) WHERE inv.service_key = 'k'"

    assert 'WHERE "_q0_0"."service_key" = \'k\'' in translate(question).statement


@pytest.mark.parametrize(
    "question",
    [
        "(SELECT 2)",
        "((SELECT 1) UNION ALL (SELECT 2)) ORDER BY 1 DESC LIMIT 1",
        "(SELECT 1 AS a LIMIT 0) UNION ALL (SELECT 2)",
        "(SELECT 1 UNION SELECT 2) EXCEPT SELECT 1",
        "SELECT 2 UNION (SELECT 1 EXCEPT SELECT 1)",
        "SELECT * FROM ((SELECT 1 AS a) UNION (SELECT 2)) AS t WHERE a > 1",
        "WITH t AS ((SELECT 1 AS a) UNION (SELECT 2)) SELECT max(a) FROM t",
    ],
)
def test_sqlite_reads_what_is_in_parentheses(question: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(translate(question).statement).fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (r"'a%c' LIKE 'a\%c'", 1),
        (r"'abc' LIKE 'a\%c'", 0),
        (r"'abc' NOT LIKE 'a\%c'", 1),
        (r"'a%c' LIKE 'a!%c' ESCAPE '!'", 1),
    ],
)
def test_a_backslash_escapes_in_like(condition: str, expected: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(translate(f"SELECT {condition}").statement).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("SELECT missing FROM state", "No field named missing"),
        ("SELECT * FROM other", "table 'restate.public.other' not found"),
        ("SELECT * FROM main.journal", "table 'restate.main.journal' not found"),
        ("SELECT * FROM registered_service", "not found"),
        ("SELECT nothing(1)", "Invalid function 'nothing'"),
        ("SELECT upper(1)", "'upper' requires String"),
        ("SELECT substr('a')", "'substr' does not take 1 arguments"),
        ("SELECT id FROM sys_inbox WHERE id = 'x'", "non valid invocation id"),
        ("SELECT id, count(*) FROM sys_inbox", '"sys_inbox.id"'),
        ("SELECT 1 FROM state WHERE count(*) > 1", "not allowed in the WHERE clause"),
        ("SELECT 1 FROM state WHERE key", "non-boolean predicate"),
        ("SELECT 1 FROM sys_inbox WHERE created_at > 5", "of time and integer"),
        ("SELECT 1 FROM sys_inbox WHERE created_at > 'soon'", "Error parsing timestamp from 'soon'"),
        ("SELECT interval 'a while'", "type interval"),
        ("SELECT * FROM generate_series(1, 3)", "no table function GENERATE_SERIES"),
        ("SELECT {'a': 1}", "Struct"),
        ("SHOW ALL", "no settings of DataFusion"),
        ("SELECT id, id FROM sys_inbox", "unique expression names"),
    ],
)
def test_what_has_no_translation_is_named(question: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        translate(question)
