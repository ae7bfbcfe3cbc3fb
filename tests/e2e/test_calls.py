"""Handlers call handlers: with and without waiting, now and later."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client


def test_handler_calls_services_and_objects(client: Client) -> None:
    answers = client.call("Calling/chain", uuid4().hex)

    assert answers == ["Hello service!", 2, 2, '"Hello generic!"', "5"]


def test_sent_invocations_run_on_their_own(client: Client, effects: Effects) -> None:
    ids = client.call("Calling/send_notes", effects.path)

    assert [client.attach(id_) for id_ in ids] == ["at once", "later", "generic"]
    assert sorted(effects.values("note")) == ["at once", "generic", "later"]


def test_delayed_send_waits_its_time(client: Client, effects: Effects) -> None:
    later = client.send("Greeter/note", {"effects": effects.path, "text": "tomorrow"}, delay="1d")

    client.wait_for_status(later, ["scheduled"])
    client.kill(later)

    assert effects.values("note") == []


def test_sends_to_one_object_all_arrive(client: Client) -> None:
    key = uuid4().hex

    client.call("Calling/send_adds", {"key": key, "amounts": list(range(10))})

    total = eventually(
        lambda: client.call(f"Tally/{key}/total"), lambda total: total >= 45, what="all ten sends"
    )
    assert total == 45


def test_idempotency_key_makes_two_calls_one_execution(client: Client, effects: Effects) -> None:
    answers = client.call("Calling/idempotent", {"effects": effects.path, "key": uuid4().hex})

    assert answers == ["first", "first"]
    assert effects.values("note") == ["first"]


def test_idempotency_key_of_a_caller_makes_two_requests_one_execution(
    client: Client, effects: Effects
) -> None:
    headers = {"idempotency-key": uuid4().hex}

    first = client.call("Greeter/note", {"effects": effects.path, "text": "one"}, headers=headers)
    second = client.call("Greeter/note", {"effects": effects.path, "text": "two"}, headers=headers)

    assert (first, second) == ("one", "one")
    assert effects.values("note") == ["one"]


def test_request_tells_id_headers_and_body(client: Client) -> None:
    response = client.ingress.post("/Greeter/envelope", headers={"X-Colour": "blue"})

    request = response.json()
    assert request["id"] == response.headers["x-restate-id"]
    assert request["headers"]["x-colour"] == "blue"
    assert request["body"] == ""


def test_headers_of_a_call_reach_the_callee(client: Client) -> None:
    answer = client.call("Calling/with_headers", {"x-trace": "42", "x-other": "ä".encode().hex()})

    assert answer["headers"] == {"x-trace": "42", "x-other": "c3a4"}


def test_failure_of_a_callee_carries_code_and_metadata(client: Client) -> None:
    answer = client.call("Calling/refused", "too late")

    assert answer == {"message": "too late", "code": 422, "metadata": {"who": "Greeter"}}


def test_attaching_gives_the_answer_of_a_running_invocation(client: Client, effects: Effects) -> None:
    later = client.send("Greeter/note", {"effects": effects.path, "text": "soon"}, delay="300ms")

    assert client.call("Calling/attach", later) == "soon"
