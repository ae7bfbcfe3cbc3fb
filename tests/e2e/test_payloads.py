"""Annotations decide how values are read and written: parameters, results, actions and awakeables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client

ORDER: dict[str, Any] = {
    "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "placed": "2026-11-24T10:00:00Z",
    "colour": "red",
    "items": [{"name": "desk", "price": 300.0}],
}


def test_dataclass_goes_through_parameter_action_and_result(client: Client) -> None:
    assert client.call("Payloads/through", ORDER) == {
        **ORDER,
        "placed": "2030-01-02T00:00:00Z",
        "colour": "blue",
    }


def test_list_of_models_goes_through_parameter_and_result(client: Client) -> None:
    assert client.call("Payloads/items", [{"name": "lamp", "price": 1.5}]) == [{"name": "lamp", "price": 3.0}]


def test_parameter_of_another_type_ends_the_invocation_with_the_reason(client: Client) -> None:
    failure = client.failure(client.send("Payloads/through", {**ORDER, "colour": "green"}))

    assert failure.code == 500
    assert failure.message.startswith("Unable to parse an input argument.")
    assert "at $.colour: Invalid enum value" in failure.message
    assert "green" not in failure.message  # payloads appear in errors only in development mode


def test_awakeable_payload_becomes_a_dataclass(client: Client, effects: Effects) -> None:
    invocation = client.send("Payloads/await_order", effects.path)

    client.resolve(effects.wait_for_one("id"), json.dumps(ORDER).encode())

    assert client.attach(invocation) == "RED 2026 desk"


def test_value_that_json_does_not_have_is_refused_when_written(client: Client) -> None:
    failure = client.failure(client.send("Payloads/not_a_number"))

    assert failure.code == 500
    assert "nan" in failure.message.lower()
