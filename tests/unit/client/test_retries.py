"""Connection errors: what is sent again, and what must not be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.client import ConnectionRetries
from awaken.client.operation import Request
from awaken.errors import HttpError

from tests.unit.client.services import add, digest, ping, retire, run, status
from tests.unit.client.twins import AWAKEABLE, INVOCATION, TWINS, Recorder, open_twin

if TYPE_CHECKING:
    from collections.abc import Callable

twins = pytest.mark.parametrize("twin", TWINS)
SENT = {"invocationId": INVOCATION, "status": "Accepted"}

REPEATABLE: list[Callable[[Any], Any]] = [
    lambda c: c.service_send(ping, None, idempotency_key="k"),
    lambda c: c.object_send(add, "k", 1, headers={"Idempotency-Key": "k"}),
    lambda c: c.workflow_send(run, "w", "x"),
    lambda c: c.attach(INVOCATION),
    lambda c: c.output(INVOCATION),
    lambda c: c.workflow_attach(retire, "w"),
    lambda c: c.awakeable(AWAKEABLE).resolve(1),
    lambda c: c.awakeable(AWAKEABLE).reject("no"),
]
ONCE_ONLY: list[Callable[[Any], Any]] = [
    lambda c: c.service_call(digest, b""),
    lambda c: c.service_send(ping, None),
    lambda c: c.object_send(add, "k", 1),
    # The second call of a workflow's run is refused, the second send of a shared handler starts it again.
    lambda c: c.workflow_call(retire, "w", "x"),
    lambda c: c.workflow_send(status, "w", None),
    lambda c: c.generic_send("Signup", "run", b"", key="w"),
    lambda c: c.cancel(INVOCATION),
]
BROKEN = [
    httpx.ReadError("reset"),
    httpx.WriteError("broken pipe"),
    httpx.RemoteProtocolError("disconnected"),
]


@twins
@pytest.mark.parametrize("use", REPEATABLE + ONCE_ONLY)
async def test_connection_that_was_not_made_is_tried_again(twin: str, use: Callable[[Any], Any]) -> None:
    recorder = Recorder(
        httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(200, json=SENT)
    )

    async with open_twin(twin, admin="http://admin", transport=httpx.MockTransport(recorder)) as client:
        await use(client)

    assert len(recorder.requests) == 3


@twins
@pytest.mark.parametrize("error", BROKEN, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("use", REPEATABLE)
async def test_broken_connection_repeats_what_is_safe(
    twin: str, use: Callable[[Any], Any], error: httpx.TransportError
) -> None:
    recorder = Recorder(error, httpx.Response(200, json=SENT))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        await use(client)

    assert len(recorder.requests) == 2


@twins
@pytest.mark.parametrize("error", BROKEN, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("use", ONCE_ONLY)
async def test_broken_connection_never_repeats_what_may_have_started_something(
    twin: str, use: Callable[[Any], Any], error: httpx.TransportError
) -> None:
    recorder = Recorder(error, httpx.Response(200, json=SENT))

    async with open_twin(twin, admin="http://admin", transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises(type(error)):
            await use(client)

    assert len(recorder.requests) == 1


@twins
@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ReadTimeout("slow")], ids=["503", "timeout"])
async def test_answers_and_timeouts_are_not_retried(twin: str, answer: httpx.Response | Exception) -> None:
    recorder = Recorder(answer)

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises((HttpError, httpx.ReadTimeout)):
            await client.attach(INVOCATION)

    assert len(recorder.requests) == 1


@twins
async def test_attempts_are_bounded(twin: str) -> None:
    recorder = Recorder(httpx.ConnectError("refused"))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.attach(INVOCATION)

    assert len(recorder.requests) == ConnectionRetries().attempts


@twins
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            httpx.ConnectError("refused"),
            "5 times without a connection; start the runtime, or name its address",
        ),
        (
            httpx.ReadError("reset"),
            "once; the runtime may have received it, so give calls and sends an idempotency key",
        ),
    ],
)
async def test_final_error_names_the_request_and_what_to_do(
    twin: str, error: httpx.TransportError, told: str
) -> None:
    recorder = Recorder(type(error)(str(error)))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises(type(error)) as caught:
            await client.generic_call("Orders", "place", b"1")

    (note,) = caught.value.__notes__
    assert note.startswith(f"tried POST {recorder.requests[0].url} {told}")


def test_pauses_double_up_to_the_longest() -> None:
    retries = ConnectionRetries(
        attempts=2000, first_delay=timedelta(seconds=1), max_delay=timedelta(seconds=5)
    )
    refused = httpx.ConnectError("refused")

    delays = [retries.delay_after(n, Request("GET", "http://x"), refused) for n in (1, 2, 3, 4, 1999, 2000)]

    assert delays == [1, 2, 4, 5, 5, None]


def test_pauses_may_be_seconds() -> None:
    retries = ConnectionRetries(first_delay=0.5, max_delay=1)
    error = httpx.ConnectError("refused")
    request = Request("POST", "http://ingress")

    assert [retries.delay_after(attempt, request, error) for attempt in (1, 2, 3)] == [0.5, 1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first_delay": "1"}, "first_delay of ConnectionRetries is '1', of type str"),
        ({"max_delay": -1}, "max_delay of ConnectionRetries is negative"),
        ({"attempts": 1.5}, "attempts of ConnectionRetries is 1.5, of type float; give a whole number"),
    ],
)
def test_pauses_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConnectionRetries(**options)
