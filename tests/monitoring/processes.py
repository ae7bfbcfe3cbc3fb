"""`awaken` commands with `--metrics`, and what their numbers are."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 25
ANYWHERE = "127.0.0.1:0"


class Command:
    """One `awaken` command with `--metrics`, on ports that the system picks."""

    def __init__(
        self, directory: Path, name: str, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.facts: dict[str, Any] = {}
        self._name = name
        self._process = Process(
            [
                *(sys.executable, "-m", "awaken.cli", name, *options),
                *("--metrics", ANYWHERE, "--json-output"),
            ],
            log=directory / f"{name}.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1", **(environment or {})},
        )

    def start(self) -> None:
        """Start, and read where it serves."""
        seen = len(self._lines())
        self._process.start()

        def announced() -> bool:
            if not self._process.is_alive():
                raise RuntimeError(f"awaken {self._name} ended while starting:\n{self._process.log[-4000:]}")
            found = [json.loads(line) for line in self._lines()[seen:] if line.startswith("{")]
            self.facts = next((document for document in found if "pid" in document), {})
            return bool(self.facts)

        eventually(announced, within=START_TIMEOUT_S, what=f"the start of awaken {self._name}")

    def _lines(self) -> list[str]:
        try:
            return self._process.log.splitlines()
        except OSError:
            return []

    def stop(self) -> None:
        self._process.stop(within=STOP_TIMEOUT_S)

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        """Send SIGTERM and return at once."""
        self._process.terminate()

    def wait(self, *, within: float) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(within=within)

    def text(self) -> str:
        """Return what Prometheus would read."""
        return httpx.get(self["metrics"], timeout=20).text

    def __getitem__(self, fact: str) -> str:
        return str(self.facts[fact])

    def probe(self, path: str) -> tuple[int, str]:
        """Ask the port of the numbers for `/health` or `/ready`."""
        answer = httpx.get(self["metrics"].removesuffix("/metrics") + path)
        return answer.status_code, answer.json()["status"]

    def numbers(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Return the samples of a name, by their labels in the order of their names."""
        return {
            tuple(sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
            if sample.name == name
        }

    def number(self, name: str, **labels: str) -> float:
        """Return the sum of the samples that have these labels."""
        return sum(
            value for found, value in self.numbers(name).items() if labels.items() <= dict(found).items()
        )

    def await_number(self, name: str, value: float, **labels: str) -> None:
        """Wait until the samples that have these labels add up to a value."""
        eventually(
            lambda: self.number(name, **labels),
            lambda found: found == value,
            within=20,
            what=f"{name} {labels} to be {value}",
        )
