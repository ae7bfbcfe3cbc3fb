"""Measure the embedded runtime with a million waiting in one file: `python -m benches.scale --help`."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import httpx
import psutil
import typer
from awaken import _core
from awaken.runtime.store.directory import DATABASE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benches.machine import describe_machine
from benches.output import write_json
from benches.scale.multiply import multiply
from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client

if TYPE_CHECKING:
    from collections.abc import Callable

APP: Final = "benches.scale.app:app"
SETTINGS: Final = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}
#: One invocation of each kind is sent, and copied.
KINDS: Final = {"awakeables": "wait", "naps": "nap", "scheduled": "greet"}
RESOLVE: Final = "resolve one, to its result"
_QUESTIONS: Final = {
    "count awakeables' handlers in SQL": "SELECT COUNT(*) FROM sys_invocation WHERE status = 'suspended'",
    "count all in SQL": "SELECT COUNT(*) FROM sys_invocation_status",
}


class Held:
    """One runtime with many waiting, and its endpoint."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        directory.mkdir()
        self.directory = directory
        self.runtime = EmbeddedRuntime(directory, SETTINGS)
        self.endpoint = EndpointProcess(directory, APP)
        stack.callback(self.runtime.kill)
        stack.callback(self.endpoint.kill)
        self.database = directory / "data" / DATABASE
        self.pending: list[str] = []

    def prepare(self) -> dict[str, str]:
        """Send one invocation of each kind, and return their ids when the runtime has stopped again."""
        self.runtime.start()
        self.endpoint.start()
        with Client(self.runtime.ingress_url, self.runtime.admin_url) as client:
            client.register(self.endpoint.url, use_http_11=False)
            ids = {
                kind: client.send(f"Crowd/{handler}", "Ada")
                for kind, handler in KINDS.items()
                if kind != "scheduled"
            }
            ids["scheduled"] = client.send("Crowd/greet", "Ada", delay="30d")
            client.wait_for_status(ids["awakeables"], ("suspended",))
            client.wait_for_status(ids["naps"], ("suspended",))
        self.runtime.stop()
        return ids

    def restart(self) -> float:
        """Start the runtime on a file that is not in the page cache, and return the seconds until it serves."""
        for path in self.database.parent.glob(f"{DATABASE}*"):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        start = time.perf_counter()
        self.runtime.start()
        return time.perf_counter() - start

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.runtime.pid)

    def choose(self, count: int) -> list[str]:
        """Return the ids of some that wait for an awakeable."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            (last,) = connection.execute("SELECT max(seq) FROM invocation").fetchone()
            found: list[str] = []
            while len(found) < count:
                row = connection.execute(
                    "SELECT i.id FROM awakeable AS a JOIN invocation AS i ON i.seq = a.invocation WHERE i.seq >= ? "
                    "LIMIT 1",
                    (random.randint(1, last),),
                ).fetchone()
                if row is not None and row[0] not in found:
                    found.append(row[0])
        return found


def resolve(held: Held, http: httpx.Client, invocation: str) -> None:
    """Resolve one awakeable, and wait for the handler's result."""
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    url = f"{held.runtime.ingress_url}/restate"
    http.post(f"{url}/awakeables/{awakeable}/resolve", json="yes").raise_for_status()
    if http.get(f"{url}/invocation/{invocation}/attach").json() != "Ada: yes":
        raise SystemExit("a wrong answer")


def cancel(held: Held, http: httpx.Client, invocation: str) -> None:
    """Cancel one invocation, and wait for its end."""
    http.patch(f"{held.runtime.admin_url}/invocations/{invocation}/cancel").raise_for_status()
    if http.get(f"{held.runtime.ingress_url}/restate/invocation/{invocation}/attach").status_code != 409:
        raise SystemExit("not cancelled")


def page(held: Held, http: httpx.Client, _: str) -> None:
    """Read the first page of the list."""
    if len(http.get(f"{held.runtime.admin_url}/awakeables?limit=100").json()["awakeables"]) != 100:
        raise SystemExit("a wrong page")


def inbox(held: Held, http: httpx.Client, _: str) -> None:
    """Read the inbox."""
    http.get(f"{held.runtime.admin_url}/ui/").raise_for_status()


def invocations(held: Held, http: httpx.Client, _: str) -> None:
    """Read the inbox's page of the newest invocations."""
    http.get(f"{held.runtime.admin_url}/ui/invocations").raise_for_status()


def ask(statement: str) -> Callable[[Held, httpx.Client, str], None]:
    """Return the action of asking in SQL."""

    def action(held: Held, http: httpx.Client, _: str) -> None:
        http.post(
            f"{held.runtime.admin_url}/query",
            json={"query": statement},
            headers={"accept": "application/json"},
        ).raise_for_status()

    return action


def send(held: Held, http: httpx.Client, _: str) -> None:
    """Schedule one more."""
    http.post(f"{held.runtime.ingress_url}/Crowd/greet/send?delay=30d", json="Ada").raise_for_status()


def nap(held: Held, http: httpx.Client, _: str) -> None:
    """Start one more that is due soon, and wait for it: its timer is first among all."""
    sent = http.post(f"{held.runtime.ingress_url}/Crowd/greet/send?delay=1ms", json="Ada").json()
    url = f"{held.runtime.ingress_url}/restate/invocation/{sent['invocationId']}/attach"
    if http.get(url).json() != "Hello Ada!":
        raise SystemExit("a wrong answer")


