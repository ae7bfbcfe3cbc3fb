"""A handler creates an awakeable, hands out its id and continues with the result."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.lanes import ALL
from tests.e2e.services.awakeables import REPLAYS

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.lanes(*ALL)
ACCEPTED = 202


def test_awakeable_gives_an_id_and_the_value_it_is_resolved_with(lane: Lane, effects: Effects) -> None:
    client = lane.client
    invocation = client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(invocation, lane.waiting)

    answer = client.resolve(awakeable, b'{"approved": true}')

    assert awakeable.startswith("sign_1")
    assert answer.status_code == ACCEPTED
    assert client.attach(invocation) == {"value": {"approved": True}}


def test_lane_speaks_its_http_and_protocol_versions(lane: Lane, effects: Effects) -> None:
    invocation = lane.client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    lane.client.wait_for_status(invocation, lane.waiting)

    version = lane.client.invocation(invocation)["pinned_service_protocol_version"]
    deployment = lane.client.admin.get(f"/deployments/{lane.deployment_id}").json()
    lane.client.resolve(awakeable)
    lane.client.attach(invocation)

    assert version == lane.kind.protocol_version
    assert deployment["http_version"] == ("HTTP/1.1" if lane.kind.use_http_11 else "HTTP/2.0")


def test_awakeable_result_is_awaitable_and_has_an_id(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/object_like", effects.path)

    client.resolve(effects.wait_for_one("id"), b'"yes"')

    assert client.attach(invocation) == "yes"


@pytest.mark.parametrize(
    "payload",
    [
        {"nested": [1, 2.5, None, {"deep": True}]},
        [],
        "a string",
        "grüße, 世界, 🪂, \u2028",
        0,
        False,
        None,
    ],
    ids=["object", "list", "string", "unicode", "zero", "false", "null"],
)
def test_any_json_value_arrives_as_it_was_sent(client: Client, effects: Effects, payload: Any) -> None:
    invocation = client.send("Awaiting/value", effects.path)

    client.resolve(effects.wait_for_one("id"), json.dumps(payload, ensure_ascii=False).encode())

    assert client.attach(invocation) == {"value": payload}


def test_empty_body_arrives_as_none(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/value", effects.path)

    client.resolve(effects.wait_for_one("id"), b"")

    assert client.attach(invocation) == {"value": None}


@pytest.mark.parametrize(
    "payload", [b"", b"\x00\xff\xfe not utf-8", bytes(range(256)) * 4096], ids=["empty", "binary", "1MiB"]
)
def test_bytes_arrive_unchanged(client: Client, effects: Effects, payload: bytes) -> None:
    invocation = client.send("Awaiting/binary", effects.path)

    client.resolve(effects.wait_for_one("id"), payload)

    assert client.attach(invocation) == {"size": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}


def test_payload_arrives_as_the_declared_type(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/model", effects.path)

    client.resolve(effects.wait_for_one("id"), b'{"approved": true, "amount": 3}')

    assert client.attach(invocation) == "True 3"
    assert set(effects.values("type")) == {"Approval"}


@pytest.mark.parametrize(
    ("handler", "body", "type_name", "reason"),
    [
        ("model", b'{"approved": "perhaps", "amount": 3}', "Approval", "approved"),
        ("model", b"not json at all", "Approval", ""),
        ("value", b"not json at all", "", "JSON"),
    ],
)
def test_payload_of_another_type_ends_the_invocation_with_a_clear_error(
    client: Client, effects: Effects, handler: str, body: bytes, type_name: str, reason: str
) -> None:
    invocation = client.send(f"Awaiting/{handler}", effects.path)
    awakeable = effects.wait_for_one("id")

    client.resolve(awakeable, body)

    failure = client.failure(invocation)
    assert failure.source == "invocation"
    assert awakeable in failure.message
    assert type_name in failure.message
    assert reason.lower() in failure.message.lower()


def test_payload_of_another_builtin_type_passes_as_it_is(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/number", effects.path)

    client.resolve(effects.wait_for_one("id"), b'"three"')

    assert client.attach(invocation) == "three"


def test_id_is_the_same_in_every_execution_and_is_handed_out_once(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/replayed", effects.path)

    client.resolve(effects.wait_for_one("id"), b'"done"')

    assert client.attach(invocation) == "done"
    assert len(effects.values("seen")) >= REPLAYS
    assert len(set(effects.values("seen"))) == 1
    assert effects.values("id") == effects.values("seen")[:1]


def test_rejecting_over_http_fails_the_invocation_with_500(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/value", effects.path)

    answer = client.reject(effects.wait_for_one("id"), "nö, too expensive")

    assert answer.status_code == ACCEPTED
    failure = client.failure(invocation)
    assert (failure.code, failure.message) == (500, "nö, too expensive")


def test_rejection_is_a_terminal_error_that_the_handler_may_catch(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/rescued", effects.path)

    client.reject(effects.wait_for_one("id"), "no")

    assert client.attach(invocation) == {"message": "no", "code": 500}


def test_handler_resolves_the_awakeable_of_another(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/value", effects.path)

    client.call("Resolving/resolve", {"id": effects.wait_for_one("id"), "value": {"from": "a handler"}})

    assert client.attach(invocation) == {"value": {"from": "a handler"}}


def test_handler_resolves_with_none(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/value", effects.path)

    client.call("Resolving/resolve", {"id": effects.wait_for_one("id"), "value": None})

    assert client.attach(invocation) == {"value": None}


@pytest.mark.parametrize("handler", ["value", "rescued"])
def test_handler_rejects_with_a_code(client: Client, effects: Effects, handler: str) -> None:
    invocation = client.send(f"Awaiting/{handler}", effects.path)

    client.call("Resolving/reject", {"id": effects.wait_for_one("id"), "reason": "sold out", "code": 432})

    if handler == "rescued":
        assert client.attach(invocation) == {"message": "sold out", "code": 432}
    else:
        failure = client.failure(invocation)
        assert (failure.code, failure.message) == (432, "sold out")


def test_two_awakeables_resolved_in_reverse_order_keep_their_values(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/pair", effects.path)
    first, second = effects.wait_for_one("ids").split()

    client.resolve(second, b'"second"')
    client.resolve(first, b'"first"')

    assert client.attach(invocation) == ["first", "second"]


def test_select_goes_on_with_the_awakeable_that_comes_first(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/whichever", effects.path)
    _first, second = effects.wait_for_one("ids").split()

    client.resolve(second, b'"quick"')

    assert client.attach(invocation) == ["second", "quick"]


def test_first_of_two_resolutions_wins(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/pair", effects.path)
    first, second = effects.wait_for_one("ids").split()

    answers = [client.resolve(first, b'"early"'), client.resolve(first, b'"too late"')]
    client.resolve(second, b'"end"')

    assert [answer.status_code for answer in answers] == [ACCEPTED, ACCEPTED]
    assert client.attach(invocation) == ["early", "end"]


def test_resolution_after_a_rejection_changes_nothing(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/rescued", effects.path)
    awakeable = effects.wait_for_one("id")

    client.reject(awakeable, "no")
    client.resolve(awakeable, b'"yes after all"')

    assert client.attach(invocation) == {"message": "no", "code": 500}


def test_cancelling_a_waiting_handler_ends_it_with_409(lane: Lane, effects: Effects) -> None:
    client = lane.client
    invocation = client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(invocation, lane.waiting)

    client.cancel(invocation)

    failure = client.failure(invocation)
    assert (failure.code, failure.source) == (409, "invocation")
    assert client.resolve(awakeable, b'"nobody listens"').status_code == ACCEPTED


@pytest.mark.parametrize(
    "id_", ["garbage", "sign_1", "sign_1garbage", "sign_2AAAA", "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr", ""]
)
def test_resolving_a_malformed_id_raises_at_the_call_and_journals_nothing(client: Client, id_: str) -> None:
    invocation = client.send("Resolving/resolve_malformed", id_)

    answer = client.attach(invocation)

    assert answer.startswith("refused: ")
    assert id_ in answer
    assert client.journal(invocation) == ["Command: Input", "Command: Output"]


def test_resolution_before_the_awakeable_exists_is_kept_for_it(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/late", effects.path)
    first = effects.wait_for_one("first")
    second = _next_id(first)

    client.resolve(second, b'"came early"')
    client.resolve(second, b'"came second"')
    client.resolve(first)

    assert client.attach(invocation) == "came early"
    assert effects.values("second") == [second]


def test_waiting_object_blocks_its_exclusive_handlers_only(lane: Lane, effects: Effects) -> None:
    client, key = lane.client, uuid4().hex
    waiting = client.send(f"Keeper/{key}/keep", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(waiting, lane.waiting)

    blocked = client.send(f"Keeper/{key}/overwrite", "second")
    client.wait_for_status(blocked, ["pending"])
    shared = client.call(f"Keeper/{key}/look")
    elsewhere = client.call(f"Keeper/{key}-other/overwrite", "alone")
    still_blocked = not client.is_completed(blocked)
    client.resolve(awakeable, b'"first"')

    assert shared is None
    assert elsewhere is None
    assert still_blocked
    assert client.attach(waiting) == "first"
    assert client.attach(blocked) == "first"
    assert client.call(f"Keeper/{key}/look") == "second"


def _next_id(awakeable: str) -> str:
    """Return the id of the same invocation's next awakeable: the last four bytes count."""
    prefix, text = awakeable[:6], awakeable[6:]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    following = raw[:-4] + (int.from_bytes(raw[-4:], "big") + 1).to_bytes(4, "big")
    return prefix + base64.urlsafe_b64encode(following).rstrip(b"=").decode()
