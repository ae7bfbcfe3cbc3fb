"""Queries, as clients send them, against a runtime that has work to do."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from awaken import _core
from awaken.runtime.admin import make_admin
from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query import Filter, Query, take_snapshot
from awaken.runtime.query.connection import Connection
from awaken.runtime.query.functions import add_functions
from awaken.runtime.query.rendering import row_renderer

from tests.unit.runtime.services import ENTERED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractContextManager

    from tests.unit.runtime.harness import Harness

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


class Asking:
    """Asks over HTTP, and knows the runtime that is asked about."""

    def __init__(self, harness: Harness, client: httpx.AsyncClient) -> None:
        self.harness = harness
        self.client = client

    async def post(self, question: str) -> httpx.Response:
        headers = {"accept": "application/json"}
        return await self.client.post("/query", json={"query": question}, headers=headers)

    async def rows(self, question: str) -> list[dict[str, Any]]:
        # What the runtime itself sees may not be on disk yet.
        await self.harness.runtime.store.committed()
        response = await self.post(question)
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()["rows"]
        return rows

    async def row(self, question: str) -> dict[str, Any]:
        (row,) = await self.rows(question)
        return row


class InThisProcess:
    """Answers without the process that questions have, which takes time to start; `test_questions.py` has it."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._connection = Connection(harness.runtime.store.path, timeout_s=0.2)

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes:
        assert not is_arrow
        answered = self._connection.answer(sql, take_snapshot(self._harness.deployments))
        return msgspec.json.encode(list(map(row_renderer(answered.columns), answered.rows)))

    def close(self) -> None:
        self._connection.close()

    def untaken(self, size: int) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture
async def asking(harness: Harness) -> AsyncIterator[Asking]:
    questions = InThisProcess(harness)
    admin = make_admin(
        harness.runtime,
        harness.deployments,
        questions=questions,
        ingress_url=lambda: "http://ingress/",
    )
    transport = httpx.ASGITransport(admin)
    async with httpx.AsyncClient(transport=transport, base_url="http://admin") as client:
        yield Asking(harness, client)
    questions.close()


async def test_a_completed_invocation(asking: Asking) -> None:
    invocation_id = await asking.harness.send("Echo/echo", "hi", idempotency_key="k")
    await asking.harness.result(invocation_id)

    row = await asking.row(f"SELECT * FROM sys_invocation WHERE id = '{invocation_id}'")

    times = {name for name in row if name.endswith("_at")}
    assert times == {"created_at", "modified_at", "running_at", "completed_at"}
    assert all(TIME.fullmatch(row.pop(name)) for name in times)
    del row["pinned_deployment_id"]
    assert row == {
        "id": invocation_id,
        "target": "Echo/echo",
        "target_service_name": "Echo",
        "target_handler_name": "echo",
        "target_service_ty": "service",
        "idempotency_key": "k",
        "invoked_by": "ingress",
        "pinned_service_protocol_version": 7,
        "journal_size": 2,
        "journal_commands_size": 2,
        "completion_retention": "PT86400S",
        "journal_retention": "PT86400S",
        "created_using_restate_version": "1.7.12",
        "status": "completed",
        "completion_result": "success",
    }


async def test_a_failed_invocation(asking: Asking) -> None:
    invocation_id = await asking.harness.send("Echo/refuse")
    await asking.harness.until_status(invocation_id, "completed")

    row = await asking.row("SELECT completion_result, completion_failure, status FROM sys_invocation")

    assert row == {
        "completion_result": "failure",
        "completion_failure": "[418] teapot",
        "status": "completed",
    }


async def test_a_journal(asking: Asking) -> None:
    invocation_id = await asking.harness.send("Echo/runs", 1)
    await asking.harness.result(invocation_id)

    rows = await asking.rows(
        f"SELECT index, entry_type, name, raw, raw_length, version, entry_lite_json FROM sys_journal "
        f"WHERE id = '{invocation_id}' ORDER BY index"
    )

    assert [(row["index"], row["entry_type"], row.get("name")) for row in rows] == [
        (0, "Command: Input", ""),
        (1, "Command: Run", "run 0"),
        (2, "Notification: Run", None),
        (3, "Command: Output", ""),
    ]
    assert all(len(bytes.fromhex(row["raw"])) == row["raw_length"] for row in rows)
    assert all(row["entry_lite_json"].startswith("{") and row["version"] == 2 for row in rows)


