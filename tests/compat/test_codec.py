"""Values that go through a journal value codec; test_handover.py covers the other handlers with it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from awaken.client import create_sync_client
from awaken.errors import HttpError

from tests.compat.conftest import serve
from tests.compat.services.codec import Reversing
from tests.compat.serving import SDKS, Serving
from tests.e2e.effects import Effects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from awaken.client import SyncRestateClient

    from tests.compat.side import Side
    from tests.e2e.ingress import Client


@pytest.fixture(scope="module")
def sealed_sides(
    request: pytest.FixtureRequest, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Side]]:
    with contextlib.ExitStack() as stack:
        yield {
            sdk: stack.enter_context(
                serve(
                    request,
                    client,
                    Serving(
                        sdk, f"Sealed{sdk.title()}", tmp_path_factory.mktemp(sdk), "tests.compat.app:sealed"
                    ),
                )
            )
            for sdk in SDKS
        }


@pytest.fixture(params=SDKS)
def side(request: pytest.FixtureRequest, sealed_sides: dict[str, Side]) -> Side:
    return sealed_sides[str(request.param)]


@pytest.fixture
def caller(side: Side) -> Iterator[SyncRestateClient]:
    with create_sync_client(str(side.client.ingress.base_url), journal_value_codec=Reversing()) as caller:
        yield caller


def call(caller: SyncRestateClient, side: Side, target: str, argument: Any) -> Any:
    service, *key, handler = target.split("/")
    body = b"" if argument is ... else json.dumps(argument).encode()
    answer = caller.generic_call(side.serving.prefix + service, handler, body, key[0] if key else None)
    return json.loads(answer) if answer else None


def test_input_and_output_travel_encoded(side: Side, caller: SyncRestateClient) -> None:
    raw = side.post("Greeter/greet", Reversing().encode(b'"Ada"'), "application/json")

    assert raw.content == Reversing().encode(b'"Hello Ada!"')
    assert call(caller, side, "Greeter/greet", "Ada") == "Hello Ada!"
    assert call(caller, side, "Calling/by_function", uuid4().hex)[:3] == ["Hello service!", "cba", None]


def test_state_rests_encoded(side: Side, caller: SyncRestateClient) -> None:
    key = uuid4().hex

    call(caller, side, f"Eager/{key}/put", {"v": {"a": 1}})

    (row,) = side.client.query(f"SELECT value FROM state WHERE service_key = '{key}'")
    assert bytes.fromhex(row["value"]) == Reversing().encode(b'{"a": 1}')
    assert call(caller, side, f"Eager/{key}/look", ...) == {"v": {"a": 1}}


def test_failures_do_not_go_through_the_codec(side: Side, caller: SyncRestateClient) -> None:
    request = {"message": "in the clear", "code": 418, "metadata": {"k": "v"}}

    with pytest.raises(HttpError) as caught:
        call(caller, side, "Failing/terminal", request)

    assert (caught.value.message, caught.value.metadata) == ("in the clear", {"k": "v"})


def test_terminal_error_of_the_codec_reaches_the_caller(side: Side) -> None:
    response = side.post("Greeter/greet", b'"in the clear"', "application/json")

    assert response.status_code == 500
    assert "did not go through the codec" in response.json()["message"]


def test_both_write_the_same_encoded_bytes(sealed_sides: dict[str, Side], tmp_path: Path) -> None:
    stored = {}
    for sdk, side in sealed_sides.items():
        effects = Effects(tmp_path / sdk)
        with create_sync_client(str(side.client.ingress.base_url), journal_value_codec=Reversing()) as caller:
            handle = caller.generic_send(
                f"{side.serving.prefix}Journey", "actions", json.dumps(effects.path).encode()
            )
            caller.awakeable(effects.wait_for_one("gate")).resolve([1])
            caller.attach(handle.invocation_id)
        entries = side.journal(handle.invocation_id)[1:]
        stored[sdk] = sorted(entry["entry_json"] for entry in entries)

    assert stored["official"] == stored["awaken"]
    encoded = json.dumps(list(Reversing().encode(b'"after"')), separators=(",", ":"))
    assert any(encoded in entry for entry in stored["awaken"])


def test_awakeable_is_resolved_with_an_encoded_value(
    side: Side, caller: SyncRestateClient, effects: Effects
) -> None:
    body = json.dumps(effects.path).encode()
    handle = caller.generic_send(f"{side.serving.prefix}Waiting", "anything", body)

    caller.awakeable(effects.wait_for_one("id")).resolve({"n": 1})

    assert caller.attach(handle.invocation_id) == {"value": {"n": 1}}
