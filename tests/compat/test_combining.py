"""The combinators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_gather_completes_all_and_keeps_order(side: Side) -> None:
    assert side.call("Combining/gathered") == [4, [20, 1, 10, None]]


def test_combining_nothing_gives_nothing(side: Side) -> None:
    assert side.call("Combining/nothing_gathered") == [[], [[], []]]


def test_select_goes_on_with_the_first(side: Side) -> None:
    assert side.call("Combining/selected") == "timeout"


def test_select_raises_the_failure_of_the_first(side: Side, effects: Effects) -> None:
    invocation = side.send("Combining/selected_failure", effects.path)

    side.client.reject(effects.wait_for_one("id"), "no")

    assert side.attach(invocation) == {"message": "no", "code": 500}


def test_wait_completed_tells_done_from_pending(side: Side) -> None:
    assert side.call("Combining/waited") == [1, 1]


def test_as_completed_gives_results_as_they_come(side: Side, effects: Effects) -> None:
    invocation = side.send("Combining/completed_in_order", effects.path)
    first, second = effects.wait_for_one("ids").split()

    side.client.resolve(second, b'"second"')
    side.client.resolve(first, b'"first"')

    assert side.attach(invocation) == ["second", "first"]


def test_foreign_future_is_refused(side: Side) -> None:
    failure = side.failure("Combining/foreign")

    assert failure.code == 500
    assert "future" in failure.message.lower()
