"""The embedded runtime with endpoints of the official SDKs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.ingress import Client
from tests.peers.endpoints import KINDS, PeerEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Pair:
    """A runtime with an endpoint registered."""

    runtime: EmbeddedRuntime
    endpoint: PeerEndpoint
    client: Client


#: An attempt that waits stays open, or suspends at once.
WAYS_TO_WAIT = {"open": {}, "suspending": {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}}


@pytest.fixture(scope="module", params=[f"{kind}-{wait}" for kind in KINDS for wait in WAYS_TO_WAIT])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    name, _, wait = str(request.param).rpartition("-")
    directory = tmp_path_factory.mktemp("pair")
    runtime = EmbeddedRuntime(directory, WAYS_TO_WAIT[wait])
    endpoint = PeerEndpoint(KINDS[name], directory)
    try:
        runtime.start()
        endpoint.start()
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(endpoint.url, use_http_11=KINDS[name].use_http_11)
            yield Pair(runtime, endpoint, client)
    finally:
        endpoint.kill()
        runtime.kill()


@pytest.fixture
def key() -> str:
    """Return a key that no other test uses."""
    return uuid.uuid4().hex
