"""Deploys of endpoints and of nodes, on purpose and in order, while workflows wait in every partition."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cluster.conftest import APP
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.callers import Callers
    from tests.cluster.nodes import Cluster
    from tests.e2e.effects import Effects
    from tests.signing import Signer

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(180)]

#: Enough that every partition has some.
WORKFLOWS = 40


def test_endpoint_moves_to_another_address_for_all_nodes(
    cluster: Cluster,
    endpoint: EndpointProcess,
    callers: Callers,
    effects: Effects,
    signer: Signer,
    tmp_path: Path,
) -> None:
    waiting = _start(callers, effects, "move")
    first, last = cluster.nodes[0], cluster.nodes[-1]
    known = httpx.get(f"{last.admin_url}/deployments").json()["deployments"]
    (deployment,) = (one for one in known if one["uri"] == f"{endpoint.url}/")
    next_one = EndpointProcess(tmp_path, APP, "--identity-key", signer.public_key)
    next_one.start()
    try:
        with Client(first.ingress_url, first.admin_url) as client:
            client.move(deployment["id"], next_one.url)
            exit_code = endpoint.stop()

            results = _finish(callers, waiting)
    finally:
        endpoint.start()
        with Client(last.ingress_url, last.admin_url) as client:
            client.move(deployment["id"], endpoint.url)
        next_one.stop()

    assert exit_code == 0
    assert results == {key: f"told {key}" for key in waiting}


def test_endpoint_registers_with_a_node_that_is_there(
    cluster: Cluster, signer: Signer, tmp_path: Path
) -> None:
    gone, *others = cluster.nodes
    admins = ",".join(node.admin_url for node in cluster.nodes)
    gone.kill()
    endpoint = EndpointProcess(
        tmp_path, "tests.e2e.services.app:app", "--identity-key", signer.public_key, "--register", admins
    )
    try:
        endpoint.start()
        eventually(lambda: "awaken: registered" in endpoint.log, what="the registration")
        with Client(others[0].ingress_url, others[0].admin_url) as client:
            greeting = client.call("Greeter/greet", "cluster")
    finally:
        endpoint.kill()
        gone.start()
        cluster.wait_until_whole()

    assert greeting == "Hello cluster!"


def test_nodes_restart_one_by_one(cluster: Cluster, callers: Callers, effects: Effects) -> None:
    waiting = _start(callers, effects, "restart")

    for node in cluster.nodes:
        node.stop()
        node.start()
        cluster.wait_until_whole()
    results = _finish(callers, waiting)

    assert results == {key: f"told {key}" for key in waiting}


def _start(callers: Callers, effects: Effects, name: str) -> dict[str, str]:
    """Start workflows and wait until each has handed out its awakeable; return the ids by key."""
    keys = [f"{name}-{number}" for number in range(WORKFLOWS)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda key: callers.start(
                    f"Job/{key}", {"effects": effects.path, "counter": name, "pause_ms": 0}
                ),
                keys,
            )
        )
    return dict(line.split() for line in effects.wait_for("id", WORKFLOWS))


def _finish(callers: Callers, waiting: dict[str, str]) -> dict[str, str]:
    """Resolve the awakeables and return what each workflow was told."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: callers.resolve(waiting[key], f'"told {key}"'.encode()), waiting))
        return dict(
            zip(
                waiting, pool.map(lambda key: str(callers.result(f"Job/{key}")["told"]), waiting), strict=True
            )
        )
