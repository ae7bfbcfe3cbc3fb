"""A gateway that knows two nodes goes on when one of them is gone, and so does a plain caller of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest
from awaken.control.client import connect_control_sync
from awaken.control.v1 import awakeables_pb2

from tests.cluster.gateway import gateway
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from awaken.control.client import SyncControlClient

    from tests.cluster.callers import Callers
    from tests.cluster.nodes import Cluster, Node
    from tests.e2e.effects import Effects

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(240)]

#: Enough that every partition has some.
WORKFLOWS = 60
#: What a client of gRPC repeats by itself, if it is told to.
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
WAIT_S = 60


class Watch:
    """Follows a stream of events in a thread of its own."""

    def __init__(self, control: SyncControlClient) -> None:
        self._stream = control.awakeables.Watch(awakeables_pb2.WatchAwakeablesRequest(service="Shelved"))
        self.added: set[str] = set()
        self.removed: set[str] = set()
        self.error: grpc.RpcError | None = None
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        kinds = awakeables_pb2.AwakeableEvent
        try:
            for event in self._stream:
                if event.kind == kinds.KIND_PENDING:
                    self.added.add(event.awakeable.id)
                elif event.kind == kinds.KIND_GONE:
                    self.removed.add(event.awakeable.id)
        except grpc.RpcError as error:
            self.error = error

    def left(self, ids: Collection[str]) -> set[str]:
        """Return those of which the stream has not said that they are gone."""
        if self.error is not None:
            raise self.error
        return set(ids) - self.removed

    def close(self) -> None:
        self._stream.cancel()
        self._thread.join()


@pytest.mark.parametrize("lost", [0, 1])
def test_gateway_goes_on_when_a_node_is_gone(
    cluster: Cluster, callers: Callers, effects: Effects, tmp_path: Path, lost: int
) -> None:
    known = cluster.nodes[:2]
    keys = [f"gateway-{lost}-{number}" for number in range(WORKFLOWS)]
    with (
        gateway(known, tmp_path) as address,
        connect_control_sync(address) as control,
        ThreadPoolExecutor(16) as pool,
    ):
        watch = Watch(control)
        try:
            for key in keys:
                callers.start(f"Shelved/{key}", {"effects": effects.path, "counter": key, "pause_ms": 0})
            waiting = dict(line.split() for line in effects.wait_for("id", WORKFLOWS))
            eventually(lambda: watch.added >= set(waiting.values()), what="all waits in the watch")
            eventually(
                lambda: {one.id for one in control.pending_awakeables("Shelved")},
                lambda pending: pending >= set(waiting.values()),
                what="all waits in the gateway's list",
            )
            known[lost].kill()
            outcomes = [pool.submit(_resolve, control, waiting[key], f'"told {key}"') for key in keys[1:]]
            outcomes.append(pool.submit(_resolve_by_command, known, waiting[keys[0]], f"told {keys[0]}"))
            counts = [
                pool.submit(
                    control.invoke,
                    "Counter",
                    "add",
                    b"1",
                    key=f"{key} called",
                    idempotency_key=key,
                    timeout=WAIT_S,
                )
                for key in keys
            ]
            resolved = {future.result() for future in outcomes}
            counted = {future.result().value for future in counts}
            eventually(
                lambda: [one.id for one in control.pending_awakeables("Shelved")],
                lambda pending: not set(pending) & set(waiting.values()),
                within=WAIT_S,
                what="the end of all waits in the gateway's list",
            )
            eventually(
                lambda: watch.left(waiting.values()),
                lambda left: not left,
                within=WAIT_S,
                what="all ends in the watch",
            )
        finally:
            watch.close()
            known[lost].kill()
            known[lost].start()
            cluster.wait_until_whole()

    results = {key: callers.result(f"Shelved/{key}")["told"] for key in keys}
    assert results == {key: f"told {key}" for key in keys}
    assert resolved <= {"applied", "already"}
    assert counted == {b"1"}
    assert watch.error is not None
    assert watch.error.code() == grpc.StatusCode.CANCELLED, watch.error


def _resolve_by_command(nodes: Sequence[Node], awakeable_id: str, text: str) -> str:
    """Resolve an awakeable with the command, which takes the same addresses."""
    urls = {
        "AWAKEN_INGRESS": ",".join(node.ingress_url for node in nodes),
        "AWAKEN_ADMIN": ",".join(node.admin_url for node in nodes),
    }
    command = [sys.executable, "-m", "awaken.cli", "resolve", awakeable_id, "--text", text, "--json-output"]
    done = subprocess.run(
        command, env=os.environ | urls, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    return str(json.loads(done.stdout)["outcome"]) if done.returncode == 0 else done.stderr


def _resolve(control: SyncControlClient, awakeable_id: str, value: str) -> str:
    """Resolve an awakeable, again if the gateway says that this may be tried again."""
    codes: list[grpc.StatusCode] = []
    while True:
        try:
            control.resolve(awakeable_id, value.encode(), timeout=WAIT_S)
        except grpc.RpcError as error:
            codes.append(error.code())
            if codes[-1] == grpc.StatusCode.ALREADY_EXISTS:
                return "already"
            if codes[-1] is not UNAVAILABLE:
                return f"{codes}: {error.details()}"
        else:
            return "applied"
