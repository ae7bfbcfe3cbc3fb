"""Questions of users, each in a process with limits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

import nanoarrow
import psutil
import pytest
from awaken.control.errors import UnavailableError
from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query import QueryError, Questions, take_snapshot
from awaken.runtime.query.limits import PROCESSES, WAITING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.runtime.harness import Harness

pytestmark = pytest.mark.slow

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
ENDLESS = f"{NUMBERS} SELECT count(*) FROM n"
#: One call of a function, which nothing in its process can interrupt.
UNINTERRUPTIBLE = f"SELECT regexp_like('{'a' * 60}!', '^(a+)+$')"
TIMEOUT_S = 0.5
#: More than any question may take here.
PATIENCE_S = 20


@pytest.fixture
async def questions(harness: Harness) -> AsyncIterator[Questions]:
    with closing(questions_of(harness, TIMEOUT_S)) as questions:
        yield questions


def questions_of(harness: Harness, timeout_s: float) -> Questions:
    path, deployments = harness.runtime.store.path, harness.deployments
    return Questions(path, lambda: take_snapshot(deployments), timeout_s=timeout_s)


async def rows(questions: Questions, sql: str) -> Any:
    return json.loads(await questions.answer(sql))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def eventually_gone(pid: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while is_running(pid):
            await asyncio.sleep(0.01)


async def test_they_see_what_was_committed_and_what_is_registered(
    harness: Harness, questions: Questions
) -> None:
    for n in (1, 2):
        invocation_id = await harness.send("Echo/echo", "hi")
        await harness.result(invocation_id)
        await harness.runtime.store.committed()

        assert len(await rows(questions, "SELECT * FROM sys_invocation")) == n
        entries = await rows(questions, f"SELECT * FROM sys_journal WHERE id = '{invocation_id}'")
        assert entries[0]["entry_type"] == "Command: Input"
        assert json.loads(entries[0]["entry_json"])
    services = await rows(questions, "SELECT name FROM sys_service WHERE name = 'Echo'")
    assert services == [{"name": "Echo"}]


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ("SELECT repeat('x', 1000000000)", "too large"),
        ("SELECT replace(repeat('x', 1000000), 'x', repeat('y', 1000000))", "too large"),
        (f"{NUMBERS} SELECT string_agg(repeat('x', 1000000) || i, ',') FROM n", "memory|longer than 0.5 s"),
        (f"{NUMBERS} SELECT i FROM n", "longer than 0.5 s"),
        (ENDLESS, "longer than 0.5 s"),
        (UNINTERRUPTIBLE, "longer than 0.5 s"),
        (
            f"{NUMBERS} SELECT max(b) OVER (ORDER BY b) FROM (SELECT repeat('x', 9000000 + i) AS b FROM n)",
            "memory|longer than 0.5 s",
        ),
        (
            "SELECT repeat('x', 150000000) a, repeat('x', 150000000) b, repeat('x', 150000000) c",
            "memory|larger than 256 MiB|longer than 0.5 s",
        ),
        ("/*" * 400_000, "TokenizerError|longer than 0.5 s"),
        ("SELECT " + "x" * 1_100_000, "1000000 are read"),
        ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "nested too deeply"),
        ("SELECT " + "NOT " * 20_000 + "true", "nested too deeply|longer than 0.5 s"),
        ("SELECT " + "CASE WHEN true THEN " * 5_000 + "1", "nested too deeply|longer than 0.5 s"),
        ("SELECT 1" + " + 1" * 5_000, "nested too deeply"),
        (
            "SELECT 1 FROM state WHERE " + " OR ".join(["key = 'x'"] * 10_000),
            "nested too deeply|longer than 0.5 s",
        ),
        ("SELECT " + "1, " * 100_000 + "1", "50000 are read|longer than 0.5 s"),
        ("SELECT 1" + " UNION ALL SELECT 1" * 5_000, "500 are read"),
        (f"SELECT 'a' LIKE '{'%a' * 1_000}'", "too complex"),
        (f"SELECT 'a' ~ '{'a*' * 1_000}'", "1000 are allowed"),
        ("SELECT median('x')", "'x' is no number"),
        ("SELECT load_extension('x')", "Invalid function"),
        ("SELECT df_typeof(1, 'x')", "Invalid function"),
        ("ATTACH 'x' AS y", "Unsupported SQL statement|ParserError"),
        ("SELECT 1; SELECT 2", "single SQL statement"),
        ("SELECT '\0'", "null character"),
        ("SELECT '\ud800'", "surrogates not allowed"),
    ],
)
async def test_hostile_questions_are_refused_and_the_next_is_answered(
    questions: Questions, hostile: str, reason: str
) -> None:
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(QueryError, match=reason):
            await questions.answer(hostile)

        assert await rows(questions, "SELECT 1 AS one") == [{"one": 1}]


async def test_hundreds_of_conditions_are_read(harness: Harness) -> None:
    with closing(questions_of(harness, PATIENCE_S)) as questions:
        conditions = " OR ".join(f"target = 'x{number}'" for number in range(700))

        assert await rows(questions, f"SELECT count(*) AS n FROM sys_invocation WHERE {conditions}") == [
            {"n": 0}
        ]


async def test_an_answer_that_is_too_large_is_refused(harness: Harness) -> None:
    questions = Questions(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))

    with pytest.raises(QueryError, match="the answer is larger than 256 MiB"):
        await questions.answer(f"{NUMBERS} SELECT repeat('x', 10000000) FROM n")

    questions.close()


async def test_closing_does_not_wait_for_what_cannot_be_interrupted(questions: Questions) -> None:
    asked = asyncio.ensure_future(questions.answer(UNINTERRUPTIBLE))
    while not questions.processes:
        await asyncio.sleep(0.01)
    (pid,) = questions.processes

    questions.close()

    assert not is_running(pid)
    with pytest.raises(RuntimeClosedError):
        await asked
    with pytest.raises(RuntimeClosedError):
        await questions.answer("SELECT 1")


async def test_a_process_that_was_killed_is_replaced(questions: Questions) -> None:
    await questions.answer("SELECT 1")
    (pid,) = questions.processes
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(os.waitid, os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert await rows(questions, "SELECT 2 AS two") == [{"two": 2}]


async def test_a_question_whose_process_is_killed_says_so(harness: Harness) -> None:
    # With more time than a busy machine takes to notice the end of the process.
    with closing(questions_of(harness, PATIENCE_S)) as questions:
        await questions.answer("SELECT 1")
        (pid,) = questions.processes
        process = psutil.Process(pid)
        before = process.cpu_times().user
        asked = asyncio.ensure_future(questions.answer(ENDLESS))
        # Killed before it is asked, it would be replaced.
        while process.cpu_times().user < before + 0.1:
            await asyncio.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(QueryError, match="ended by SIGKILL"):
            await asked


async def test_a_question_that_nobody_waits_for_ends(questions: Questions) -> None:
    asked = asyncio.ensure_future(questions.answer(UNINTERRUPTIBLE))
    while not questions.processes:
        await asyncio.sleep(0.01)
    (pid,) = questions.processes

    asked.cancel()

    await eventually_gone(pid)


async def test_processes_end_when_nothing_is_asked(harness: Harness) -> None:
    questions = Questions(harness.runtime.store.path, lambda: take_snapshot(harness.deployments), idle_s=0.05)
    await questions.answer("SELECT 1")

    async with asyncio.timeout(PATIENCE_S):
        while questions.processes:
            await asyncio.sleep(0.01)
    assert await rows(questions, "SELECT 1 AS one") == [{"one": 1}]
    questions.close()


async def test_more_questions_than_may_wait_are_refused_at_once(questions: Questions) -> None:
    asked = [asyncio.ensure_future(questions.answer(ENDLESS)) for _ in range(PROCESSES + WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(
        UnavailableError, match=f"{PROCESSES} questions are being answered and {WAITING} wait"
    ):
        await questions.answer("SELECT 1")

    questions.close()
    await asyncio.gather(*asked, return_exceptions=True)


async def test_answers_that_wait_for_their_clients_are_bounded(questions: Questions) -> None:
    large = 256 * 1024 * 1024

    with questions.untaken(large), pytest.raises(UnavailableError, match="256 MiB of answers wait"):
        await questions.answer("SELECT 1")

    assert await questions.answer("SELECT 1 AS one") == b'[{"one":1}]'


async def test_a_question_left_while_its_process_starts_ends_as_well(harness: Harness) -> None:
    questions = Questions(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))
    for _ in range(PROCESSES):
        asked = asyncio.ensure_future(questions.answer(ENDLESS))
        for _ in range(5):  # the thread has begun, and its process has not
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])

    async with asyncio.timeout(PATIENCE_S):  # the time of a question is longer
        await asyncio.gather(*(questions.answer("SELECT 1") for _ in range(PROCESSES)))

    questions.close()


async def test_an_answer_may_be_an_arrow_stream(questions: Questions) -> None:
    sql = f"{NUMBERS} SELECT i, nullif(i, 2) AS some, 'x' || i AS t FROM n LIMIT 3000"

    answer = await questions.answer(sql, is_arrow=True)

    read = nanoarrow.ArrayStream.from_readable(answer).read_all().to_pylist()
    assert read[:2] == [{"i": 1, "some": 1, "t": "x1"}, {"i": 2, "some": None, "t": "x2"}]
    assert [row["i"] for row in read] == list(range(1, 3001))


async def test_a_large_arrow_stream_is_refused_as_any_answer(harness: Harness) -> None:
    questions = Questions(harness.runtime.store.path, lambda: take_snapshot(harness.deployments))

    with pytest.raises(QueryError, match=r"the answer is larger than 256 MiB|memory"):
        await questions.answer(f"{NUMBERS} SELECT repeat('x', 10000000) || i FROM n", is_arrow=True)

    questions.close()
