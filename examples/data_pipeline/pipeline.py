"""A pipeline copies a thousand records, some at a time; failures stay with their record, and a kill loses nothing."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import awaken
import httpx
from awaken.errors import InvocationCancelledError

SOURCE = os.environ.get("SOURCE_URL", "http://127.0.0.1:7071")
TARGET = os.environ.get("TARGET", "prices.db")
#: Of one record: five requests in about three seconds, then it has failed.
RETRIES = awaken.RunOptions[Any](max_attempts=5, initial_retry_interval=timedelta(milliseconds=200))
#: Each client would make one otherwise, which takes longer than a request.
TLS = ssl.create_default_context()
#: How many records are done between two writes of the progress.
BEAT = 25

records = awaken.Service("records")
pipeline = awaken.Workflow("Pipeline")


@dataclass
class Job:
    records: int = 1000
    at_once: int = 20


@dataclass
class Progress:
    done: int
    of: int


@dataclass
class Summary:
    copied: int = 0
    total_cents: int = 0
    #: Why records failed, by their number.
    failed: dict[str, str] = field(default_factory=dict)


@pipeline.main()
async def run(ctx: awaken.WorkflowContext, job: Job) -> Summary:
    """Copy the records of a job, once per key, and sum up."""
    summary = Summary()
    numbers = iter(range(1, job.records + 1))

    async def work() -> None:
        for number in numbers:  # all workers take from the same numbers
            try:
                cents = await ctx.service_call(copy, number)
            except InvocationCancelledError:
                raise
            except awaken.TerminalError as error:
                summary.failed[str(number)] = error.message
            else:
                summary.copied += 1
                summary.total_cents += cents
            done = summary.copied + len(summary.failed)
            if done % BEAT == 0:
                ctx.set("progress", Progress(done, job.records))

    async with asyncio.TaskGroup() as group:
        for _ in range(job.at_once):
            group.create_task(work())
    ctx.set("progress", Progress(job.records, job.records))
    return summary


@pipeline.handler()
async def progress(ctx: awaken.WorkflowSharedContext) -> Progress | None:
    """Tell how far a job is."""
    return await ctx.get("progress", type_hint=Progress)


@records.handler()
async def copy(ctx: awaken.Context, number: int) -> int:
    """Copy one record, and return its price in cents."""
    return await ctx.run_typed("copy", copy_record, RETRIES, number=number)


async def copy_record(number: int) -> int:
    """Fetch a record and store it. Storing it again changes nothing, so both are one run."""
    async with httpx.AsyncClient(base_url=SOURCE, verify=TLS, timeout=10) as client:
        response = await client.get(f"/records/{number}")
    if response.is_client_error:
        raise awaken.TerminalError(f"the source has {response.status_code} for record {number}")
    record = response.raise_for_status().json()
    cents = round(float(record["price"]) * 100)
    await asyncio.to_thread(store, number, record["name"], cents)
    return cents


def store(number: int, name: str, cents: int) -> None:
    with closing(sqlite3.connect(TARGET, timeout=30)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS price (number INTEGER PRIMARY KEY, name TEXT, cents INTEGER)"
        )
        database.execute("INSERT OR REPLACE INTO price VALUES (?, ?, ?)", (number, name, cents))


app = awaken.app([pipeline, records])
