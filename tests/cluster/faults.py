"""What goes wrong in a round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import psutil

from tests.cluster.nodes import PARTITIONS
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.cluster.nodes import Cluster, Node
    from tests.e2e.endpoint import EndpointProcess

#: A node that is gone that long has lost its partitions to others, which takes them about 5 s.
ABSENCE_S: Final = (0.0, 8.0)


class Faults:
    """Does harm to a cluster and to an endpoint, and repairs it."""

    def __init__(self, cluster: Cluster, endpoint: EndpointProcess, chance: Random) -> None:
        self._cluster = cluster
        self._endpoint = endpoint
        self._chance = chance
        self._kinds: dict[str, Callable[[], str]] = {
            "leader": self._kill_leader,
            "endpoint": self._kill_endpoint,
            "node": self._kill_node,
            "worker": self._kill_worker,
            "freeze": self._freeze_leader,
        }

    def plan(self, rounds: int) -> list[str]:
        """Return a kind for each round: all of them, equally often, in any order; the first ones if rounds are few."""
        kinds = list(self._kinds)
        plan = [kinds[number % len(kinds)] for number in range(rounds)]
        self._chance.shuffle(plan)
        return plan

    def happen(self, kind: str) -> str:
        """Let it happen, and return what it was when everything is whole again."""
        began = time.monotonic()
        what = self._kinds[kind]()
        return f"{what}; whole again after {time.monotonic() - began:.1f} s"

    def _kill_leader(self) -> str:
        partition = self._chance.randrange(PARTITIONS)
        return f"killed the leader of partition {partition}, {self._lose(self._cluster.leader(partition))}"

    def _kill_node(self) -> str:
        return f"killed {self._lose(self._chance.choice(self._cluster.nodes))}"

    def _lose(self, node: Node) -> str:
        absence = self._chance.uniform(*ABSENCE_S)
        node.kill()
        time.sleep(absence)  # no condition: it may return at any moment
        node.start()
        self._cluster.wait_until_whole()
        return f"{node.name} for {absence:.1f} s"

    def _freeze_leader(self) -> str:
        """Let the others take over from a node that goes on where it was: two nodes invoke at once."""
        partition = self._chance.randrange(PARTITIONS)
        node = self._cluster.leader(partition)
        node.freeze()
        try:
            eventually(
                lambda: self._cluster.leader(partition),
                lambda leader: leader is not node,
                within=60,
                what=f"another leader of partition {partition}",
            )
        finally:
            node.thaw()
        self._cluster.wait_until_whole()
        return f"froze the leader of partition {partition}, {node.name}"

    def _kill_endpoint(self) -> str:
        workers = self._workers()
        self._endpoint.kill()
        psutil.wait_procs(workers, timeout=10)  # until then, the port is taken
        self._endpoint.start()
        return "killed the endpoint"

    def _kill_worker(self) -> str:
        worker = self._chance.choice(self._workers())
        worker.kill()
        eventually(
            self._workers,
            lambda workers: worker not in workers and len(workers) > 1,
            what=f"a successor of worker {worker.pid}",
        )
        return "killed a worker"

    def _workers(self) -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process(self._endpoint.pid).children()
            if child.status() != psutil.STATUS_ZOMBIE
        ]
