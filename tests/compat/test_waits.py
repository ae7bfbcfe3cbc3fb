"""Awakeables, signals, promises and cancellation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_awakeable_is_resolved_over_http(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/anything", effects.path)

    side.client.resolve(effects.wait_for_one("id"), b'{"n": [1, null]}')

    assert side.attach(invocation) == {"value": {"n": [1, None]}}


def test_awakeable_gives_none_for_an_empty_body(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/anything", effects.path)

    side.client.resolve(effects.wait_for_one("id"))

    assert side.attach(invocation) == {"value": None}


def test_awakeable_gives_a_model(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/decision", effects.path)

    side.client.resolve(effects.wait_for_one("id"), b'{"approved": true, "amount": 3}')

    assert side.attach(invocation) == "Decision True 3"


def test_awakeable_gives_bytes(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/raw", effects.path)

    side.client.resolve(effects.wait_for_one("id"), b"\x00\xff")

    assert side.attach(invocation) == [0, 255]


def test_payload_that_does_not_fit_ends_the_invocation(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/decision", effects.path)
    id_ = effects.wait_for_one("id")

    side.client.resolve(id_, b'{"approved": true}')

    failure = _failure_or_backoff(side, invocation)
    assert id_ in failure
    assert "Decision" in failure
    assert "amount" in failure


def test_awakeable_is_rejected_over_http(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/rescued", effects.path)

    side.client.reject(effects.wait_for_one("id"), "nö")

    assert side.attach(invocation) == {"message": "nö", "code": 500}


def test_awakeable_is_resolved_by_a_handler(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/anything", effects.path)

    side.call("Completing/resolve", {"id": effects.wait_for_one("id"), "value": [1]})

    assert side.attach(invocation) == {"value": [1]}


def test_awakeable_is_resolved_with_a_model_by_a_handler(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/decision", effects.path)

    side.call("Completing/resolve_model", effects.wait_for_one("id"))

    assert side.attach(invocation) == "Decision True 7"


def test_awakeable_is_rejected_with_a_code_by_a_handler(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/rescued", effects.path)

    side.call("Completing/reject", {"id": effects.wait_for_one("id"), "reason": "sold out", "code": 432})

    assert side.attach(invocation) == {"message": "sold out", "code": 432}


def test_signals_by_name_resolve_and_reject(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/signals", effects.path)

    side.call("Completing/signal_both", effects.wait_for_one("invocation"))

    assert side.attach(invocation) == [7, "no more", 432]


def test_cancelling_raises_409_at_the_await(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/compensating", effects.path)
    effects.wait_for_one("id")

    side.client.cancel(invocation)

    failure = side.client.failure(invocation)
    assert (failure.code, failure.message) == (409, "cancelled")
    assert effects.values("undone") == ["409"]


def test_handler_cancels_another(side: Side, effects: Effects) -> None:
    invocation = side.send("Waiting/compensating", effects.path)
    effects.wait_for_one("id")

    side.call("Completing/cancel", invocation)

    assert side.client.failure(invocation).code == 409


def test_handler_cancels_its_call(side: Side, effects: Effects) -> None:
    assert side.call("Waiting/child", effects.path) == {"code": 409}


def test_workflow_waits_for_its_promise(side: Side) -> None:
    key = uuid4().hex
    invocation = side.send(f"Signing/{key}/run", "contract")

    before = side.call(f"Signing/{key}/peek")
    side.call(f"Signing/{key}/decide", 3)

    assert before[1] is None
    assert side.attach(invocation) == {"document": "contract", "amount": 3, "key": key}
    assert side.call(f"Signing/{key}/peek") == ["contract", 3]


def test_promise_is_rejected(side: Side) -> None:
    key = uuid4().hex
    invocation = side.send(f"Signing/{key}/run", "contract")

    side.call(f"Signing/{key}/refuse", "never")

    assert side.attach(invocation) == {"document": "contract", "refused": "never", "code": 409}


def test_handler_drives_a_workflow(side: Side) -> None:
    keys = uuid4().hex, uuid4().hex

    assert side.call("Completing/whole_workflow", keys[0])["amount"] == 5
    assert side.call("Completing/workflow_result", keys[1])["amount"] == 6


def _failure_or_backoff(side: Side, invocation: str) -> str:
    """Wait until the invocation has ended or keeps failing; return its failure, or an empty text."""
    side.client.wait_for_status(invocation, ["completed", "backing-off"])
    if side.client.invocation(invocation)["status"] == "backing-off":
        side.client.kill(invocation)
        return ""
    return side.client.failure(invocation).message