async def test_who_waits_for_a_key(asking: Asking) -> None:
    harness = asking.harness
    holder = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    waiting = [await harness.send("Counter/a/add", 1) for _ in range(2)]

    held = await asking.row("SELECT * FROM sys_keyed_service_status")
    inbox = await asking.rows("SELECT id, service_key FROM sys_inbox ORDER BY sequence_number")
    statuses = await asking.rows(
        "SELECT status, count(1) AS n FROM sys_invocation GROUP BY status ORDER BY 1"
    )
    stored = await asking.rows("SELECT DISTINCT status FROM sys_invocation_status ORDER BY status")
    state = await asking.rows("SELECT id, in_flight, retry_count FROM sys_invocation_state")

    assert held == {
        "partition_key": int.from_bytes(_core.parse_invocation_id(holder)[:8]),
        "service_name": "Counter",
        "service_key": "a",
        "invocation_id": holder,
    }
    assert inbox == [{"id": each, "service_key": "a"} for each in waiting]
    assert statuses == [{"status": "pending", "n": 2}, {"status": "running", "n": 1}]
    assert stored == [{"status": "inboxed"}, {"status": "invoked"}]
    assert state == [{"id": holder, "in_flight": True, "retry_count": 1}]


async def test_state(asking: Asking) -> None:
    await asking.harness.call("Counter/a/add", 7)
    await asking.harness.runtime.edit_state("Counter", "b", {"bytes": b"\xff", "none": b""})

    rows = await asking.rows("SELECT * FROM state ORDER BY service_key, key")

    assert all(isinstance(row.pop("partition_key"), int) for row in rows)
    assert rows[0].pop("key_length") > 0
    assert rows[0] | {"key": ""} == {
        "service_name": "Counter",
        "service_key": "a",
        "key": "",
        "value_utf8": "7",
        "value": "37",
        "value_length": 1,
    }
    shared = {"service_name": "Counter", "service_key": "b"}
    assert rows[1:] == [
        shared | {"key": "bytes", "key_length": 5, "value": "ff", "value_length": 1},
        shared | {"key": "none", "key_length": 4, "value_utf8": "", "value": "", "value_length": 0},
    ]


async def test_a_suspended_one_tells_what_it_waits_for(asking: Asking) -> None:
    harness = asking.harness
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    harness.advance(60_000)
    await harness.until_status(invocation_id, "suspended")

    row = await asking.row("SELECT * FROM sys_invocation")

    assert sorted(row["suspended_waiting_for_signals"]) == [1, 17]
    assert "17" in row["suspended_waiting_future_json"]
    assert "retry_count" not in row
    assert await asking.rows("SELECT * FROM sys_invocation_state") == []


async def test_what_backs_off(asking: Asking) -> None:
    harness = asking.harness
    ENTERED.clear()
    invocation_id = await harness.send("Failing/fail_until", 3)
    await harness.until_status(invocation_id, "backing-off")

    row = await asking.row("SELECT status, retry_count, last_failure, next_retry_at FROM sys_invocation")
    event = await asking.row("SELECT id, event_type, event_json FROM sys_journal_events")

    assert (row["status"], row["retry_count"]) == ("backing-off", 1)
    assert row["last_failure"].startswith("[500 Internal] ")
    assert TIME.fullmatch(row["next_retry_at"])
    assert (event["id"], event["event_type"]) == (invocation_id, "TransientError")
    assert "error_message" in event["event_json"]


async def test_what_is_registered(asking: Asking) -> None:
    services = await asking.rows("SELECT name, ty, revision, public FROM sys_service ORDER BY name")
    deployment = await asking.row("SELECT * FROM sys_deployment")
    joined = await asking.rows(
        "SELECT s.name, d.endpoint FROM sys_service s LEFT JOIN sys_deployment d ON d.id = s.deployment_id "
        "WHERE s.name IN ('Counter', 'Echo') ORDER BY 1 LIMIT 5"
    )

    assert {"name": "Counter", "ty": "virtual_object", "revision": 1, "public": True} in services
    assert (deployment["ty"], deployment["endpoint"]) == ("http", "http://app.test/")
    assert "Echo" in deployment["services"]
    assert joined == [{"name": name, "endpoint": "http://app.test/"} for name in ("Counter", "Echo")]

    # A later question sees a later registration.
    await asking.harness.deployments.register("http://other.test")
    assert len(await asking.rows("SELECT * FROM sys_deployment")) == 2
    assert (await asking.row("SELECT max(revision) AS r FROM sys_service"))["r"] == 2


