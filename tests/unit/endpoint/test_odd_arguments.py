"""For any argument of a context method, the invocation continues or ends; it is never retried because of it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import RunOptions
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.serde import DefaultSerde

from tests import frames
from tests.unit.endpoint.fakes import Call
from tests.unit.endpoint.test_misuse import act, add, greet

if TYPE_CHECKING:
    from collections.abc import Iterator

INVOCATION_ID = "inv_18SXYdySoCYd6AViDuxG8nrXEjsfCseGfB"


def call_with(**more: Any) -> dict[str, Any]:
    return {**more, "arg": "x", "idempotency_key": "k", "headers": {"a": "b"}}


GENERIC = {
    "service": "S",
    "handler": "h",
    "key": "k",
    "idempotency_key": "k",
    "headers": {"a": "b"},
    "arg": b"",
}
READING = {"serde": DefaultSerde(), "type_hint": int}
DAY = timedelta(days=1)
#: Arguments that are right, by method.
METHODS: dict[str, dict[str, Any]] = {
    "run_typed": {"name": "a", "action": act, "options": RunOptions()},
    "run": {
        "name": "a",
        "action": act,
        **READING,
        "max_attempts": 1,
        "max_retry_duration": DAY,
        "args": (1,),
    },
    "sleep": {"delta": DAY, "name": "n"},
    "timeout": {"limit": 3},
    "awakeable": {**READING, "name": "n"},
    "callback": {"type_hint": bool, "name": "n", "expires_in": 3, "labels": {"a": "b"}},
    "resolve_awakeable": {"name": "its own", "value": 1, "serde": DefaultSerde()},
    "reject_awakeable": {"name": "its own", "failure_message": "m", "failure_code": 500},
    "signal": {"name": "s", **READING},
    "resolve_signal": {"invocation_id": INVOCATION_ID, "name": "s", "value": 1, "serde": DefaultSerde()},
    "reject_signal": {
        "invocation_id": INVOCATION_ID,
        "name": "s",
        "failure_message": "m",
        "failure_code": 500,
    },
    "service_call": call_with(tpe=greet),
    "service_send": call_with(tpe=greet, send_delay=DAY),
    "object_call": call_with(tpe=add, key="k"),
    "object_send": call_with(tpe=add, key="k", send_delay=DAY),
    "generic_call": GENERIC,
    "generic_send": {**GENERIC, "send_delay": DAY},
    "cancel_invocation": {"invocation_id": INVOCATION_ID},
    "attach_invocation": {"invocation_id": INVOCATION_ID, **READING},
    "get": {"name": "n", **READING, "entry_name": "e"},
    "set": {"name": "n", "value": 1, "serde": DefaultSerde(), "entry_name": "e"},
    "clear": {"name": "n", "entry_name": "e"},
    "clear_all": {"entry_name": "e"},
    "state_keys": {"entry_name": "e"},
    "promise": {"name": "p", **READING},
    "scope": {"scope": "s"},
}
ODD: list[Any] = [
    *(None, 5, 1.5, -1, 10**30, math.nan, True, b"x", "x", "", "\ud800"),
    *([], [1], {}, {"a": 1}, {1: 2}, object(), int, timedelta.max, timedelta.min, act),
]


@pytest.fixture(autouse=True)
def callback_settings() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
async def test_odd_argument_ends_the_invocation_or_is_taken(method: str) -> None:
    right = METHODS[method]
    assert (await outcome_of(method, right))[-2:] == ["Output", "End"]
    for parameter in right:
        for odd in ODD:
            answer = await outcome_of(method, {**right, parameter: odd})
            assert answer[-2:] == ["Output", "End"], f"{method}({parameter}={odd!r}) gave {answer}"


async def outcome_of(method: str, given: dict[str, Any]) -> list[str]:
    async def handler(ctx: awaken.WorkflowContext) -> None:
        arguments = given | {"name": ctx.awakeable()[0]} if given.get("name") == "its own" else given
        use = getattr(ctx, method)
        result = use(*arguments.values()) if method == "run_typed" else use(**arguments)
        if method == "promise":
            result.resolve(1)

    workflow = awaken.Workflow("W")
    workflow.main(name="h")(handler)
    call = Call(workflow, "h", version=7)
    call.send(frames.request(key="k"))
    await call.until_ended()
    return call.answer
