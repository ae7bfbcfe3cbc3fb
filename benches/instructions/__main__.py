"""Counts the instructions of core operations, and compares them with what is stored: `--help`.

Times on a busy machine differ by tens of percent, instructions by next to nothing: this finds a change that makes the
core a few percent slower, wherever it runs. Callgrind counts what a program executes; the difference between twelve
repetitions and two is ten, without start and preparation.

Counts depend on the compiler, the processor's family and the C library. They are stored with what they were made with;
elsewhere the comparison is told, and fails nothing. What else could change them is fixed here: arguments and
environment, so that the stack begins where it always does, and the choice of the C library among its variants of
`memcpy` and others, which depends on the processor.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypedDict

import typer
from rich.console import Console
from rich.table import Table

from benches.output import open_console

ROOT = Path(__file__).parents[2]
STORED = Path(__file__).with_name("counts.json")
PACKAGE = "awaken-instructions"
PROGRAM = ROOT / "target" / "release" / PACKAGE
#: More than this is a failure: 5 %.
TOLERANCE = 1.05
#: Fewer by as much are told, so that they are stored.
IMPROVED = 0.95
FEW, MANY = "02", "12"
#: What later processors have, and valgrind or another machine may not.
NO_VARIANTS = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2"


class CannotCount(Exception):
    """There is no program that counts, or none that can be counted; the message says what to do."""


class Counts(TypedDict):
    """What is stored."""

    #: Versions by tool: what the counts depend on.
    made_with: dict[str, str]
    #: Instructions by operation.
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """One operation, before and now. An operation that is new has no count before, one that is gone none now."""

    name: str
    before: int | None
    now: int | None

    @property
    def ratio(self) -> float | None:
        """Instructions now for one before."""
        return self.now / self.before if self.now and self.before else None

    @property
    def is_worse(self) -> bool:
        """Whether it takes too many more, or is stored and not measured, or measured and not stored."""
        return self.ratio is None or self.ratio > TOLERANCE

    @property
    def is_better(self) -> bool:
        """Whether it takes so many fewer that they should be stored."""
        return self.ratio is not None and self.ratio < IMPROVED


def main(
    store: Annotated[
        bool, typer.Option("--store", help="Store the counts instead of comparing them.")
    ] = False,
    json_output: Annotated[Path | None, typer.Option(help="Write the counts to this file.")] = None,
) -> None:
    """Count the instructions of core operations; fail if one takes over 5 % more than is stored."""
    console = open_console()
    if platform.system() != "Linux":
        console.print("Instructions are counted on Linux only: valgrind does not run here.")
        return
    try:
        counted = Counts(made_with=find_tools(), counts=count_all())
    except CannotCount as error:
        Console(stderr=True).print(f"[red]Instructions were not counted[/red]: {error}", soft_wrap=True)
        raise typer.Exit(1) from error
    if json_output:
        json_output.write_text(json.dumps(counted, indent=2) + "\n")
    if store:
        STORED.write_text(json.dumps(counted, indent=2) + "\n")
        console.print(f"Stored in {STORED.relative_to(ROOT)}.")
        return
    raise typer.Exit(report(json.loads(STORED.read_text()), counted, console))


def report(stored: Counts, counted: Counts, console: Console) -> int:
    """Print what changed, and return the status to exit with."""
    changes = compare(stored["counts"], counted["counts"])
    worse = [change for change in changes if change.is_worse]
    better = [change for change in changes if change.is_better]
    if worse or better:
        console.print(table_of([*worse, *better]))
    elsewhere = [
        f"{tool} {stored['made_with'].get(tool)} there, {version} here"
        for tool, version in counted["made_with"].items()
        if stored["made_with"].get(tool) != version
    ]
    if elsewhere:
        console.print(
            f"The stored counts were made elsewhere, so none of this fails: {'; '.join(elsewhere)}."
        )
        return 0
    if worse:
        console.print(
            f"{len(worse)} of {len(changes)} operations changed for the worse. If that is what it takes, store the "
            "new counts with `make bench-instructions`, and say why in the commit."
        )
        return 1
    if better:
        console.print("Store the lower counts with `make bench-instructions`, so that they are kept.")
    console.print(f"{len(changes)} operations take at most 5 % more instructions than stored.")
    return 0


def compare(stored: dict[str, int], counted: dict[str, int]) -> list[Change]:
    """Return each operation that is stored or counted."""
    names = dict.fromkeys([*counted, *stored])
    return [Change(name, stored.get(name), counted.get(name)) for name in names]


def table_of(changes: list[Change]) -> Table:
    table = Table("operation", title="Instructions that changed")
    for column in ("stored", "now", "ratio"):
        table.add_column(column, justify="right")
    for change in changes:
        ratio = "" if change.ratio is None else f"{change.ratio:.3f}"
        style = "red" if change.is_worse else "green"
        counts = ["none" if count is None else f"{count:,}" for count in (change.before, change.now)]
        table.add_row(change.name, *counts, ratio, style=style)
    return table


def count_all() -> dict[str, int]:
    """Build the operations, and return the instructions of one repetition of each.

    Raises:
        CannotCount: valgrind is missing, or the program does not build.
    """
    command = [
        "cargo",
        "build",
        "--release",
        "--quiet",
        "--package",
        PACKAGE,
        "--target-dir",
        str(ROOT / "target"),
    ]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise CannotCount(f"`{' '.join(command)}` failed")
    names = subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.splitlines()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        few = pool.map(lambda name: count(name, FEW), names)
        many = pool.map(lambda name: count(name, MANY), names)
        repetitions = int(MANY) - int(FEW)
        return {
            name: round((more - less) / repetitions)
            for name, less, more in zip(names, few, many, strict=True)
        }


def count(name: str, repetitions: str) -> int:
    """Return all instructions of a process that repeats an operation.

    Raises:
        CannotCount: the process failed; the message has its output.
    """
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise CannotCount(
            "there is no valgrind; install it, on Debian and Ubuntu with `apt-get install valgrind`"
        )
    # Arguments and environment are on the stack, so their sizes decide how the rest is aligned.
    finished = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", f"./{PACKAGE}", name, repetitions],
        cwd=PROGRAM.parent,
        env={"GLIBC_TUNABLES": NO_VARIANTS},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Collected : (\d+)", finished.stderr)
    if finished.returncode != 0 or found is None:
        raise CannotCount(f"{name!r} failed under valgrind: {finished.stderr.strip()[-2000:]}")
    return int(found[1])


def find_tools() -> dict[str, str]:
    """Return what the counts depend on."""
    rustc = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    facts = dict(line.split(": ", 1) for line in rustc.splitlines() if ": " in line)
    return {"rustc": facts["release"], "host": facts["host"], "libc": "-".join(platform.libc_ver())}


if __name__ == "__main__":
    typer.run(main)
