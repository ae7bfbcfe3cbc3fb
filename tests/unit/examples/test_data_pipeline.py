"""The pipeline of the cookbook: a thousand records, at most so many at once, each with retries of its own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.testing import Environment, crash_everywhere, open_environment

from examples.data_pipeline import pipeline
from examples.data_pipeline.pipeline import Job, Progress, Summary
from examples.data_pipeline.source import Source
from tests.unit.examples.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Source]:
    with serving(Source(0)) as server:
        monkeypatch.setattr(pipeline, "SOURCE", server.url)
        monkeypatch.setattr(pipeline, "TARGET", str(tmp_path / "prices.db"))
        yield server


def stored() -> list[int]:
    with closing(sqlite3.connect(pipeline.TARGET)) as database:
        return [number for (number,) in database.execute("SELECT number FROM price ORDER BY number")]


async def run(env: Environment, job: Job) -> Summary:
    sent = await env.client.workflow_send(pipeline.run, "nightly", job)
    return await env.client.attach(sent.invocation_id, type_hint=Summary)


@pytest.mark.timeout(180)
async def test_a_thousand_records_are_copied_twenty_at_once(source: Source) -> None:
    async with open_environment(pipeline.app, patience=timedelta(seconds=150)) as env:
        summary = await run(env, Job())
        progress = await env.client.workflow_call(pipeline.progress, "nightly", None)

    numbers = [number for number in range(1, 1001) if number != 13]
    assert summary.copied == 999
    assert summary.total_cents == sum(numbers)
    assert list(summary.failed) == ["13"]
    assert "404 for record 13" in summary.failed["13"]
    assert progress == Progress(1000, 1000)
    assert stored() == numbers
    assert source.most_at_once <= 20


async def test_only_busy_records_are_fetched_again(source: Source) -> None:
    async with open_environment(pipeline.app) as env:
        await run(env, Job(30, at_once=5))

    assert {number for number, count in source.requests.items() if count > 1} == {10, 20, 30}


async def test_a_source_that_is_down_fails_its_records_and_not_the_job(source: Source) -> None:
    source.is_down = True

    async with open_environment(pipeline.app) as env:
        summary = await run(env, Job(3))

    assert summary.copied == 0
    assert sorted(summary.failed) == ["1", "2", "3"]
    assert set(source.requests.values()) == {5}


async def test_a_cancelled_job_ends(source: Source) -> None:
    source.is_down = True
    async with open_environment(pipeline.app) as env:
        sent = await env.client.workflow_send(pipeline.run, "nightly", Job())
        await env.client.cancel(sent.invocation_id)

        with pytest.raises(awaken.HttpError) as cancelled:
            await env.client.attach(sent.invocation_id)
        await env.advance(seconds=10)  # what the job called hears of it at its next attempt

    assert cancelled.value.code == 409


@pytest.mark.timeout(120)
async def test_no_crash_changes_the_summary(source: Source) -> None:
    """The decorator asserts that summary, progress and inner calls are the same after every crash."""

    @crash_everywhere(app=pipeline.app, max_positions=30)
    async def scenario(env: Environment) -> tuple[int, int, list[str]]:
        source.requests.clear()
        summary = await run(env, Job(14, at_once=4))
        return summary.copied, summary.total_cents, list(summary.failed)

    await scenario()