async def test_what_the_official_command_line_asks(asking: Asking) -> None:
    harness = asking.harness
    holder = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    first = await harness.send("Counter/a/add", 1)
    harness.advance(10)
    await harness.send("Counter/a/add", 1)

    described = await asking.row(
        "SELECT inv.id, inv.modified_at as state_modified_at, inv.retry_count as num_retries, "
        "dp.id IS NOT NULL as pinned_deployment_exists FROM sys_invocation inv "
        f"LEFT JOIN sys_deployment dp ON dp.id = inv.pinned_deployment_id WHERE inv.id in ('{first}')"
    )
    status = await asking.row(
        "SELECT target_service_name, target_handler_name, 'pending' as status, COUNT(1) as num_invocations, "
        "MIN(created_at) as oldest_at, FIRST_VALUE(id ORDER BY created_at ASC) as oldest_invocation "
        "FROM sys_invocation_status WHERE status == 'inboxed' AND target_service_name IN ('Counter') "
        "GROUP BY target_service_name, target_handler_name"
    )
    count = await asking.row("SELECT COUNT(1) FROM (SELECT * FROM sys_invocation inv LIMIT 50000)")

    assert (described["id"], described["pinned_deployment_exists"]) == (first, False)
    assert (status["num_invocations"], status["oldest_invocation"]) == (2, first)
    assert count == {"count(Int64(1))": 3}
    assert (await asking.row("SELECT LAST_VALUE(id ORDER BY created_at DESC) AS i FROM sys_invocation"))[
        "i"
    ] in (holder, first)


async def test_the_tables_can_be_listed(asking: Asking) -> None:
    tables = await asking.rows("SHOW TABLES")
    columns = await asking.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'sys_keyed_service_status'"
    )

    assert {"sys_invocation", "sys_journal", "state", "sys_promise"} <= {row["table_name"] for row in tables}
    assert [row["column_name"] for row in columns] == [
        "partition_key",
        "service_name",
        "service_key",
        "invocation_id",
    ]


async def test_failure_of_a_promise_names_its_code(asking: Asking) -> None:
    reasons = [("a", 410), ("b", 451)]
    for key, code in reasons:
        asking.harness.runtime.store.write(
            "INSERT INTO promise (service, key, name, failure_code, failure_message) VALUES (?, ?, ?, ?, ?)",
            ("Approval", key, "decision", code, "no"),
        )
    await asking.harness.runtime.store.committed()

    rows = await asking.rows("SELECT completion_failure FROM sys_promise ORDER BY service_key")

    assert [row["completion_failure"] for row in rows] == ["[410 Gone] no", "[451] no"]


async def test_every_view_answers(asking: Asking) -> None:
    invocation_id = await asking.harness.send("Approval/k/run")
    await asking.harness.until(lambda: len(asking.harness.rows("SELECT 1 FROM promise")) == 1)

    for row in await asking.rows("SHOW TABLES"):
        name = f"{row['table_schema']}.{row['table_name']}"
        assert (await asking.post(f"SELECT * FROM {name}")).status_code == 200
    promise = await asking.row("SELECT service_name, service_key, completed FROM sys_promise")
    workflow = await asking.row("SELECT id, target, target_service_ty FROM sys_invocation")

    assert promise == {"service_name": "Approval", "service_key": "k", "completed": False}
    assert workflow == {"id": invocation_id, "target": "Approval/k/run", "target_service_ty": "workflow"}


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ("", 400),
        ("-- nothing", 400),
        ("SELEC 1", 400),
        ("SELECT * FROM", 400),
        ("SELECT 'open", 400),
        ("DELETE FROM state", 400),
        ("INSERT INTO main.state VALUES ('a', 'b', 'c', 'd')", 400),
        ("UPDATE main.invocation SET status = 'completed'", 400),
        ("CREATE TABLE t (a)", 400),
        ("DROP VIEW state", 400),
        ("PRAGMA query_only = 0", 500),
        ("ATTACH ':memory:' AS other", 400),
        ("BEGIN", 500),
        ("SELECT * FROM missing", 500),
        ("SELECT * FROM invocation", 500),
        ("SELECT * FROM main.journal", 500),
        ("SELECT name FROM sqlite_schema", 500),
        ("SELECT missing FROM state", 500),
        ("SELECT 1; SELECT 2", 500),
        ("SELECT load_extension('x')", 500),
    ],
)
async def test_what_is_no_question(asking: Asking, question: str, status: int) -> None:
    response = await asking.post(question)

    assert response.status_code == status, response.text
    assert response.json()["message"].startswith("Datafusion error: ")
    # The connection still answers.
    assert await asking.rows("SELECT 1 AS one") == [{"one": 1}]


