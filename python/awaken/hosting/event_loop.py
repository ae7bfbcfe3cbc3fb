"""The event loop of a serving process, and the end of the threads beside it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from awaken.hosting.display import hold_standard_descriptors, settle_output
from awaken.hosting.open_files import allow_many_files

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["run_in_loop"]

#: Time for threads that are idle, or nearly done, to end after the grace period.
THREADS_GRACE: Final = timedelta(seconds=0.5)

#: Names of the threads in which blocking actions run.
THREAD_PREFIX: Final = "awaken-run"

logger: Final = logging.getLogger("awaken.serve")


def run_in_loop(main: Coroutine[None, None, None], leave: Callable[[], None] = lambda: None) -> None:
    """Run a coroutine, on uvloop where it is installed, with what exists so far left out of collections.

    Threads that still run a blocking action when the coroutine returns are left behind: they cannot be stopped, and
    their results no longer count.

    Args:
        main: what to run.
        leave: called before the process ends because of such threads; it may replace the process.
    """
    hold_standard_descriptors()
    allow_many_files()
    gc.collect()
    gc.freeze()  # modules and declarations live as long as the process; walking them again finds nothing
    threads = ThreadPoolExecutor(thread_name_prefix=THREAD_PREFIX)
    # Not within an `except` that finds uvloop missing: its error would be the context of every handler's error.
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_with_threads(main, threads, leave))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _with_threads(
    main: Coroutine[None, None, None], threads: ThreadPoolExecutor, leave: Callable[[], None]
) -> None:
    asyncio.get_running_loop().set_default_executor(threads)
    await main
    threads.shutdown(wait=False, cancel_futures=True)
    deadline = time.monotonic() + THREADS_GRACE.total_seconds()
    while busy := [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]:
        if time.monotonic() > deadline:
            logger.warning("%d blocking actions did not end; they are left behind", len(busy))
            leave()
            logging.shutdown()
            settle_output()
            os._exit(0)  # anything gentler joins the threads first
        await asyncio.sleep(0.01)
