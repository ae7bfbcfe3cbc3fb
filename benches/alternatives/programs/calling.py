"""Callers that work side by side and measure themselves; the standard library only, since it runs in each environment.

A program reads lines such as `step 32 2.0` from its standard input (what to do, how many callers, for how many seconds)
and answers each with a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

__all__ = ["ANSWER_AFTER_S", "answer_async", "answer_threaded", "check"]

#: How long a caller lets a handler wait before it answers, so that it waits for certain.
ANSWER_AFTER_S = 0.05


def check(result: object, expected: object) -> None:
    """Raise if a system gave another result than it should: it gets no numbers then."""
    if result != expected:
        raise ValueError(f"expected {expected!r}, and got {result!r}")


def answer_threaded(actions: Mapping[str, Callable[[str], float]]) -> None:
    """Do what the lines say, with a thread for each caller.

    Args:
        actions: by name; each does one operation, and returns the seconds that count.
    """
    for line in sys.stdin:
        name, callers, seconds = line.split()
        took: list[float] = []
        failures: list[BaseException] = []
        began = time.perf_counter()
        threads = [
            threading.Thread(
                target=_work,
                args=(actions[name], f"{began}-{number}", began + float(seconds), took, failures),
            )
            for number in range(int(callers))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _report(took, time.perf_counter() - began, failures)


def _work(
    action: Callable[[str], float], name: str, end: float, took: list[float], failures: list[BaseException]
) -> None:
    count = 0
    try:
        while time.perf_counter() < end:
            took.append(action(f"{name}-{count}"))
            count += 1
    except BaseException as error:
        failures.append(error)


async def answer_async(actions: Mapping[str, Callable[[str], Awaitable[float]]]) -> None:
    """Do what the lines say, with a task for each caller.

    Args:
        actions: by name; each does one operation, and returns the seconds that count.
    """
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, callers, seconds = line.split()
        took: list[float] = []
        began = time.perf_counter()
        end = began + float(seconds)

        async def work(
            number: int, name: str = name, began: float = began, end: float = end, took: list[float] = took
        ) -> None:
            count = 0
            while time.perf_counter() < end:
                took.append(await actions[name](f"{began}-{number}-{count}"))
                count += 1

        results: list[Any] = await asyncio.gather(
            *(work(number) for number in range(int(callers))), return_exceptions=True
        )
        failures = [result for result in results if isinstance(result, BaseException)]
        _report(took, time.perf_counter() - began, failures)


def _report(took: list[float], seconds: float, failures: list[BaseException]) -> None:
    took.sort()
    result: dict[str, object] = {"operations": len(took), "seconds": seconds}
    if took:
        result["p50_ms"] = took[len(took) // 2] * 1000
        result["p99_ms"] = took[len(took) * 99 // 100] * 1000
    if failures:
        result["failure"] = repr(failures[0])
    print(json.dumps(result), flush=True)
