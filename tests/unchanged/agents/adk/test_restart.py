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


@pytest.mark.parametrize(("before", "after"), [("restate", "awaken"), ("awaken", "restate")])
def test_what_began_with_one_sdk_ends_with_the_other(
    clients: list[Client], programs: dict[str, Served], before: str, after: str
) -> None:
    first, second, official = programs[before], programs[after], programs["restate"]
    counts = len(approval_calls(first)), len(approval_calls(second))
    move(clients, official, first)
    waiting = wait_for_approval(clients, first, MOVED)
    first.endpoint.kill()
    move(clients, official, second)

    try:
        for client, invocation, awakeable in waiting:
            client.resolve(awakeable, b'"yes"')
            assert client.attach(invocation) == "Decided."
            rows = client.query(
                f"SELECT value_utf8 FROM state WHERE service_name = '{MOVED}' AND key = 'session_store::chat'"
            )
            assert '"response":{"result":"300: yes"}' in rows[0]["value_utf8"]
        assert approval_calls(first)[counts[0] :] == [0, 0]
        assert approval_calls(second)[counts[1] :] == [1, 1]
    finally:
        first.endpoint.start()
        first.wait()
        move(clients, official, official)


def move(clients: list[Client], official: Served, place: Served) -> None:
    """Have the common object served at another place."""
    for client, deployment in zip(clients, official.deployments, strict=True):
        client.move(deployment, place.url)
