"""Handlers that call others."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_calls_by_function_give_typed_results(side: Side) -> None:
    key = uuid4().hex

    assert side.call("Calling/by_function", key) == ["Hello service!", "cba", None, 2, 5, 5, key]


def test_calls_by_name_give_bytes(side: Side) -> None:
    assert side.call("Calling/by_name", uuid4().hex) == ['"Hello name!"', "4"]


def test_handler_has_the_name_it_was_given(side: Side) -> None:
    assert side.call("Greeter/renamed", "abc") == "cba"


def test_sends_start_now_and_later(side: Side, effects: Effects) -> None:
    ids = side.call("Calling/sending", effects.path)

    assert len(set(ids)) == 3
    assert [side.attach(id_) for id_ in ids] == ["at once", "later", "by name"]
    assert sorted(effects.wait_for("note", 3)) == ["at once", "by name", "later"]
    assert effects.values("note")[-1] == "later"


def test_sends_to_an_object_keep_their_order(side: Side) -> None:
    key = uuid4().hex

    side.call("Calling/object_sends", key)

    history = eventually(lambda: side.call(f"Counter/{key}/history"), lambda amounts: len(amounts) == 3)
    assert history == [1, 2, 3]


def test_idempotency_key_makes_one_of_two_calls(side: Side, effects: Effects) -> None:
    assert side.call("Calling/once", effects.path) == ["first", "first"]
    assert effects.values("note") == ["first"]


def test_headers_reach_the_callee(side: Side) -> None:
    assert side.call("Calling/with_headers")["x-mine"] == "yes"


def test_request_tells_id_headers_and_body(side: Side) -> None:
    about = side.call("Greeter/about", headers={"x-mine": "ingress"})

    assert about["id"].startswith("inv_1")
    assert (about["x-mine"], about["body"]) == ("ingress", "")


def test_invocation_ids_of_callees_are_known_and_can_be_attached_to(side: Side) -> None:
    assert side.call("Calling/callee_ids") == [True, True, True]
