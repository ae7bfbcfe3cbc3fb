"""Each node signs with its own key, so an endpoint has to know the keys of all."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cluster.callers import Callers
from tests.cluster.conftest import APP
from tests.cluster.nodes import NODES, Cluster
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.processes import free_port
from tests.e2e.waiting import eventually
from tests.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(180)]


@contextmanager
def serving(directory: Path, port: int, signers: Sequence[Signer]) -> Iterator[EndpointProcess]:
    """Serve with the public keys of these signers."""
    options = [option for signer in signers for option in ("--identity-key", signer.public_key)]
    endpoint = EndpointProcess(directory, APP, *options, port=port)
    endpoint.start()
    try:
        yield endpoint
    finally:
        endpoint.kill()


def test_endpoint_refuses_the_node_whose_key_it_does_not_know(tmp_path: Path) -> None:
    signers = [Signer() for _ in range(NODES)]
    port = free_port()
    with Cluster(tmp_path, signers) as cluster, closing(Callers(cluster)) as callers:
        stranger = cluster.leader(0)
        known = [node for node in cluster.nodes if node is not stranger]
        with Client(known[0].ingress_url, known[0].admin_url) as client:
            with serving(tmp_path, port, [signers[cluster.nodes.index(node)] for node in known]) as endpoint:
                client.register(endpoint.url, use_http_11=False)
                sent: list[str] = []

                def refusal() -> str:
                    """Add to one counter more; it is in any partition, and any node may lead that."""
                    sent.append(client.send(f"Counter/{len(sent)}/add", 1))
                    rows = client.query(
                        "SELECT last_failure FROM sys_invocation WHERE last_failure IS NOT NULL"
                    )
                    # Others may have failed because their leader had not heard of the deployment yet.
                    return next((row["last_failure"] for row in rows if "401" in row["last_failure"]), "")

                eventually(refusal, within=60, what="an invocation that was refused")
            with serving(tmp_path, port, signers):
                totals = [callers.attach(invocation) for invocation in sent]

    assert totals == [1] * len(sent)
