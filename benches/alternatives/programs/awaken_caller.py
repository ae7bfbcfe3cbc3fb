"""Calls awaken's handlers over HTTP, with its own client: `python awaken_caller.py INGRESS`."""

from __future__ import annotations

import asyncio
import sys
import time

import awaken
from awaken import _core

from benches.alternatives.programs.awaken_app import ask, step
from benches.alternatives.programs.calling import ANSWER_AFTER_S, answer_async, check

#: The first awakeable of an invocation.
FIRST = 17


async def main(ingress: str) -> None:
    async with awaken.create_client(ingress) as client:

        async def call(order: str) -> float:
            began = time.perf_counter()
            check(await client.service_call(step, order), f"charged {order}")
            return time.perf_counter() - began

        async def answer(order: str) -> float:
            sent = await client.service_send(ask, order)
            await asyncio.sleep(ANSWER_AFTER_S)
            awakeable = _core.format_awakeable_id(_core.parse_invocation_id(sent.invocation_id), FIRST)
            began = time.perf_counter()
            await client.awakeable(awakeable).resolve("yes")
            check(await client.attach(sent.invocation_id), f"{order}: yes")
            return time.perf_counter() - began

        await answer_async({"step": call, "answer": answer})


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
