"""One activity, and one wait for a signal, under Temporal: `python temporal_app.py ADDRESS` is their worker."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench"


@activity.defn
async def charge(order: str) -> str:
    return f"charged {order}"


@workflow.defn
class Step:
    @workflow.run
    async def run(self, order: str) -> str:
        charged: str = await workflow.execute_activity(
            charge, order, start_to_close_timeout=timedelta(seconds=60)
        )
        return charged


@workflow.defn
class Ask:
    def __init__(self) -> None:
        self.answer: str | None = None

    @workflow.run
    async def run(self, order: str) -> str:
        await workflow.wait_condition(lambda: self.answer is not None)
        return f"{order}: {self.answer}"

    @workflow.signal
    def give(self, answer: str) -> None:
        self.answer = answer


async def main(address: str) -> None:
    client = await Client.connect(address)
    await Worker(client, task_queue=QUEUE, workflows=[Step, Ask], activities=[charge]).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
