"""What clients get that do not ask for JSON: the same Arrow schema and rows from both runtimes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import nanoarrow
import pytest
from awaken.runtime.query.kinds import TABLES

from tests.unchanged.sql.comparing import comparable

if TYPE_CHECKING:
    from tests.unchanged.sql.conftest import Shops
    from tests.unchanged.sql.filling import Filled

ARROW = "application/vnd.apache.arrow.stream"


def read(shop: Filled, question: str, accept: str = "*/*") -> nanoarrow.ArrayStream:
    response = shop.ask(question, accept)
    assert response.status_code == httpx.codes.OK, response.text
    assert response.headers["content-type"] == ARROW
    return nanoarrow.ArrayStream.from_readable(response.content)


def columns(shop: Filled, question: str) -> list[str]:
    """Return names and types; that a column is never NULL is left out."""
    schema = read(shop, question).schema
    return [repr(schema.field(at)).replace("non-nullable ", "") for at in range(schema.n_fields)]


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_columns_of_the_server(shops: Shops, table: str) -> None:
    expected, found = (columns(shop, f"SELECT * FROM {table}") for shop in shops)

    assert len(found) > 1
    assert found == expected


@pytest.mark.parametrize(
    "question",
    [
        "SELECT count(*), max(created_at), sum(journal_size), avg(journal_size), array_agg(id) FROM sys_invocation",
        "SELECT id IS NULL, now(), now() - created_at, length(id), 1, 1.5, 7 / 2 FROM sys_inbox WHERE false",
        "SELECT value, value_utf8, partition_key FROM state",
    ],
)
def test_what_is_computed_has_the_types_of_the_server(shops: Shops, question: str) -> None:
    expected, found = (columns(shop, question) for shop in shops)

    assert found == expected


@pytest.mark.parametrize(
    "table", ["sys_invocation_status", "sys_promise", "sys_service", "sys_keyed_service_status"]
)
def test_rows_are_those_of_json(shops: Shops, table: str) -> None:
    question = f"SELECT * FROM {table}"
    read_rows = [list(read(shop, question).read_all().to_pylist()) for shop in shops]
    in_json = [shop.rows(question) for shop in shops]

    for rows, expected in zip(read_rows, in_json, strict=True):
        plain = [{name: _plain(value) for name, value in row.items() if value is not None} for row in rows]
        assert comparable(plain, is_ordered=False) == comparable(expected, is_ordered=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():g}S"
    return value.hex() if isinstance(value, bytes) else value


@pytest.mark.parametrize("accept", ["application/json, text/plain", "text/html", ARROW, ""])
def test_only_exactly_json_is_answered_in_json(shops: Shops, accept: str) -> None:
    for shop in shops:
        rows = read(shop, "SELECT name FROM sys_service ORDER BY name LIMIT 1", accept).read_all().to_pylist()
        assert rows == [{"name": "Deal"}]


@pytest.mark.parametrize(("question", "status"), [("SELEC 1", 400), ("SELECT * FROM missing", 500)])
def test_errors_are_json(shops: Shops, question: str, status: int) -> None:
    for shop in shops:
        response = shop.ask(question, "*/*")
        assert response.status_code == status
        assert response.json()["message"].startswith("Datafusion error: ")


def test_large_answers_arrive_whole(shops: Shops) -> None:
    numbers = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    question = f"{numbers} SELECT i, 'text ' || i AS t, CASE WHEN i % 2 = 0 THEN i END AS even FROM n"

    for shop in shops:
        found = 0
        for batch in read(shop, question).iter_chunks():
            found += len(batch)
            row = batch[-1].as_py()
            assert row == {"i": row["i"], "t": f"text {row['i']}", "even": None if row["i"] % 2 else row["i"]}
        assert found == 100_000
