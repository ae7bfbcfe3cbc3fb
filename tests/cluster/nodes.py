"""Three Restate servers on the loopback interface that form one cluster."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
import psutil

from scripts.install_tools import install_restatectl, install_server
from tests.cluster.page import node_settings
from tests.e2e.processes import Process, free_port
from tests.e2e.server import BASE_SETTINGS
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.signing import Signer

NODES: Final = 3
#: Each partition runs on that many nodes, one of which leads it.
REPLICAS: Final = 2
PARTITIONS: Final = int(BASE_SETTINGS["RESTATE_DEFAULT_NUM_PARTITIONS"])
#: A cluster needs about 10 s to start, and 15 s to use a node again that was killed; more on a busy machine.
WHOLE_TIMEOUT_S: Final = 90
CONTROL_TIMEOUT_S: Final = 20
STOP_TIMEOUT_S: Final = 60

SETTINGS: Final = {**BASE_SETTINGS, "RESTATE_LOG_FILTER": "warn,restate_admin=error"}


@dataclass(frozen=True)
class Ports:
    """The ports of a node."""

    fabric: int
    ingress: int
    admin: int


class Node:
    """A `restate-server` process; it keeps its ports and its directory when it starts again."""

    def __init__(self, number: int, ports: Sequence[Ports], directory: Path, key: Signer) -> None:
        own = ports[number - 1]
        home = directory / f"node-{number}"
        self._temporary = home / "temporary"  # the server stores large values here
        self._temporary.mkdir(parents=True)
        configuration = home / "node.toml"
        configuration.write_text(node_settings(number, [f"127.0.0.1:{one.fabric}" for one in ports]))
        key.write(home / "identity.pem")
        self.name = f"node-{number}"
        self.ingress_url = f"http://127.0.0.1:{own.ingress}"
        self.admin_url = f"http://127.0.0.1:{own.admin}"
        self.fabric_url = f"http://127.0.0.1:{own.fabric}"
        #: Whether it was neither killed nor frozen.
        self.is_up = False
        self._process = Process(
            [str(install_server()), "--no-logo", "--config-file", str(configuration)],
            log=directory / f"node-{number}.log",
            cwd=home,
            env={
                **SETTINGS,
                "TMPDIR": str(self._temporary),
                "RESTATE_BASE_DIR": str(home / "data"),
                "RESTATE_BIND_PORT": str(own.fabric),
                "RESTATE_INGRESS__BIND_PORT": str(own.ingress),
                "RESTATE_ADMIN__BIND_PORT": str(own.admin),
            },
        )

    @property
    def log(self) -> str:
        return self._process.log

    def start(self) -> None:
        """Start without waiting: a node is of use only when another one is there."""
        self._process.start()
        self.is_up = True

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self.is_up = False
        self._process.kill()

    def stop(self) -> None:
        """Stop it in an orderly way."""
        self.is_up = False
        self._process.stop(within=STOP_TIMEOUT_S)

    def freeze(self) -> None:
        """Stop it without closing its connections, as a lost network would."""
        self.is_up = False
        psutil.Process(self._process.pid).send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it continue where it was frozen."""
        psutil.Process(self._process.pid).send_signal(signal.SIGCONT)
        self.is_up = True

    def is_answering(self) -> bool:
        """Return whether it answers questions that every partition has to answer."""
        if not self._process.is_alive():
            raise RuntimeError(f"{self.name} ended:\n{self.log[-4000:]}")
        try:
            answer = httpx.post(
                f"{self.admin_url}/query",
                json={"query": "SELECT count(1) AS n FROM sys_invocation"},
                headers={"accept": "application/json"},
            )
        except httpx.TransportError:
            return False
        return answer.is_success


class Cluster:
    """The nodes, and what `restatectl` says about them.

    Args:
        directory: for the nodes' data and output.
        keys: with which each node signs its requests to endpoints.
    """

    def __init__(self, directory: Path, keys: Sequence[Signer]) -> None:
        ports = [Ports(free_port(), free_port(), free_port()) for _ in keys]
        self.nodes = [Node(number, ports, directory, key) for number, key in enumerate(keys, 1)]

    def __enter__(self) -> Self:
        try:
            for node in self.nodes:
                node.start()
            self.wait_until_whole()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    @property
    def living(self) -> list[Node]:
        """The nodes that were neither killed nor frozen."""
        return [node for node in self.nodes if node.is_up]

    def leader(self, partition: int) -> Node:
        """Return the node that leads a partition, once there is one."""
        # The ids that the server gives to nodes follow the order in which they joined.
        question = (
            "SELECT nodes.name FROM partitions JOIN nodes ON leader_plain_node_id = plain_node_id "
            f"WHERE partition_id = {partition}"
        )
        rows = eventually(
            lambda: self.ask(question), within=WHOLE_TIMEOUT_S, what=f"a leader of partition {partition}"
        )
        return next(node for node in self.nodes if node.name == rows[0]["name"])

    def wait_until_whole(self) -> None:
        """Wait until every node answers, and every partition has its leader and its followers on living nodes."""
        eventually(self._is_whole, within=WHOLE_TIMEOUT_S, what="the cluster's readiness")

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question about the cluster; empty if no node can tell."""
        addresses = ",".join(node.fabric_url for node in self.living)
        try:
            asked = subprocess.run(
                [install_restatectl(), "sql", "--json", "--address", addresses, sql],
                capture_output=True,
                text=True,
                timeout=CONTROL_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:  # it asks all nodes that there are, frozen ones as well
            return []
        rows: list[dict[str, Any]] = json.loads(asked.stdout) if asked.returncode == 0 else []
        return rows

    def _is_whole(self) -> bool:
        alive = {
            row["gen_node_id"] for row in self.ask("SELECT gen_node_id FROM nodes WHERE state = 'alive'")
        }
        replicas = [
            row
            for row in self.ask("SELECT * FROM partition_state")
            if row["gen_node_id"] in alive and row["replay_status"] == "active" and row.get("leader") in alive
        ]
        leaders = {row["partition_id"] for row in replicas if row["effective_mode"] == "Leader"}
        return (
            len(alive) == len(self.nodes)
            and len(leaders) == PARTITIONS
            and len(replicas) >= REPLICAS * PARTITIONS
            and all(node.is_answering() for node in self.nodes)
        )
