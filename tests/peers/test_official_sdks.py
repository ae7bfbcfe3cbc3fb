"""Applications of the official Python and TypeScript SDKs on the embedded runtime, over both HTTP versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.ingress import InvocationFailed
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.ingress import Client
    from tests.peers.conftest import Pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def awakeable_in(client: Client, box: str) -> str:
    """Wait for the id that a handler stores in an object."""
    (identifier,) = eventually(lambda: client.call(f"Mailbox/{box}/take", None), what="an awakeable's id")
    return str(identifier)


def test_service_answers(pair: Pair) -> None:
    assert pair.client.call("Steps/greet", "Ada") == "Hello Ada!"


def test_terminal_error_reaches_the_caller(pair: Pair) -> None:
    with pytest.raises(InvocationFailed) as failed:
        pair.client.call("Steps/fail", "short and stout")

    assert (failed.value.code, failed.value.message) == (418, "short and stout")


def test_results_of_runs_are_replayed(pair: Pair) -> None:
    first, second = pair.client.call("Steps/draw", 5)

    assert len(set(first)) == 5
    assert second == first


@pytest.mark.parametrize("count", [3, 30])
def test_tasks_side_by_side_get_their_results(pair: Pair, count: int) -> None:
    assert pair.client.call("Steps/sideBySide", count) == list(range(count))


def test_object_keeps_its_state(pair: Pair, key: str) -> None:
    client = pair.client
    totals = [client.call(f"Counter/{key}/add", amount) for amount in (1, 2, 3)]
    kept = client.call(f"Counter/{key}/read")
    client.call(f"Counter/{key}/reset")

    assert totals == [1, 3, 6]
    assert kept == {"total": 6, "keys": ["total"]}
    assert client.call(f"Counter/{key}/read") == {"total": 0, "keys": []}


def test_calls_and_sends_arrive_once(pair: Pair, key: str) -> None:
    answers = pair.client.call("Steps/fan", key)
    total = eventually(
        lambda: pair.client.call(f"Counter/{key}/read")["total"], lambda total: total >= 11, what="both sends"
    )

    assert answers == [1, 2, 3]
    assert total == 11


def test_idempotent_call_runs_once(pair: Pair, key: str) -> None:
    headers = {"idempotency-key": key}
    answers = [pair.client.call(f"Counter/{key}/add", 5, headers=headers) for _ in range(3)]

    assert answers == [5, 5, 5]


def test_awakeable_is_resolved_from_outside(pair: Pair, key: str) -> None:
    invocation = pair.client.send("Steps/waitFor", key)
    response = pair.client.resolve(awakeable_in(pair.client, key), b'"from outside"')

    assert response.status_code == 202
    assert pair.client.attach(invocation) == {"value": "from outside"}


def test_awakeable_is_rejected_from_outside(pair: Pair, key: str) -> None:
    invocation = pair.client.send("Steps/waitFor", key)
    pair.client.reject(awakeable_in(pair.client, key), "not today")

    assert pair.client.attach(invocation) == {"failed": "not today"}


def test_sleeping_handler_wakes(pair: Pair) -> None:
    assert pair.client.call("Steps/sleep", 30) == "slept"


def test_workflow_runs_once_and_waits_for_its_promise(pair: Pair, key: str) -> None:
    client = pair.client
    invocation = client.send(f"Approval/{key}/run", "holidays")
    before = eventually(
        lambda: client.call(f"Approval/{key}/status", None),
        lambda seen: seen[0] is not None,
        what="the state",
    )
    client.call(f"Approval/{key}/answer", "granted")
    answer = client.attach(invocation)
    again = client.send(f"Approval/{key}/run", "more holidays")

    assert before == ["holidays", None]
    assert answer == "holidays: granted"
    assert client.call(f"Approval/{key}/status", None) == ["holidays", "granted"]
    assert client.attach(again) == "holidays: granted"
    with pytest.raises(InvocationFailed) as refused:
        client.call(f"Approval/{key}/answer", "denied")
    assert refused.value.code == 409


def test_cancelled_handler_tidies_up(pair: Pair, key: str) -> None:
    client = pair.client
    invocation = client.send("Steps/cleanUp", key)
    awakeable_in(client, key)
    client.cancel(invocation)

    assert client.failure(invocation).code == 409
    assert client.call(f"Mailbox/{key}-tidied/take", None) == ["yes"]


def test_cancellation_reaches_the_called_handler(pair: Pair, key: str) -> None:
    client = pair.client
    invocation = client.send("Steps/parent", key)
    awakeable_in(client, key)
    client.cancel(invocation)

    assert client.failure(invocation).code == 409
    # The caller ends first: it does not wait for the callee to which it passes the cancellation on.
    eventually(
        lambda: client.call(f"Mailbox/{key}-tidied/take", None),
        lambda seen: seen == ["yes"],
        what="the child",
    )


def test_killed_endpoint_and_runtime_lose_no_waiting_handler(pair: Pair, key: str) -> None:
    client = pair.client
    boxes = [f"{key}-{number}" for number in range(10)]
    invocations = [client.send("Steps/waitFor", box) for box in boxes]
    identifiers = [awakeable_in(client, box) for box in boxes]

    pair.endpoint.kill()
    resolved = [client.resolve(identifier, b'"kept"').status_code for identifier in identifiers[:5]]
    pair.runtime.kill()
    pair.runtime.start()
    resolved += [client.resolve(identifier, b'"kept"').status_code for identifier in identifiers[5:]]
    pair.endpoint.start()

    assert set(resolved) == {202}
    assert [client.attach(invocation) for invocation in invocations] == [{"value": "kept"}] * 10
