"""Moves invocations from one SDK to the other: the process that began them dies, another continues at its address."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awaken.client import create_sync_client

from tests.compat.services.codec import Reversing
from tests.compat.serving import Serving
from tests.e2e.effects import Effects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from awaken.client import SyncRestateClient

    from tests.e2e.ingress import Client

#: Handlers, and how to open the gate of each: with a value, by a signal, by a promise, or by time alone.
VALUE = {"passed": ["ü", None]}
HANDLERS = {
    "Journey/chance": "resolve",
    "Journey/clock": "resolve",
    "Journey/actions": "resolve",
    "Journey/asleep": "time",
    "Journey/answered": "resolve",
    "Journey/caller": "resolve",
    "Journey/at_call_time": "resolve",
    "Journey/combined": "resolve",
    "Journey/signalled": "signal",
    "Journey/own_awakeable": "resolve",
    "Keeper/key/keep": "resolve",
    "LazyKeeper/key/keep": "resolve",
    "Saga/key/run": "promise",
}


@dataclass
class Traveller:
    """One invocation of the application, at its gate."""

    target: str
    invocation_id: str
    effects: Effects
    answer: Any = field(default=None)

    @property
    def gate(self) -> str:
        return self.effects.wait_for_one("gate")


class Journey:
    """Runs all handlers up to their gates under one SDK, and on from there under another.

    Args:
        client: a client of the runtime.
        app: `app`, or `sealed` with a codec.
        prefix: prefix of the services; each journey has its own.
        directory: where logs and effects are stored.
    """

    def __init__(self, client: Client, app: str, prefix: str, directory: Path) -> None:
        self._client = client
        self._app = f"tests.compat.app:{app}"
        self._codec = Reversing() if app == "sealed" else None
        self.prefix = prefix
        self.directory = directory
        self.travellers: dict[str, Traveller] = {}
        self.protocol_versions: set[int] = set()

    def travel(self, first: str, second: str) -> None:
        """Begin everything under one SDK and end it under the other."""
        before = Serving(first, self.prefix, self.directory, self._app)
        after = Serving(second, self.prefix, self.directory, self._app, before.port)
        try:
            before.start()
            self._client.register(before.url, use_http_11=False)
            self._begin()
            before.kill()
            after.start()
            self._end()
        finally:
            before.kill()
            after.kill()

    def _begin(self) -> None:
        for caller in self._callers():
            for target in HANDLERS:
                effects = Effects(self.directory / target.replace("/", "-"))
                invocation_id = self._send(caller, target, effects.path)
                self.travellers[target] = Traveller(target, invocation_id, effects)
        for traveller in self.travellers.values():
            traveller.effects.wait_for("gate")
        # The gates' effects are stored, and each handler only has to reach the wait that follows.
        for traveller in self.travellers.values():
            self._client.wait_for_status(traveller.invocation_id, ["running", "suspended"])
            assert not self._client.is_completed(traveller.invocation_id), traveller.target

    def _end(self) -> None:
        for caller in self._callers():
            for target, how in HANDLERS.items():
                traveller = self.travellers[target]
                # Do not wait for a pending retry, which exists if the runtime tried while no process was listening.
                self._client.admin.patch(f"/invocations/{traveller.invocation_id}/resume")
                if how == "resolve":
                    value = {"name": "top", "height": 5} if target == "Journey/answered" else VALUE
                    caller.awakeable(traveller.gate).resolve(value)
                elif how == "signal":
                    self._send(caller, "Journey/signal", traveller.gate)
                elif how == "promise":
                    self._send(caller, "Saga/key/finish", 7)
            for traveller in self.travellers.values():
                traveller.answer = caller.attach(traveller.invocation_id)
        self.protocol_versions = {
            self._client.invocation(traveller.invocation_id)["pinned_service_protocol_version"]
            for traveller in self.travellers.values()
        }

    def _callers(self) -> Iterator[SyncRestateClient]:
        with create_sync_client(
            str(self._client.ingress.base_url), journal_value_codec=self._codec
        ) as caller:
            yield caller

    def _send(self, caller: SyncRestateClient, target: str, argument: Any) -> str:
        service, *key, handler = target.split("/")
        body = json.dumps(argument).encode()
        handle = caller.generic_send(self.prefix + service, handler, body, key[0] if key else None)
        return handle.invocation_id
