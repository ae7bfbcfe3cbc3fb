"""Edits of state over the admin API, with the versions that clients compute, on both runtimes."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unchanged.admin_api.conftest import Sides
    from tests.unchanged.admin_api.sides import Side

State = dict[str, bytes]


def client_version(state: Mapping[str, bytes]) -> str:
    """Return the version of a state as clients compute it, without code of this package."""
    digest = hashlib.sha256()
    for place, name in enumerate(sorted(state, key=str.encode)):
        digest.update(place.to_bytes(8) + b"\x01" + name.encode() + b"\x02" + state[name] + b"\x03")
    return urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def edit(side: Side, service: str, key: str, state: State, **more: Any) -> int:
    new_state = {name: list(value) for name, value in state.items()}
    body = {"object_key": key, "new_state": new_state, **more}
    return side.admin.post(f"/services/{service}/state", json=body).status_code


def state_of(side: Side, service: str, key: str) -> State:
    rows = side.query(
        f"SELECT key, value FROM state WHERE service_name = '{service}' AND service_key = '{key}'"
    )
    return {row["key"]: bytes.fromhex(row["value"]) for row in rows}


def expect(side: Side, service: str, key: str, state: State) -> None:
    eventually(
        lambda: state_of(side, service, key), lambda found: found == state, what=f"the state {state!r}"
    )


STATES: list[State] = [
    {},
    {"name": b'"bob"'},
    {"b": b"1", "a": b"2", "é日": b"3", "": b"4", "z" * 1000: b""},
    {"binary": bytes(range(256))},
    {"large": b"x" * 400_000},
    {f"name {number}": b"%d" % number for number in range(200)},
]


@pytest.mark.parametrize("service", ["AdminKeyed", "AdminFlowEcho"])
@pytest.mark.parametrize("state", STATES, ids=["nothing", "one", "odd names", "binary", "large", "many"])
def test_edit_of_the_version_that_a_client_computes(sides: Sides, service: str, state: State) -> None:
    for side in sides:
        key = uuid4().hex
        assert edit(side, service, key, state) == 202
        expect(side, service, key, state)

        assert edit(side, service, key, {"changed": b"1"}, version=client_version(state)) == 202

        expect(side, service, key, {"changed": b"1"})


@pytest.mark.parametrize("service", ["AdminKeyed", "AdminFlowEcho"])
def test_edit_of_another_version(sides: Sides, service: str) -> None:
    """The server answers 202 and drops the edit; the embedded runtime refuses it, so that no client reports success."""
    for side, status in zip(sides, (202, 409), strict=True):
        key = uuid4().hex
        assert edit(side, service, key, {"a": b"1"}) == 202
        expect(side, service, key, {"a": b"1"})

        assert edit(side, service, key, {"a": b"2"}, version=client_version({})) == status

        # What follows is applied after it: had the edit been applied as well, the version would not fit.
        assert edit(side, service, key, {"a": b"3"}, version=client_version({"a": b"1"})) == 202
        expect(side, service, key, {"a": b"3"})


def test_edits_wait_behind_the_invocation_that_holds_the_key(sides: Sides) -> None:
    for side in sides:
        key = uuid4().hex
        holder = side.start("object", "suspended", key)
        side.settle({holder: "suspended"})

        assert edit(side, "AdminKeyed", key, {"a": b'"1"'}) == 202
        assert edit(side, "AdminKeyed", key, {"a": b'"2"'}, version=client_version({"a": b'"1"'})) == 202
        assert state_of(side, "AdminKeyed", key) == {}
        after = side.ingress.post(f"/AdminKeyed/{key}/store/send", json={"b": "3"})
        after.raise_for_status()
        side.admin.patch(f"/invocations/{holder}/kill").raise_for_status()

        expect(side, "AdminKeyed", key, {"a": b'"2"', "b": b'"3"'})


def test_edits_of_a_workflow_do_not_wait_for_its_run(sides: Sides) -> None:
    for side in sides:
        key = uuid4().hex
        run = side.start("workflow", "suspended", key)
        side.settle({run: "suspended"})

        assert edit(side, "AdminFlowWait", key, {"a": b"1"}) == 202

        expect(side, "AdminFlowWait", key, {"a": b"1"})


def test_handlers_see_what_was_edited(sides: Sides) -> None:
    for side in sides:
        key = uuid4().hex
        side.ingress.post(f"/AdminKeyed/{key}/store", json={"a": "1", "b": "2"}).raise_for_status()

        assert edit(side, "AdminKeyed", key, {"b": b'"edited"'}) == 202

        expect(side, "AdminKeyed", key, {"b": b'"edited"'})
        assert side.ingress.post(f"/AdminKeyed/{key}/look").json() == {"b": "edited"}
