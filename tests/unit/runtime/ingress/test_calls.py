"""Calls and sends: what is accepted, what the runtime is asked, and what callers get back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from awaken.control.errors import AlreadyInvokedError
from awaken.control.operations import Accepted, Completion, Failure, Success, Target
from awaken.runtime.admission import MAX_BODY_SIZE
from awaken.runtime.errors import RuntimeClosedError, StoreError
from awaken.runtime.ingress import Ingress

from tests.unit.runtime.fakes import INVOCATION_ID, NOW_MS, FakeOperations, registered
from tests.unit.runtime.serving import serving
from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


@pytest.fixture
async def operations() -> FakeOperations:
    return FakeOperations(await registered())


@pytest.fixture
async def client(operations: FakeOperations) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(Ingress(operations, await registered())) as client:
        yield client


def completed(result: Success | Failure, expires_at_ms: int | None = None) -> Completion:
    return Completion(INVOCATION_ID, Target("Svc", "echo"), result, expires_at_ms)


async def test_a_call_gives_the_bytes_back(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    response = await client.post("/Svc/echo?a=b", json="hi")

    assert response.status_code == 200
    assert response.content == b'"hi"'
    assert response.headers["x-restate-id"] == INVOCATION_ID
    assert response.headers["content-type"] == "application/json"
    assert "idempotency-expires" not in response.headers
    (request,) = operations.requests
    assert request.target == Target("Svc", "echo")
    assert request.body == b'"hi"'
    assert request.delay_ms is None
    assert request.idempotency_key is None
    assert request.headers[0] == ("x-restate-ingress-path", "/Svc/echo?a=b")


async def test_an_empty_output_has_no_content_type(
    client: httpx.AsyncClient, operations: FakeOperations
) -> None:
    operations.answer = completed(Success(b""), expires_at_ms=1_795_555_744_818)

    response = await client.get("/Svc/echo")

    assert response.status_code == 200
    assert "content-type" not in response.headers
    assert response.headers["idempotency-expires"] == "2026-11-24T21:29:04.818+00:00"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/Svc/echo/", Target("Svc", "echo")),
        ("//Svc/echo", Target("Svc", "echo")),
        ("/restate/call/Svc/echo", Target("Svc", "echo")),
        ("/Obj/a%2Fb%20c%C3%A9/incr", Target("Obj", "incr", "a/b cé")),
        ("/Obj/a+b/incr", Target("Obj", "incr", "a+b")),
        ("/Obj//incr", Target("Obj", "incr", "")),
        ("/restate/call/Obj/k/incr", Target("Obj", "incr", "k")),
        ("/Wf/k/run", Target("Wf", "run", "k")),
    ],
)
async def test_paths_of_calls(
    client: httpx.AsyncClient, operations: FakeOperations, path: str, target: Target
) -> None:
    response = await client.post(str(client.base_url).rstrip("/") + path, json=1)

    assert response.status_code == 200
    assert operations.requests[0].target == target


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (
            "/NoSvc/echo",
            404,
            "service 'NoSvc' not found, make sure to register the service before calling it.",
        ),
        (
            "/Sv%63/echo",
            404,
            "service 'Sv%63' not found, make sure to register the service before calling it.",
        ),
        (
            "/Svc/nohandler",
            404,
            "the service 'Svc' exists, but the handler 'nohandler' was not found, check that the handler exists in "
            "the latest registered service version.",
        ),
        ("/Svc/hidden", 400, "the invoked service is not public"),
        ("/Svc/echo?delay=1s", 400, "cannot use the delay query parameter with calls. "),
        ("/Svc/echo?limit-key=1", 400, "limit-key requires a scope to be set"),
        ("/restate/scope/s/call/Svc/echo", 400, "scoped invocations require vqueues to be enabled"),
        ("/restate/bogus/x", 404, "not found"),
        ("/restate/signal/x", 404, "not found"),
        (
            "/restate/call/Svc/echo/send",
            400,
            "bad path, expected either /restate/call/:service-name/:handler",
        ),
        ("/restate/call", 404, "service '' not found"),
        ("/", 400, "bad path: /"),
        ("/Svc", 400, "bad path: /Svc"),
        ("/openapi", 400, "bad path: /openapi"),
        ("/a/b/c/d/e/f/g/h", 400, "bad path: /a/b/c/d/e/f/g/h"),
        ("/Obj/%ff/incr", 400, "bad path, cannot decode key: "),
    ],
)
async def test_what_is_refused(
    client: httpx.AsyncClient, operations: FakeOperations, path: str, status: int, message: str
) -> None:
    response = await client.post(str(client.base_url).rstrip("/") + path, json=1)

    assert response.status_code == status
    assert response.headers["x-restate-error-source"] == "ingress"
    assert "x-restate-id" not in response.headers
    assert list(response.json()) == ["code", "message", "source"]
    assert response.json()["code"] == status
    assert response.json()["source"] == "ingress"
    assert response.json()["message"].startswith(message)
    assert operations.requests == []


@pytest.mark.parametrize("path", ["/Obj/get_", "/Svc/k/echo", "/Obj/k/get_/extra/x", "/Obj/k1/"])
async def test_paths_of_another_form(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 400
    assert response.json()["message"] == (
        "bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler"
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
async def test_other_methods(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/Svc/echo")

    assert response.status_code == 405


async def test_an_unknown_service_is_told_before_the_method(client: httpx.AsyncClient) -> None:
    assert (await client.put("/NoSvc/echo")).status_code == 404


@pytest.mark.parametrize(
    ("handler", "content_type", "body", "refusal"),
    [
        ("nothing", None, b"", None),
        (
            "nothing",
            "application/json",
            b"",
            "Expected body and content-type to be empty, but wasn't with content-type 'Some(\"application/json\")'",
        ),
        (
            "nothing",
            None,
            b"1",
            "Expected body and content-type to be empty, but wasn't with content-type 'None'",
        ),
        ("echo", None, b"", None),
        ("echo", "application/json", b"", "Empty body not allowed"),
        ("echo", None, b"1", "Empty content-type"),
        ("echo", "text/plain", b"1", "Content-type 'text/plain' does not match 'application/json'"),
        ("echo", "application/json; charset=utf-8", b"1", None),
        (
            "echo",
            "APPLICATION/JSON",
            b"1",
            "Content-type 'APPLICATION/JSON' does not match 'application/json'",
        ),
        ("echo", "application/json", b"{bad", None),
        ("any", "image/png", b"1", None),
        ("any", "image/png", b"", None),
        ("any", None, b"", None),
        ("any", None, b"1", "Empty content-type"),
        ("text", "text/html", b"1", None),
        ("text", "image/png", b"1", "Content-type 'image/png' does not match 'text/*'"),
        ("text", "text/html", b"", "Empty body not allowed"),
        ("text", None, b"", "Empty content-type"),
    ],
)
async def test_inputs(
    client: httpx.AsyncClient, handler: str, content_type: str | None, body: bytes, refusal: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    response = await client.post(f"/Svc/{handler}", content=body, headers=headers)

    if refusal is None:
        assert response.status_code == 200
    else:
        assert response.status_code == 400
        assert response.json()["message"] == f"input validation error: {refusal}"


async def test_headers_reach_the_handler(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    headers = [
        ("X-One", "1"),
        ("x-one", "2"),
        ("Cookie", "c"),
        ("Authorization", "a"),
        ("Idempotency-Key", ""),
        ("idempotency-expires", "never"),
    ]

    await client.post("/Svc/echo", json=1, headers=headers)

    (request,) = operations.requests
    received = dict(request.headers)
    assert received["x-one"] == "1"
    assert (received["cookie"], received["authorization"], received["content-length"]) == ("c", "a", "1")
    assert not {"host", "connection", "idempotency-key", "idempotency-expires"} & set(received)
    assert request.idempotency_key == ""


@pytest.mark.parametrize("name", ["idempotency-key", "x-name"])
async def test_header_values_are_visible_ascii(client: httpx.AsyncClient, name: str) -> None:
    response = await client.post(
        "/Svc/echo",
        content=b"1",
        headers=[(b"content-type", b"application/json"), (name.encode(), "é".encode())],
    )

    assert response.status_code == 400
    assert response.json()["message"] == f"bad header {name}: ToStrError {{ _priv: () }}"


async def test_a_send_gives_the_id(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    response = await client.post("/Svc/echo/send", json=1)

    assert response.status_code == 202
    assert response.json() == {"invocationId": INVOCATION_ID, "status": "Accepted"}
    assert response.headers["x-restate-id"] == INVOCATION_ID
    assert operations.requests[0].delay_ms is None


@pytest.mark.parametrize("path", ["/Obj/k/incr/send", "/restate/send/Obj/k/incr"])
async def test_a_delayed_send_tells_when(
    client: httpx.AsyncClient, operations: FakeOperations, path: str
) -> None:
    response = await client.post(f"{path}?other=1&Delay=10s&delay=20s", json=1)

    assert response.status_code == 202
    assert operations.requests[0].delay_ms == 10_000
    assert response.json() == {
        "invocationId": INVOCATION_ID,
        "executionTime": "2026-11-24T21:16:50.123000000Z",
        "status": "Accepted",
    }


async def test_no_delay_is_a_delay(client: httpx.AsyncClient) -> None:
    response = await client.post("/Svc/echo/send?delay=0s", json=1)

    assert response.json()["executionTime"] == "2026-11-24T21:16:40.123000000Z"


@pytest.mark.parametrize("delay", ["10", "abc", "", "-5s", "P1M"])
async def test_bad_delays(client: httpx.AsyncClient, operations: FakeOperations, delay: str) -> None:
    response = await client.post(f"/Svc/echo/send?delay={delay}", json=1)

    assert response.status_code == 400
    assert response.json()["message"].startswith("bad delay query parameter, must be a ISO8601 duration: ")
    assert operations.requests == []


@pytest.mark.parametrize(
    "delay", ["2912200d", "3650000d", "251607000s 2912000d", f"{2**63 - 1}ms", "PT999999999999S"]
)
async def test_a_delay_beyond_the_last_date_is_refused_and_nothing_is_sent(
    client: httpx.AsyncClient, operations: FakeOperations, delay: str
) -> None:
    response = await client.post(f"/Svc/echo/send?delay={delay}", json=1)

    assert response.status_code == 400
    assert "after the year 9999" in response.json()["message"]
    assert operations.requests == []


async def test_a_send_seen_before(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = Accepted(INVOCATION_ID, is_new=False, execution_time_ms=NOW_MS)

    response = await client.post("/Svc/echo/send?delay=1h", json=1, headers={"idempotency-key": "k"})

    assert operations.requests[0].idempotency_key == "k"
    assert response.json() == {
        "invocationId": INVOCATION_ID,
        "executionTime": "2026-11-24T21:16:40.123000000Z",
        "status": "PreviouslyAccepted",
    }


@pytest.mark.parametrize(
    ("code", "status"), [(500, 500), (418, 418), (432, 432), (600, 600), (999, 999), (200, 200), (0, 500)]
)
async def test_a_terminal_error_keeps_its_code(
    client: httpx.AsyncClient, operations: FakeOperations, code: int, status: int
) -> None:
    operations.answer = completed(Failure(code, "teapot", {"k": "v"}, "Traceback"), expires_at_ms=1)

    response = await client.post("/Svc/echo", json=1)

    assert response.status_code == status
    assert response.headers["x-restate-error-source"] == "invocation"
    assert response.headers["x-restate-id"] == INVOCATION_ID
    assert "idempotency-expires" in response.headers
    assert list(response.json().items()) == [
        ("code", code),
        ("message", "teapot"),
        ("metadata", {"k": "v"}),
        ("stacktrace", "Traceback"),
        ("source", "invocation"),
    ]


@pytest.mark.parametrize("code", [204, 304])
async def test_some_codes_have_no_body(
    client: httpx.AsyncClient, operations: FakeOperations, code: int
) -> None:
    operations.answer = completed(Failure(code, "nothing"))

    response = await client.post("/Svc/echo", json=1)

    assert (response.status_code, response.content) == (code, b"")


async def test_a_1xx_is_no_end(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = completed(Failure(101, "switch"))

    response = await client.post("/Svc/echo", json=1)

    assert response.status_code == 500
    assert response.json()["code"] == 101


async def test_what_the_handler_says_may_be_no_text_at_all(
    client: httpx.AsyncClient, operations: FakeOperations
) -> None:
    operations.answer = completed(Failure(500, "lone \ud800 surrogate"))

    response = await client.post("/Svc/echo", json=1)

    assert response.status_code == 500
    assert response.json()["message"] == "lone ? surrogate"


async def test_a_workflow_runs_once(client: httpx.AsyncClient, operations: FakeOperations) -> None:
    operations.answer = AlreadyInvokedError(INVOCATION_ID)

    response = await client.post("/Wf/k/run", json=1)

    assert response.status_code == 409
    assert response.json() == {
        "code": 409,
        "message": "the workflow method was already invoked",
        "source": "invocation",
    }
    assert response.headers["x-restate-id"] == INVOCATION_ID


async def test_a_workflow_needs_no_idempotency_key(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "k"}

    assert (await client.post("/Wf/k/run", json=1, headers=headers)).status_code == 400
    assert (await client.get("/Wf/k/peek", headers=headers)).status_code == 200


async def test_a_body_may_have_32_mib(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "image/png"}

    response = await client.post("/Svc/any", content=bytes(MAX_BODY_SIZE), headers=headers)

    assert response.status_code == 200


async def test_a_larger_one_is_refused_when_it_is_announced(client: httpx.AsyncClient) -> None:
    response = await client.post("/Svc/any", content=bytes(MAX_BODY_SIZE + 1))

    assert (response.status_code, response.text) == (413, "length limit exceeded")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "vary" not in response.headers


async def test_a_larger_one_is_refused_when_it_turns_out_to_be(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(33):
            yield bytes(1024 * 1024)

    response = await client.post("/Svc/any", content=chunks(), headers={"content-type": "image/png"})

    assert response.status_code == 413
    assert response.json()["message"] == "cannot read body: LengthLimitError"


async def test_what_breaks_in_the_runtime_is_told_to_the_log_only(
    client: httpx.AsyncClient, operations: FakeOperations, caplog: pytest.LogCaptureFixture
) -> None:
    operations.answer = RuntimeError("secret")

    response = await client.post("/Svc/echo", json=1)

    assert response.status_code == 500
    assert "secret" not in response.text
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    "error", [StoreError("cannot write: disk full"), RuntimeClosedError("the runtime stops")]
)
async def test_what_cannot_be_kept_is_told(
    client: httpx.AsyncClient, operations: FakeOperations, error: Exception
) -> None:
    operations.answer = error

    response = await client.post("/Svc/echo/send", json=1)

    assert response.status_code == 503
    assert response.json() == {"code": 503, "message": str(error), "source": "ingress"}


async def test_a_caller_who_leaves_is_not_waited_for(operations: FakeOperations) -> None:
    # given a call that waits
    operations.waits = asyncio.Event()

    # when the client leaves
    async with serving(Ingress(operations, await registered())) as client:
        call = asyncio.create_task(client.post("/Svc/nothing"))
        await operations.waits.wait()
        call.cancel()
        await wait_until(lambda: operations.was_left)

    # then no caller is left
    assert operations.was_left
