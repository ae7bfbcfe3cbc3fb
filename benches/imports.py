"""What `import awaken` costs above `import asyncio, json`: `python -m benches.imports --help`.

Fresh processes take turns, one that imports only what any asyncio program has, one that imports awaken after it. Each
tells how long that took it; processes are also compared as a whole, from start to end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from statistics import median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benches.machine import describe_machine
from benches.output import open_console, write_json

GOAL_MS = 40.0
CODE = """
import asyncio, json, time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
print(time.perf_counter() - wall, time.process_time() - cpu)
"""
STATEMENTS = {"asyncio, json": "pass", "awaken": "import awaken"}
#: A module of each extra that brings a package of its own.
EXTRAS = {
    "uvloop": "uvloop",
    "pydantic": "pydantic",
    "otel": "opentelemetry.trace",
    "zstd": "zstandard",
    "openai": "agents",
    "pydantic_ai": "pydantic_ai",
    "langchain": "langchain",
    "adk": "google.adk",
}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Processes of each kind.")] = 31,
    json_output: Annotated[
        Path | None, typer.Option(help="Write the medians and all rounds to this file.")
    ] = None,
) -> None:
    """Measure the import of awaken in fresh processes."""
    console = open_console()
    missing = [extra for extra, module in EXTRAS.items() if not is_installed(module)]
    for statement in STATEMENTS.values():
        start_process(statement)  # writes bytecode, and fills the page cache
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in STATEMENTS}
    for _ in track(range(rounds), "importing", console=Console(stderr=True), transient=True):
        for name, statement in STATEMENTS.items():
            measured[name].append(start_process(statement))
    above = {
        metric: median(
            mine[metric] - theirs[metric]
            for mine, theirs in zip(measured["awaken"], measured["asyncio, json"], strict=True)
        )
        for metric in ("import_ms", "import_cpu_ms", "process_ms")
    }
    table = Table(
        "above asyncio and json, ms", "median", title=f"import awaken; goal: at most {GOAL_MS:g} ms"
    )
    for metric, value in above.items():
        table.add_row(metric.removesuffix("_ms").replace("_", ", "), f"{value:.1f}")
    console.print(table)
    if missing:
        console.print(f"Not installed: {', '.join(missing)}. With them, it may be more.")
    if json_output:
        result: dict[str, Any] = {**describe_machine(), "missing_extras": missing, "above": above}
        rounds_of = [
            {"subject": name, "number": number, **values}
            for name, all_values in measured.items()
            for number, values in enumerate(all_values)
        ]
        write_json(json_output, result | {"rounds": rounds_of})


def start_process(statement: str) -> dict[str, float]:
    """Run a process that executes a statement after the usual imports, and return what took how long."""
    # Installed packages have bytecode. Some shells of developers forbid writing it, and each import would compile.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", CODE.format(statement=statement)]
    start = time.perf_counter()
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    whole = time.perf_counter() - start
    wall, cpu = map(float, finished.stdout.split())
    return {"import_ms": wall * 1000, "import_cpu_ms": cpu * 1000, "process_ms": whole * 1000}


def is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False  # of a package whose parent is missing


if __name__ == "__main__":
    typer.run(main)
