"""The application in a process, under one SDK, on one runtime."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from tests.compat.serving import Serving
from tests.e2e.effects import Effects
from tests.e2e.ingress import Client
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import Runtime

APP = "tests.unchanged.agents.pydantic.shapes:app"


@dataclass(frozen=True)
class Side:
    """What a test does with it."""

    serving: Serving
    client: Client
    directory: Path
    numbers: Iterator[int]

    def begin(self, target: str) -> tuple[str, Effects]:
        """Start a handler, and return its invocation and what it does outside."""
        effects = Effects(self.directory / f"{target.replace('/', '-')}-{next(self.numbers)}")
        return self.client.send(f"{self.serving.prefix}{target}", effects.path), effects

    def commands(self, invocation_id: str) -> list[tuple[str, str]]:
        """Return type and name of each command, in order: what a replay compares."""
        return [entry for entry in self._entries(invocation_id) if entry[0].startswith("Command")]

    def gate_of(self, invocation_id: str, effects: Effects) -> str:
        """Wait for the awakeable of a handler, and until the journal has the results of all runs before it."""
        gate = effects.wait_for_one("gate")

        def has_all_results() -> bool:
            types = [entry_type for entry_type, _ in self._entries(invocation_id)]
            return types.count("Command: Run") == types.count("Notification: Run")

        eventually(has_all_results, what=f"the results of all runs of {invocation_id}")
        return gate

    def _entries(self, invocation_id: str) -> list[tuple[str, str]]:
        rows = self.client.query(
            f"SELECT entry_type, name FROM sys_journal WHERE id = '{invocation_id}' ORDER BY index"
        )
        return [(row["entry_type"], row.get("name") or "") for row in rows]


@contextmanager
def serve(sdk: str, prefix: str, runtime: Runtime, directory: Path) -> Iterator[Side]:
    """Serve and register the application."""
    serving = Serving(sdk, prefix, directory, APP)
    with Client(runtime.ingress_url, runtime.admin_url) as client:
        try:
            serving.start()
            client.register(serving.url, use_http_11=False)
            yield Side(serving, client, directory, count())
        finally:
            serving.kill()
