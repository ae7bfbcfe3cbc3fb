"""A tool waits for a person while its endpoint is killed; the next one may be of the other SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.waiting import eventually
from tests.unchanged.agents.adk.conftest import MOVED, NAMES

if TYPE_CHECKING:
    from tests.e2e.ingress import Client
    from tests.unchanged.agents.adk.conftest import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


def wait_for_approval(clients: list[Client], served: Served, name: str) -> list[tuple[Client, str, str]]:
    """Have an agent ask a person on each runtime; return client, invocation and awakeable."""
    waiting = []
    for client in clients:
        invocation = client.send(f"{name}/killed/ask", {"agent": "approval"})
        awakeable = served.awakeable()
        eventually(lambda: client.journal(invocation).count("Notification: Run") == 2, what="the question")  # noqa: B023
        waiting.append((client, invocation, awakeable))
    return waiting


def approval_calls(served: Served) -> list[int]:
    """Return the numbers of the answers that the model gave."""
    return [call[2] for call in served.calls if call[:2] == ["model", "agent"]]


def test_no_model_is_asked_twice_after_a_kill(clients: list[Client], programs: dict[str, Served]) -> None:
    served = programs["awaken"]
    before = len(approval_calls(served))
    waiting = wait_for_approval(clients, served, NAMES["awaken"])

    served.endpoint.kill()
    for client, _, awakeable in waiting:
        client.resolve(awakeable, b'"yes"')
    served.endpoint.start()

    for client, invocation, _ in waiting:
        assert client.attach(invocation) == "Decided."
        assert client.call(f"{NAMES['awaken']}/killed/ask", {"agent": "basic"}) == "hello"
    assert sorted(approval_calls(served)[before:]) == [0, 0, 0, 0, 1, 1]


def test_what_began_with_the_official_sdk_ends_with_this_one(
    clients: list[Client], programs: dict[str, Served]
) -> None:
    official, ours = programs["restate"], programs["awaken"]
    before = len(approval_calls(official)), len(approval_calls(ours))
    waiting = wait_for_approval(clients, official, MOVED)
    official.endpoint.kill()
    for (client, _, _), deployment in zip(waiting, official.deployments, strict=True):
        client.move(deployment, ours.url)

    try:
        for client, invocation, awakeable in waiting:
            client.resolve(awakeable, b'"yes"')
            assert client.attach(invocation) == "Decided."
            session = client.query(
                f"SELECT value_utf8 FROM state WHERE service_name = '{MOVED}' AND key = 'session_store::chat'"
            )
            assert '"response":{"result":"300: yes"}' in session[0]["value_utf8"]
        assert approval_calls(official)[before[0] :] == [0, 0]
        assert approval_calls(ours)[before[1] :] == [1, 1]
    finally:
        official.endpoint.start()
        official.wait()
        for (client, _, _), deployment in zip(waiting, official.deployments, strict=True):
            client.move(deployment, official.url)
