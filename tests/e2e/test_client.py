"""Both clients against a runtime: it understands the requests that the unit tests expect of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from awaken import _core
from awaken.client import AwakeableOutcome, AwakeableStatus, create_client, create_sync_client
from awaken.errors import HttpError, InvalidIdError, NotReadyError

from tests.e2e.services.actions import arithmetic
from tests.e2e.services.awakeables import Approval, model, pair, rescued, value
from tests.e2e.services.calls import add, envelope, greet, note, refuse, total
from tests.e2e.services.payloads import Colour, Item, Order, items, through
from tests.e2e.services.workflows import decide, run
from tests.unit.client.twins import TWINS, Blocking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.lanes("h2-v6"), pytest.mark.parametrize("twin", TWINS)]


@asynccontextmanager
async def dial(twin: str, lane: Lane, **options: Any) -> AsyncIterator[Any]:
    ingress, admin = lane.runtime.ingress_url, lane.runtime.admin_url
    if twin == "async":
        async with create_client(ingress, admin=admin, **options) as client:
            yield client
    else:
        with create_sync_client(ingress, admin=admin, **options) as blocking:
            yield Blocking(blocking)


@pytest.fixture
def key() -> str:
    # Characters that have a meaning in paths, or need encoding.
    return f"{uuid4().hex}/ü ?&#%2F+"


async def test_calls_bring_typed_results(twin: str, lane: Lane, key: str) -> None:
    order = Order(UUID(int=7), datetime(2026, 1, 2, tzinfo=UTC), Colour.RED, [Item(name="tea", price=2.5)])

    async with dial(twin, lane) as client:
        greeting = await client.service_call(greet, "Ada")
        doubled = await client.service_call(items, [Item(name="tea", price=2.5)])
        aged = await client.service_call(through, order)
        without_argument = await client.service_call(arithmetic, None)
        sums = [await client.object_call(add, key, 2), await client.object_call(add, key, arg=3)]
        read = await client.object_call(total, key, None)

    assert greeting == "Hello Ada!"
    assert doubled == [Item(name="tea", price=5.0)]
    assert (aged.id, aged.colour, aged.placed.year) == (order.id, Colour.BLUE, 2030)
    assert without_argument == [3, 7, 11, 15, 9]
    assert (sums, read) == ([2, 5], 5)


@pytest.mark.parametrize("name", [".", "..", "a/../b", "", "%2E", "+"])
async def test_keys_of_every_shape_reach_their_object(twin: str, lane: Lane, name: str) -> None:
    async with dial(twin, lane) as client:
        before = await client.object_call(total, name, None)
        after = await client.object_call(add, name, 1)
        keys = {row["service_key"] for row in lane.client.query("SELECT service_key FROM state")}

    assert after == before + 1
    assert name in keys


async def test_generic_calls_take_and_give_bytes(twin: str, lane: Lane, key: str) -> None:
    async with dial(twin, lane) as client:
        greeting = await client.generic_call("Greeter", "greet", b'"generic"')
        total_ = await client.generic_call("Tally", "add", b"3", key=key)
        sent = await client.generic_send("Tally", "add", b"4", key=key)
        joined = await client.attach(sent.invocation_id)

    assert (greeting, total_, joined) == (b'"Hello generic!"', b"3", 7)


async def test_headers_reach_the_handler(twin: str, lane: Lane) -> None:
    async with dial(twin, lane, headers={"x-client": "c"}) as client:
        seen = await client.service_call(envelope, None, headers={"x-call": "d"})

    assert (seen["headers"]["x-client"], seen["headers"]["x-call"]) == ("c", "d")
    assert seen["body"] == ""


async def test_failure_of_a_handler_carries_code_message_and_metadata(twin: str, lane: Lane) -> None:
    async with dial(twin, lane) as client:
        with pytest.raises(HttpError) as caught:
            await client.service_call(refuse, "sold out")
        with pytest.raises(HttpError) as unknown:
            await client.generic_call("Nobody", "here", b"")

    error = caught.value
    assert (error.status_code, error.code, error.message) == (422, 422, "sold out")
    assert (error.metadata, error.source) == ({"who": "Greeter"}, "invocation")
    assert (error.invocation_id or "").startswith("inv_1")
    assert (unknown.value.status_code, unknown.value.source) == (404, "ingress")


async def test_idempotency_key_makes_one_invocation_of_two_sends(
    twin: str, lane: Lane, effects: Effects
) -> None:
    request = {"effects": effects.path, "text": "once"}

    async with dial(twin, lane) as client:
        first = await client.service_send(note, request, idempotency_key=effects.path)
        second = await client.service_send(note, request, idempotency_key=effects.path)
        answer = await client.service_call(note, request, idempotency_key=effects.path)

    assert first.is_new
    assert not second.is_new
    assert first.invocation_id == second.invocation_id
    assert answer == "once"
    assert effects.values("note") == ["once"]


async def test_delayed_send_waits_and_can_be_cancelled(twin: str, lane: Lane, effects: Effects) -> None:
    request = {"effects": effects.path, "text": "later"}

    async with dial(twin, lane) as client:
        before = datetime.now(UTC)
        handle = await client.service_send(note, request, timedelta(hours=1))
        with pytest.raises(NotReadyError):
            await client.output(handle.invocation_id)
        await client.cancel(handle.invocation_id)

    assert (handle.status_code, handle.is_new) == (202, True)
    assert handle.execution_time is not None
    assert handle.execution_time - before > timedelta(minutes=59)
    assert effects.values("note") == []


async def test_short_delay_passes(twin: str, lane: Lane, effects: Effects) -> None:
    request = {"effects": effects.path, "text": "soon"}

    async with dial(twin, lane) as client:
        handle = await client.service_send(note, request, send_delay=timedelta(milliseconds=30))
        answer = await client.attach(handle.invocation_id, type_hint=str)

    assert answer == "soon"


async def test_awakeable_is_resolved_with_a_checked_value(twin: str, lane: Lane, effects: Effects) -> None:
    async with dial(twin, lane) as client:
        handle = await client.service_send(model, effects.path)
        awakeable = client.awakeable(effects.wait_for_one("id"), type_hint=Approval)
        with pytest.raises(ValueError, match="amount"):
            await awakeable.resolve({"approved": True})
        await awakeable.resolve(Approval(approved=True, amount=3))
        answer = await client.attach(handle.invocation_id)

    assert answer == "True 3"


async def test_awakeable_is_rejected_with_a_reason(twin: str, lane: Lane, effects: Effects) -> None:
    async with dial(twin, lane) as client:
        handle = await client.service_send(rescued, effects.path)
        awakeable = client.awakeable(effects.wait_for_one("id"))
        with pytest.raises(ValueError, match="code 409"):
            await awakeable.reject("nö", code=409)
        await awakeable.reject("nö")
        answer = await client.attach(handle.invocation_id)

    assert answer == {"message": "nö", "code": 500}


async def test_outcome_is_told_where_the_runtime_tells_it(
    twin: str, lane: Lane, effects: Effects, request: pytest.FixtureRequest
) -> None:
    async with dial(twin, lane) as client:
        await client.service_send(pair, effects.path)
        first, _ = map(client.awakeable, effects.wait_for_one("ids").split())
        outcomes = [await first.resolve("early"), await first.reject("late")]

    is_server = request.config.getoption("--runtime") == "server"
    assert outcomes == (
        [AwakeableOutcome.ACCEPTED] * 2
        if is_server
        else [AwakeableOutcome.APPLIED, AwakeableOutcome.ALREADY_COMPLETED]
    )


async def test_status_tells_what_a_server_does_not(twin: str, lane: Lane, effects: Effects) -> None:
    async with dial(twin, lane) as client:
        handle = await client.service_send(pair, effects.path)
        first, second = map(client.awakeable, effects.wait_for_one("ids").split())
        before = await first.status()
        await first.resolve("early")
        resolved = [await first.status(), await second.status()]
        await second.resolve("end")
        answer = await client.attach(handle.invocation_id)
        ended = [
            await awakeable.status() for awakeable in (first, second, client.awakeable(_third(second.id)))
        ]
        delayed = await client.service_send(pair, effects.path, timedelta(hours=1))
        not_started = await client.awakeable(_first_of(delayed.invocation_id)).status()
        await client.cancel(delayed.invocation_id)
        unknown = await client.awakeable(_first_of(delayed.invocation_id)).status()

    assert answer == ["early", "end"]
    assert before is AwakeableStatus.OPEN
    assert resolved == [AwakeableStatus.COMPLETED, AwakeableStatus.OPEN]
    assert ended == [
        AwakeableStatus.COMPLETED,
        AwakeableStatus.COMPLETED,
        AwakeableStatus.INVOCATION_ENDED,
    ]
    assert not_started is AwakeableStatus.NOT_STARTED
    assert unknown is AwakeableStatus.UNKNOWN_INVOCATION


def _first_of(invocation_id: str) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), 17)


def _third(awakeable_id: str) -> str:
    parsed = _core.parse_awakeable_id(awakeable_id)
    return _core.format_awakeable_id(_core.parse_invocation_id(parsed.invocation_id), 19)


async def test_legacy_id_is_refused_here_and_wedges_nothing(twin: str, lane: Lane, effects: Effects) -> None:
    async with dial(twin, lane) as client:
        handle = await client.service_send(value, effects.path)
        id_ = effects.wait_for_one("id")
        with pytest.raises(InvalidIdError, match="block a partition"):
            client.awakeable(id_.replace("sign_1", "prom_1"))
        await client.awakeable(id_).resolve("fine")
        answer = await client.attach(handle.invocation_id)

    assert answer == {"value": "fine"}


async def test_cancelling_ends_a_waiting_handler(twin: str, lane: Lane, effects: Effects) -> None:
    async with dial(twin, lane) as client:
        handle = await client.service_send(value, effects.path)
        effects.wait_for_one("id")
        await client.cancel(handle.invocation_id)
        with pytest.raises(HttpError) as caught:
            await client.attach(handle.invocation_id)
        with pytest.raises(HttpError) as too_late:
            await client.cancel(handle.invocation_id)

    assert (caught.value.code, caught.value.source) == (409, "invocation")
    assert too_late.value.status_code == 409


async def test_workflow_is_started_signed_and_asked_for_its_result(twin: str, lane: Lane, key: str) -> None:
    async with dial(twin, lane) as client:
        first = await client.workflow_send(run, key, "contract")
        second = await client.workflow_send(run, key, "contract")
        with pytest.raises(NotReadyError):
            await client.workflow_output(run, key)
        await client.workflow_call(decide, key, "yes")
        attached = await client.workflow_attach(run, key)
        asked = await client.workflow_output(run, key)
        with pytest.raises(HttpError) as again:
            await client.workflow_call(run, key, "contract")

    assert (first.is_new, second.is_new) == (True, False)
    assert first.invocation_id == second.invocation_id
    assert attached == asked == {"document": "contract", "decision": "yes", "key": key}
    assert again.value.status_code == 409


async def test_scope_asks_for_the_feature_that_servers_have_switched_off(twin: str, lane: Lane) -> None:
    async with dial(twin, lane) as client:
        with pytest.raises(HttpError, match="vqueues") as caught:
            await client.scope("tenant").service_call(greet, "Ada", "tenant/1")

    assert (caught.value.status_code, caught.value.source) == (400, "ingress")
