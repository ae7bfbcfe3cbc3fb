"""Runs the load generator, against endpoints and ingresses: builds it once, and starts it for every round."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Held", "Load", "WrongAnswer", "build", "call", "hold", "run"]

CRATE = Path(__file__).parent / "peers" / "load"
PROGRAM = CRATE / "target" / "release" / "awaken-bench-load"


class WrongAnswer(Exception):
    """A response is not the one that the request requires, or is missing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the generator measured in one round."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    connections: int
    generator_cpu_seconds: float
    #: p50 of each request of an operation with several, and of what passes between them, in milliseconds, by name.
    steps_p50_ms: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Invocations, or operations of callers, per second."""
        return self.requests / self.seconds

    def values(self, *, cpu_seconds: float, machine_seconds: float) -> dict[str, float]:
        """Return what a round says by metric.

        Args:
            cpu_seconds: CPU time of what was measured, during the round.
            machine_seconds: CPU time of everything on this machine, likewise.
        """
        foreign = machine_seconds - cpu_seconds - self.generator_cpu_seconds
        return {
            "rate": self.rate,
            "cpu": cpu_seconds / self.requests * 1e6,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "operations": self.requests,
            "seconds": self.seconds,
            "generator_cpu": self.generator_cpu_seconds / self.requests * 1e6,
            "foreign_cpu_seconds": max(foreign, 0.0),
        }


class Held:
    """Open invocations, all of them waiting."""

    def __init__(self, process: subprocess.Popen[str], connections: int) -> None:
        self.connections = connections
        self._process = process

    def complete(self) -> Load:
        """Resolve all invocations and wait for their responses."""
        output, error = self._process.communicate("complete\n")
        return parse(self._process.returncode, output, error)


def build() -> None:
    """Compile the generator; fast if nothing has changed."""
    command = ["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", str(CRATE / "target")]
    subprocess.run(command, cwd=CRATE, check=True)


def run(address: str, scenario: str, *, seconds: float, connections: int, in_flight: int) -> Load:
    """Load an endpoint for one round.

    Raises:
        WrongAnswer: the endpoint's response is wrong; the message is the generator's reason.
    """
    command = [str(PROGRAM), address, scenario, "--seconds", str(seconds)]
    command += ["--connections", str(connections), "--in-flight", str(in_flight)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(finished.returncode, finished.stdout, finished.stderr)


def call(
    address: str,
    scenario: str,
    *,
    callers: int,
    seconds: float = 0.0,
    operations: int | None = None,
    size: int | None = None,
) -> Load:
    """Let callers use an ingress for some time, or for a number of operations.

    Raises:
        WrongAnswer: a response is wrong; the message is the generator's reason.
    """
    command = [str(PROGRAM), "ingress", address, scenario, "--callers", str(callers)]
    command += ["--seconds", str(seconds)] if operations is None else ["--operations", str(operations)]
    command += [] if size is None else ["--size", str(size)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(finished.returncode, finished.stdout, finished.stderr)


@contextmanager
def hold(address: str, count: int) -> Iterator[Held]:
    """Open `count` invocations that wait on an awakeable with their requests open."""
    command = [str(PROGRAM), address, "hold", "--hold", str(count)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise WrongAnswer(process.communicate()[1].strip())
        yield Held(process, json.loads(line)["connections"])


def parse(status: int, output: str, error: str) -> Load:
    """Read the line that the generator ends with."""
    if status != 0:
        raise WrongAnswer(error.strip() or f"the generator ended with status {status} and said nothing")
    line: dict[str, Any] = json.loads(output.splitlines()[-1])
    steps = {name: step["p50_ms"] for name, step in line.get("steps", {}).items()}
    return Load(**{name: line[name] for name in Load.__slots__ if name != "steps_p50_ms"}, steps_p50_ms=steps)
