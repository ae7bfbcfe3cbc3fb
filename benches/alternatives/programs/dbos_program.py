"""One step, and one wait for an answer, under DBOS, in the process that calls.

Its argument is the URL of the database.
"""

from __future__ import annotations

import sys
import time

from dbos import DBOS, SetWorkflowID

from benches.alternatives.programs.calling import ANSWER_AFTER_S, answer_threaded, check


@DBOS.step()
def charge(order: str) -> str:
    return f"charged {order}"


@DBOS.workflow()
def step(order: str) -> str:
    charged: str = charge(order)  # Any, where the package is not installed
    return charged


@DBOS.workflow()
def ask(order: str) -> str:
    return f"{order}: {DBOS.recv('answer', timeout_seconds=60)}"


def call(order: str) -> float:
    began = time.perf_counter()
    check(step(order), f"charged {order}")
    return time.perf_counter() - began


def answer(order: str) -> float:
    with SetWorkflowID(order):
        handle = DBOS.start_workflow(ask, order)
    time.sleep(ANSWER_AFTER_S)
    began = time.perf_counter()
    DBOS.send(order, "yes", "answer")
    check(handle.get_result(), f"{order}: yes")
    return time.perf_counter() - began


if __name__ == "__main__":
    DBOS(config={"name": "bench", "system_database_url": sys.argv[1], "log_level": "ERROR"})
    DBOS.launch()
    answer_threaded({"step": call, "answer": answer})
