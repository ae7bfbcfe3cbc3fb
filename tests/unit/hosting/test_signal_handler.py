"""Signals to a process whose event loop comes round, and to one whose loop is blocked."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

CODE = """
import asyncio, time
from awaken.hosting.signal_handler import SignalHandler
{import_loop}

def block():
    # A signal just before the system call would be noticed after it: Python looks for signals between instructions.
    for _ in range(600): time.sleep(0.1)
def spin():
    while True: pass

async def main():
    stop = asyncio.Event()
    SignalHandler(stop, lambda: print("announced", flush=True)).install(asyncio.get_running_loop())
    {before}
    print("ready", flush=True)
    {blocks}
    await stop.wait()

with asyncio.Runner(loop_factory={loop}) as runner:
    runner.run(main())
"""
LOOPS = {"asyncio": ("", "asyncio.new_event_loop"), "uvloop": ("import uvloop", "uvloop.new_event_loop")}


@contextmanager
def running(folder: Path, loop: str, blocks: str, before: str = "") -> Iterator[subprocess.Popen[str]]:
    import_loop, factory = LOOPS[loop]
    path = folder / "blocking.py"
    path.write_text(CODE.format(import_loop=import_loop, loop=factory, blocks=blocks, before=before))
    with subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_stops(tmp_path: Path, loop: str, signum: signal.Signals) -> None:
    with running(tmp_path, loop, "") as process:
        process.send_signal(signum)

        assert process.communicate(timeout=20) == ("announced\n", "")
        assert process.returncode == 0


def test_the_first_signal_stops_where_no_thread_can_start(tmp_path: Path) -> None:
    fail = "(_ for _ in ()).throw(RuntimeError('no room for a thread'))"
    with running(
        tmp_path, "asyncio", "", f"import _thread; _thread.start_new_thread = lambda *_: {fail}"
    ) as process:
        process.send_signal(signal.SIGTERM)

        assert process.communicate(timeout=20) == ("announced\n", "")
        assert process.returncode == 0


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("blocks", ["block", "spin"])
def test_a_blocked_loop_is_named_and_the_second_signal_ends_it(
    tmp_path: Path, loop: str, blocks: str
) -> None:
    with running(tmp_path, loop, f"{blocks}()") as process:
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        told = process.stderr.readline()
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=20) == -signal.SIGTERM
    assert re.match(rf"SIGTERM has to wait: {blocks} at .*blocking\.py:\d+ blocks the event loop", told)