async def test_a_question_without_end_is_ended(asking: Asking) -> None:
    response = await asking.post(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    )

    assert response.status_code == 400
    assert "took longer than 0.2 s" in response.json()["message"]


async def test_many_questions_at_once(asking: Asking) -> None:
    answers = await asyncio.gather(*(asking.rows(f"SELECT {i} AS i FROM sys_service") for i in range(20)))

    assert [rows[0]["i"] for rows in answers] == list(range(20))


async def test_bodies_that_cannot_be_read(asking: Asking) -> None:
    client = asking.client

    assert (await client.post("/query", json={})).status_code == 422
    assert (await client.post("/query", json={"query": 1})).status_code == 422
    headers = {"content-type": "application/json"}
    assert (await client.post("/query", content=b"{", headers=headers)).status_code == 400
    assert (await client.post("/query", content=b"{}")).status_code == 415
    assert (await client.get("/query")).status_code == 405


async def test_values_that_json_does_not_have(asking: Asking) -> None:
    row = await asking.row(
        "SELECT x'00ff' AS raw, NULL AS absent, 1.5 AS real, count(*) FROM sys_service WHERE 1 = 0"
    )

    assert row == {"raw": "00ff", "real": 1.5, "count(*)": 0}


async def test_rows_that_cannot_be_shown_take_no_answer_away(asking: Asking) -> None:
    first, second = await asking.harness.send("Echo/echo", "hi"), await asking.harness.send("Echo/echo", "hi")
    await asking.harness.result(first)
    await asking.harness.result(second)
    store = asking.harness.runtime.store
    store.write(
        "UPDATE invocation SET scheduled_start_at = ?, completed_at = -1, journal_retention_ms = ?, "
        "waiting_completions = '[', status = 'suspended', id = 'inv_1' WHERE id = ?",
        (1 << 48, (1 << 63) - 1, first),
    )

    rows = {row["id"]: row for row in await asking.rows("SELECT * FROM sys_invocation")}
    statuses = {row["id"]: row for row in await asking.rows("SELECT * FROM sys_invocation_status")}

    assert rows[second]["completion_result"] == "success"
    assert rows["inv_1"]["scheduled_start_at"] == "9999-12-31T23:59:59.999Z"
    assert rows["inv_1"]["completed_at"] == "1970-01-01T00:00:00Z"
    assert rows["inv_1"]["journal_retention"] == "PT86399999999999.999999S"
    assert rows["inv_1"]["suspended_waiting_for_completions"] == "["
    assert "partition_key" in statuses[second]
    assert "partition_key" not in statuses["inv_1"]


def test_values_that_cannot_be_shown_are_left_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    connection = sqlite3.connect(":memory:")
    add_functions(connection)

    rows = connection.execute("SELECT partition_key(1.5) UNION ALL SELECT partition_key(2.5)").fetchall()
    connection.close()

    assert rows == [(None,), (None,)]
    assert caplog.messages == ["a stored value cannot be shown by partition_key: AttributeError"]


async def test_questions_of_people_do_not_delay_what_the_runtime_reads(harness: Harness) -> None:
    query = Query(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    questions = [asyncio.ensure_future(query.questions.answer(endless)) for _ in range(10)]

    rows = await query.ask("SELECT 1 AS one")
    page = await query.awakeables([], Filter(), 10, None)

    assert (rows, page.awakeables) == ([{"one": 1}], ())
    assert not any(question.done() for question in questions)
    query.close()
    await asyncio.gather(*questions, return_exceptions=True)


async def test_what_is_asked_of_a_stopping_runtime_is_refused(harness: Harness) -> None:
    query = Query(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    query.close()

    for ask in (query.ask, query.questions.answer):
        with pytest.raises(RuntimeClosedError, match="the runtime is stopping"):
            await ask("SELECT 1")
