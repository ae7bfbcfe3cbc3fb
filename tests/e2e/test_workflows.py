"""A workflow runs once per key and waits for promises, which others complete by name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.e2e.ingress import InvocationFailed
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane


@pytest.fixture
def workflow() -> str:
    """The path of a workflow that never ran."""
    return f"Signing/{uuid4().hex}"


def test_run_goes_on_with_the_value_of_the_promise(lane: Lane, workflow: str) -> None:
    client = lane.client
    invocation = client.send(f"{workflow}/run", "contract")
    client.wait_for_status(invocation, lane.waiting)
    # An attempt that is kept open is running from its first moment on; the state is there a moment later.
    before = eventually(
        lambda: client.call(f"{workflow}/look"), lambda seen: seen[0] is not None, what="the document"
    )

    client.call(f"{workflow}/decide", "yes")

    assert before == ["contract", None]
    assert client.attach(invocation) == {
        "document": "contract",
        "decision": "yes",
        "key": workflow.partition("/")[2],
    }
    assert client.call(f"{workflow}/look") == ["contract", "yes"]


def test_rejected_promise_raises_in_run_and_in_peek(client: Client, workflow: str) -> None:
    invocation = client.send(f"{workflow}/run", "contract")

    client.call(f"{workflow}/refuse", "never")

    assert client.attach(invocation) == {"document": "contract", "refused": "never"}
    assert client.failure(client.send(f"{workflow}/look")).message == "never"


def test_promise_resolved_before_run_is_there_when_it_starts(client: Client, workflow: str) -> None:
    client.call(f"{workflow}/decide", "early")

    assert client.call(f"{workflow}/run", "contract")["decision"] == "early"


def test_promise_completes_once(client: Client, workflow: str) -> None:
    client.call(f"{workflow}/decide", "yes")

    with pytest.raises(InvocationFailed) as failed:
        client.call(f"{workflow}/decide", "no")

    assert failed.value.code == 409
    assert client.call(f"{workflow}/look") == [None, "yes"]


def test_run_happens_once_per_key(client: Client, workflow: str) -> None:
    client.call(f"{workflow}/decide", "yes")
    client.call(f"{workflow}/run", "contract")

    with pytest.raises(InvocationFailed) as failed:
        client.call(f"{workflow}/run", "contract")

    assert failed.value.code == 409


def test_handler_starts_feeds_and_awaits_a_workflow(client: Client) -> None:
    key = uuid4().hex

    assert client.call("Desk/sign", key) == {"document": "contract", "decision": "yes", "key": key}
