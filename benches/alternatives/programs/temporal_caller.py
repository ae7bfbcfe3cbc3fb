"""Executes Temporal's workflows: `python temporal_caller.py ADDRESS`."""

from __future__ import annotations

import asyncio
import sys
import time

from temporalio.client import Client

from benches.alternatives.programs.calling import ANSWER_AFTER_S, answer_async, check
from benches.alternatives.programs.temporal_app import QUEUE, Ask, Step


async def main(address: str) -> None:
    client = await Client.connect(address)

    async def call(order: str) -> float:
        began = time.perf_counter()
        result = await client.execute_workflow(Step.run, order, id=f"step-{order}", task_queue=QUEUE)
        check(result, f"charged {order}")
        return time.perf_counter() - began

    async def answer(order: str) -> float:
        handle = await client.start_workflow(Ask.run, order, id=f"ask-{order}", task_queue=QUEUE)
        await asyncio.sleep(ANSWER_AFTER_S)
        began = time.perf_counter()
        await handle.signal(Ask.give, "yes")
        check(await handle.result(), f"{order}: yes")
        return time.perf_counter() - began

    await answer_async({"step": call, "answer": answer})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
