"""Errors and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_terminal_error_carries_code_message_and_metadata(side: Side) -> None:
    failure = side.failure(
        "Failing/terminal", {"message": "teapöt", "code": 418, "metadata": {"k": "v", "n": "2"}}
    )

    assert (failure.code, failure.message, failure.metadata) == (418, "teapöt", {"k": "v", "n": "2"})
    assert failure.source == "invocation"


def test_terminal_error_has_code_500_by_default(side: Side) -> None:
    failure = side.failure("Failing/default_code")

    assert (failure.code, failure.message) == (500, "no code given")


def test_terminal_error_behind_another_exception_counts(side: Side) -> None:
    failure = side.failure("Failing/wrapped")

    assert (failure.code, failure.message) == (419, "the cause")


def test_retryable_error_asks_for_another_attempt(side: Side, effects: Effects) -> None:
    assert side.call("Failing/retried", effects.path) == 3


def test_retryable_error_behind_another_exception_counts(side: Side, effects: Effects) -> None:
    assert side.call("Failing/wrapped_retryable", effects.path) == 3


def test_failure_of_a_callee_is_a_terminal_error(side: Side) -> None:
    assert side.call("Failing/caught") == {"message": "sold out", "code": 422, "metadata": {"item": "teapot"}}


def test_input_that_is_not_json_ends_the_invocation(side: Side) -> None:
    response = side.post("Failing/number", b"{bad", "application/json")

    assert response.status_code == 500
    assert response.json()["source"] == "invocation"
    assert response.json()["message"].startswith("Unable to parse an input argument.")


def test_input_that_is_not_what_a_model_declares_ends_the_invocation(side: Side) -> None:
    response = side.post("Payloads/aliased", b'{"firstName": []}', "application/json")

    assert response.status_code == 500
    assert response.json()["source"] == "invocation"
    assert response.json()["message"].startswith("Unable to parse an input argument.")
    assert "firstName" in response.json()["message"]


def test_ordinary_exception_is_retried_until_the_policy_gives_up(side: Side) -> None:
    failure = side.failure("Hostile/crash")

    assert failure.code == 500
    assert "an ordinary mistake" in failure.message


def test_value_that_cannot_be_written_fails_the_attempt(side: Side) -> None:
    assert side.failure("Hostile/unwritable").code == 500