ACTIONS: dict[str, tuple[Callable[[Held, httpx.Client, str], None], int]] = {
    RESOLVE: (resolve, 200),
    "cancel one, to its end": (cancel, 200),
    "schedule one": (send, 100),
    "schedule one, to its result": (nap, 100),
    "first page of awakeables": (page, 20),
    "inbox": (inbox, 20),
    "inbox, invocations": (invocations, 10),
    **{name: (ask(statement), 5) for name, statement in _QUESTIONS.items()},
}


def measure(held: list[Held], name: str) -> list[tuple[float, float]]:
    """Do something on each runtime in turns. Returns medians: seconds, and CPU seconds of the runtime each time."""
    action, times = ACTIONS[name]
    taken: list[list[float]] = [[] for _ in held]
    used = [0.0 for _ in held]
    chosen = [one.choose(times) for one in held]
    with httpx.Client(timeout=60) as http:
        for at in range(times):
            for which, one in enumerate(held):
                before, start = _cpu(one.process), time.perf_counter()
                action(one, http, chosen[which][at])
                taken[which].append(time.perf_counter() - start)
                used[which] += _cpu(one.process) - before
    return [(statistics.median(all_taken), cpu / times) for all_taken, cpu in zip(taken, used, strict=True)]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main(
    count: Annotated[int, typer.Option(min=1_000, help="How many wait.")] = 1_000_000,
    kind: Annotated[
        list[str] | None, typer.Option(help="awakeables, naps, scheduled; all in turns by default.")
    ] = None,
    few: Annotated[
        int, typer.Option(min=1_000, help="How many wait in the file that is compared with.")
    ] = 1_000,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the files in this folder, and use those that are there.")
    ] = None,
    json_output: Annotated[Path | None, typer.Option(help="Write the numbers to this file.")] = None,
) -> None:
    """Measure the embedded runtime with a million waiting in one file."""
    console = Console(width=120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    results = describe_machine()
    for name in kind or KINDS:
        with tempfile.TemporaryDirectory(prefix="awaken-scale-") as temporary, ExitStack() as stack:
            results[name] = _compare(name, count, few, keep or Path(temporary), stack, console)
    if json_output:
        write_json(json_output, results)


def _compare(
    kind: str, count: int, few: int, folder: Path, stack: ExitStack, console: Console
) -> dict[str, Any]:
    """Measure two files beside each other, print a table, and return its numbers."""
    held = []
    for label, number in (("few", few), ("many", count)):
        directory = folder / f"{kind}-{label}"
        one = Held(directory, stack)
        ids = one.prepare()
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"writing {number:,} {kind}", total=number)
            multiply(one.database, ids[kind], number, on_progress=partial(progress.advance, task))
            if kind != "awakeables":  # for what needs some
                multiply(one.database, ids["awakeables"], 1_000)
        held.append(one)
    console.print(
        f"[bold]{count:,} {kind}[/] in {held[1].database.stat().st_size / 1e6:,.0f} MB, beside {few:,}"
    )
    table = Table("", f"{few:,}", f"{count:,}", "ratio")
    for one in held:
        one.runtime.start()
        one.runtime.kill()
    starts = [one.restart() for one in held]
    memory = [one.process.memory_info().rss for one in held]
    table.add_row(
        "start after kill, s", *(f"{start:.2f}" for start in starts), f"{starts[1] / starts[0]:.2f}"
    )
    table.add_row(
        "memory then, MB",
        *(f"{size / 1e6:.1f}" for size in memory),
        f"{(memory[1] - memory[0]) / count:.1f} B",
    )
    result: dict[str, Any] = {
        "count": count,
        "few": few,
        "start_seconds": starts[1],
        "memory_each": (memory[1] - memory[0]) / count,
        "actions": {},
    }
    for name in ACTIONS:
        (few_s, few_cpu), (many_s, many_cpu) = measure(held, name)
        table.add_row(f"{name}, ms", f"{few_s * 1000:.1f}", f"{many_s * 1000:.1f}", f"{many_s / few_s:.2f}")
        table.add_row(
            "   its CPU, ms",
            f"{few_cpu * 1000:.1f}",
            f"{many_cpu * 1000:.1f}",
            f"{many_cpu / (few_cpu or 1):.2f}",
        )
        result["actions"][name] = {
            "few_ms": few_s * 1000,
            "many_ms": many_s * 1000,
            "few_cpu_ms": few_cpu * 1000,
            "many_cpu_ms": many_cpu * 1000,
        }
    memory = [one.process.memory_info().rss for one in held]
    table.add_row(
        "memory after all this, MB",
        *(f"{size / 1e6:.1f}" for size in memory),
        f"{(memory[1] - memory[0]) / count:.1f} B",
    )
    console.print(table)
    for one in held:
        one.runtime.kill()
        one.endpoint.kill()
        shutil.rmtree(one.directory)
    resolved = result["actions"][RESOLVE]
    return result | {"resolve_ratio": resolved["many_ms"] / resolved["few_ms"]}


if __name__ == "__main__":
    typer.run(main)
