"""Keyed state, sent with the request or fetched on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.e2e.ingress import Client


@pytest.fixture(params=["Shelf", "LazyShelf"])
def shelf(request: pytest.FixtureRequest) -> str:
    """The path of an object without state."""
    return f"{request.param}/{uuid4().hex}"


def test_state_outlives_the_invocation_that_set_it(client: Client, shelf: str) -> None:
    client.call(f"{shelf}/put", {"a": 1, "b": {"c": [None, "x"]}})

    assert client.call(f"{shelf}/look", "a") == 1
    assert client.call(f"{shelf}/look", "b") == {"c": [None, "x"]}
    assert client.call(f"{shelf}/names") == ["a", "b"]


def test_absent_state_is_none(client: Client, shelf: str) -> None:
    assert client.call(f"{shelf}/look", "nothing") is None
    assert client.call(f"{shelf}/names") == []


def test_cleared_state_is_gone_and_the_rest_stays(client: Client, shelf: str) -> None:
    client.call(f"{shelf}/put", {"a": 1, "b": 2})

    assert client.call(f"{shelf}/take", "a") == 1
    assert client.call(f"{shelf}/look", "a") is None
    assert client.call(f"{shelf}/names") == ["b"]


def test_clear_all_leaves_nothing(client: Client, shelf: str) -> None:
    client.call(f"{shelf}/put", {"a": 1, "b": 2})

    client.call(f"{shelf}/tip_over")

    assert client.call(f"{shelf}/names") == []


def test_handler_reads_its_own_writes(client: Client, shelf: str) -> None:
    client.call(f"{shelf}/put", {"a": "old", "c": "old too"})

    assert client.call(f"{shelf}/rearrange") == ["old", "changed", None, ["b"], None]
    assert client.call(f"{shelf}/names") == ["b"]


def test_keys_do_not_share_state(client: Client, shelf: str) -> None:
    client.call(f"{shelf}/put", {"a": 1})

    assert client.call(f"{shelf}-other/look", "a") is None


def test_state_set_before_a_terminal_error_stays(client: Client, shelf: str) -> None:
    client.failure(client.send(f"{shelf}/put_and_fail", {"a": "kept"}))

    assert client.call(f"{shelf}/look", "a") == "kept"


def test_key_of_any_characters_reaches_the_handler(client: Client, shelf: str) -> None:
    kind = shelf.partition("/")[0]

    assert client.ingress.post(f"/{kind}/a%2Fb%20c%C3%A9%F0%9F%AA%82/label").json() == "a/b cé🪂"
