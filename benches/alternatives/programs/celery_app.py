"""One task under Celery.

`BROKER` is the URL of Redis, and `LATE` says whether a task is acknowledged when it is done.
"""

from __future__ import annotations

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.task_acks_late = os.environ.get("LATE") == "yes"


@app.task(name="charge")
def charge(order: str) -> str:
    return f"charged {order}"
