"""What the scenarios of the programs do: call, wait, look at journals, on keys of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.ingress import InvocationFailed
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.e2e.ingress import Client


class Caller:
    """A caller of programs under one SDK, whose keys nobody else uses.

    Args:
        client: of the runtime.
        prefix: of the keys.
    """

    def __init__(self, client: Client, prefix: str) -> None:
        self.client = client
        self._prefix = prefix
        #: The journals to compare: type and name of the commands, in order.
        self.commands: list[list[str]] = []

    def key(self, name: str) -> str:
        """Return a key of our own."""
        return f"{self._prefix}-{name}"

    def ask(self, target: str, argument: Any = ..., *, headers: Mapping[str, str] | None = None) -> Any:
        """Call a handler, and return its answer or its failure; keep its commands."""
        service, *key, handler = target.split("/")
        path = "/".join([service, *map(self.key, key), handler])
        return self.answer(self.client.send(path, argument, headers=headers))

    def send(self, target: str, argument: Any = ...) -> str:
        """Start an invocation."""
        service, *key, handler = target.split("/")
        return self.client.send("/".join([service, *map(self.key, key), handler]), argument)

    def answer(self, invocation_id: str) -> Any:
        """Wait for the end of an invocation, and return its answer or its failure; keep its commands."""
        try:
            answered = self.client.attach(invocation_id)
        except InvocationFailed as failed:
            answered = {"failed": failed.code, "with": failed.message}
        rows = self.client.query(
            f"SELECT entry_type, name FROM sys_journal WHERE id = '{invocation_id}' ORDER BY index"
        )
        self.commands.append(
            [
                f"{row['entry_type'].removeprefix('Command: ')} {row.get('name', '')}".strip()
                for row in rows
                if row["entry_type"].startswith("Command")
            ]
        )
        return answered

    def until(self, probe: Callable[[], Any], accept: Callable[[Any], bool] = bool) -> Any:
        """Ask until the answer is right; the journals of these questions are not kept."""
        kept = len(self.commands)
        try:
            return eventually(probe, accept)
        finally:
            del self.commands[kept:]
