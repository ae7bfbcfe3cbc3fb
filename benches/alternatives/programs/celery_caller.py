"""Sends Celery's task, and waits for its result."""

from __future__ import annotations

import time

from benches.alternatives.programs.calling import answer_threaded, check
from benches.alternatives.programs.celery_app import app


def call(order: str) -> float:
    began = time.perf_counter()
    check(app.send_task("charge", (order,)).get(timeout=60), f"charged {order}")
    return time.perf_counter() - began


if __name__ == "__main__":
    answer_threaded({"step": call})
