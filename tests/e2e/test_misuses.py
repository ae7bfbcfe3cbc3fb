"""A mistake that every attempt would repeat ends the invocation at once, with a text that says what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client

USES = {
    "state": 'cannot write state "cart", of type dict: ',
    "argument": "cannot write the argument of a call to Greeter/greet, of type object: ",
    "options": 'the third argument of run "charge" is 100, of type int; options come before arguments',
    "coroutine": 'run "charge" was given the coroutine of charge(...), which was already called; give the function',
    "action": "run_typed() missing 1 required positional argument: 'action'",
    "sleep": "the duration of ctx.sleep is 'tomorrow', of type str; give a datetime.timedelta, or seconds",
    "endless sleep": "ends after the year 9999",
    "endless delay": "send_delay of a send to Greeter/greet is datetime.timedelta(",
    "key": "the key of Misused/keyed in object_call(handler, key, argument) is 5, of type int; give a str",
    "target": "Handler not found: Misused is a virtual object; pass one of its handlers",
    "unawaited": 'state "cart" was used before it was awaited; write `await`',
    "unawaited JSON": "write `await` before the call that returned it",
}


@pytest.mark.parametrize("what", USES)
def test_misuse_ends_the_invocation_in_its_first_attempt(client: Client, effects: Effects, what: str) -> None:
    failure = client.failure(client.send(f"Misused/{what}/use", {"what": what, "effects": effects.path}))

    assert (failure.code, failure.source) == (500, "invocation")
    assert USES[what] in failure.message
    assert "misuses.py:" not in failure.message  # callers read it
    assert len(effects.values("attempt")) == 1


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        (
            "result",
            "cannot write the result of Misused/result, of type dict at $.share: nan is not a JSON number",
        ),
        ("run_result", 'cannot write the result of run "bill", of type dict: '),
        ("retry_in_years", "servers do not keep a retry for longer than 365 days"),
        ("retry", "retry_after of RetryableError is datetime.timedelta("),
    ],
)
def test_what_cannot_be_written_or_told_ends_the_invocation(
    client: Client, effects: Effects, handler: str, message: str
) -> None:
    failure = client.failure(client.send(f"Misused/{handler}/{handler}", effects.path))

    assert failure.code == 500
    assert message in failure.message
    assert len(effects.values("attempt")) == 1


def test_number_is_taken_as_seconds(client: Client) -> None:
    assert client.call("Misused/k/seconds") == "slept"
