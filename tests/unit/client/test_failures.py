"""Error responses, and requests that are refused before they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.errors import HttpError, InvalidIdError, NotReadyError, SerdeError

from tests.unit.client.services import Person, greet, ping, status
from tests.unit.client.twins import AWAKEABLE, INVOCATION, TWINS, Recorder, open_twin

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.parametrize("twin", TWINS)
#: Signals 1 and 16 of the same invocation.
CANCEL = "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAAQ"
RESERVED = "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEA"


async def failing(twin: str, answer: httpx.Response) -> HttpError:
    async with open_twin(twin, transport=httpx.MockTransport(Recorder(answer))) as client:
        with pytest.raises(HttpError) as caught:
            await client.service_call(ping, None)
    return caught.value


async def test_terminal_error_keeps_code_message_and_metadata(twin: str) -> None:
    facts = {"code": 418, "message": "teapot", "metadata": {"k": "v"}, "source": "invocation"}

    error = await failing(twin, httpx.Response(418, json=facts, headers={"x-restate-id": INVOCATION}))

    assert str(error) == "HTTP 418: teapot"
    assert (error.status_code, error.code, error.message) == (418, 418, "teapot")
    assert (error.metadata, error.source, error.invocation_id) == ({"k": "v"}, "invocation", INVOCATION)
    assert error.stacktrace is None
    assert "teapot" in (error.body or "")


async def test_code_that_http_cannot_express_is_kept(twin: str) -> None:
    error = await failing(twin, httpx.Response(500, json={"code": 1000, "message": "m", "stacktrace": "s"}))

    assert (error.status_code, error.code, error.stacktrace) == (500, 1000, "s")


async def test_failure_with_code_200_is_an_error(twin: str) -> None:
    answer = httpx.Response(
        200, json={"code": 200, "message": "not fine"}, headers={"x-restate-error-source": "invocation"}
    )

    error = await failing(twin, answer)

    assert (error.status_code, error.message, error.source) == (200, "not fine", "invocation")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(413, text="length limit exceeded"), "length limit exceeded"),
        (httpx.Response(502, content=b"\xff"), "\ufffd"),
        (httpx.Response(503), "the answer gives no reason"),
        (httpx.Response(500, json=["odd"]), '["odd"]'),
        (httpx.Response(301, headers={"location": "/elsewhere"}), "the answer gives no reason"),
        (httpx.Response(404, json={"message": "no such thing", "restate_code": None}), "no such thing"),
    ],
)
async def test_answer_of_another_shape_is_an_error_with_its_text(
    twin: str, answer: httpx.Response, message: str
) -> None:
    error = await failing(twin, answer)

    assert (error.status_code, error.code, error.message) == (answer.status_code, answer.status_code, message)
    assert error.metadata == {}


async def test_output_that_is_not_there_yet_has_its_own_type(twin: str) -> None:
    facts = {"code": 470, "message": "not completed", "source": "ingress"}
    recorder = Recorder(httpx.Response(470, json=facts))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises(NotReadyError, match="not completed"):
            await client.output(INVOCATION)


@pytest.mark.parametrize(
    ("use", "error", "text"),
    [
        (lambda c: c.attach("garbage"), InvalidIdError, "garbage"),
        (lambda c: c.output(AWAKEABLE), InvalidIdError, "sign_1"),
        (lambda c: c.cancel("inv_2"), InvalidIdError, "inv_2"),
        (
            lambda c: c.attach(42),
            TypeError,
            "42 is not an invocation id; pass a str, such as the `invocation_id`",
        ),
        (lambda c: c.cancel(INVOCATION), ValueError, "admin='http"),
        (lambda c: c.awakeable(AWAKEABLE).status(), ValueError, "admin='http"),
        (lambda c: c.awakeable("garbage"), InvalidIdError, "garbage"),
        (lambda c: c.awakeable(AWAKEABLE.replace("sign", "prom")), InvalidIdError, "block a partition"),
        (lambda c: c.awakeable(CANCEL), InvalidIdError, "would cancel the invocation"),
        (lambda c: c.awakeable(RESERVED), InvalidIdError, "signals below 17"),
        (lambda c: c.awakeable(AWAKEABLE).reject("no", 404), ValueError, "code 404"),
        (lambda c: c.awakeable(AWAKEABLE, type_hint=Person).resolve({"age": 1}), SerdeError, "Person"),
        (lambda c: c.awakeable(AWAKEABLE).resolve(float("nan")), SerdeError, "nan"),
        (lambda c: c.service_call(greet, float("nan")), SerdeError, "nan"),
        (lambda c: c.service_call(len, None), ValueError, "not decorated"),
        (lambda c: c.workflow_attach(status, "w"), ValueError, "not the main handler of a workflow"),
    ],
)
async def test_request_that_cannot_work_is_not_sent(
    twin: str, use: Callable[[Any], Any], error: type[Exception], text: str
) -> None:
    recorder = Recorder(httpx.Response(200))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        with pytest.raises(error, match=text):
            await use(client)

    assert recorder.requests == []


async def test_value_of_the_type_is_sent(twin: str) -> None:
    recorder = Recorder(httpx.Response(202))

    async with open_twin(twin, transport=httpx.MockTransport(recorder)) as client:
        await client.awakeable(AWAKEABLE, type_hint=Person).resolve(Person("Ada"))

    assert recorder.request.content == b'{"name": "Ada", "age": 0}'
