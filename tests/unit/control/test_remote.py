"""A runtime at a URL: what is sent to it, and what its answers mean."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken import _core
from awaken.control.errors import (
    InvalidRequestError,
    NoAnswerError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from awaken.control.nodes import describe_break
from awaken.control.operations import Change, Failure, InvocationRequest, Target
from awaken.control.reads import find_awakeable, find_invocation
from awaken.control.remote import RemoteOperations, connect_runtime
from awaken.control.runtime_http import connect_http
from awaken.errors import InvalidIdError
from awaken.outcomes import AwakeableOutcome

from tests.unit.control.completing import complete

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.control.lanes import Kind

INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
AWAKEABLE = _core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), 17)
INGRESS, ADMIN = "http://runtime", "http://runtime:9070"
ROW = {
    "id": INVOCATION,
    "target_service_name": "Desk",
    "target_handler_name": "sign",
    "status": "suspended",
    "modified_at": "2026-11-22T09:48:21.213Z",
}


class Server:
    """Answers as a Restate server does: 202 to every completion, and what its tables have."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.invocations: list[dict[str, Any]] = [ROW]
        self.signals: list[dict[str, Any]] = []
        #: The signal that a completion leaves in the journal.
        self.applies: dict[str, Any] | None = None
        self.headers: dict[str, str] = {}
        self.questions: list[str] = []

    def ingress(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path))
        if self.applies is not None:
            self.signals.append(self.applies)
        return httpx.Response(202, headers=self.headers)

    def admin(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/query":
            return httpx.Response(200, json={"rows": self.rows(json.loads(request.content)["query"])})
        self.requests.append((request.method, request.url.path))
        return httpx.Response(202 if request.method == "PATCH" else 404)

    def rows(self, question: str) -> list[dict[str, Any]]:
        if "LEFT JOIN" in question:  # the status of an awakeable
            signals = [{"entry_lite_json": row["entry_lite_json"]} for row in self.signals] or [{}]
            return [{"status": row["status"], **one} for row in self.invocations for one in signals]
        if "'Command: Run'" in question:  # the document of a question, which this one does not have
            return []
        self.questions.append(question)
        return self.signals if "sys_journal" in question else self.invocations


def connect(
    ingress: Callable[[httpx.Request], httpx.Response],
    admin: Callable[[httpx.Request], httpx.Response] | None,
) -> RemoteOperations:
    def make(url: str, _kind: Kind) -> httpx.AsyncClient:
        handler = admin if url == ADMIN and admin is not None else ingress
        return httpx.AsyncClient(transport=httpx.MockTransport(handler), base_url=url)

    return RemoteOperations(connect_http(INGRESS, None if admin is None else ADMIN, make=make))


def signal(result: dict[str, Any]) -> dict[str, Any]:
    entry = {"Notification": {"Signal": {"id": {"Index": 17}, "result": result}}}
    lite = {"Notification": {"ty": "Signal", "id": {"SignalIndex": 17}, "result": next(iter(result))}}
    kinds = {"id": INVOCATION, "index": 3, "entry_type": "Notification: Signal"}
    return {**kinds, "entry_json": json.dumps(entry), "entry_lite_json": json.dumps(lite)}


YES = signal({"Success": list(b'"yes"')})
NO = signal({"Failure": {"message": "no"}})


@pytest.mark.parametrize(
    ("row", "stored", "applied", "outcome", "sent"),
    [
        ({}, [], YES, AwakeableOutcome.APPLIED, 1),
        ({}, [], NO, AwakeableOutcome.ALREADY_COMPLETED, 1),
        ({}, [YES], None, AwakeableOutcome.ALREADY_COMPLETED, 0),
        ({"status": "completed"}, [], None, AwakeableOutcome.GONE, 0),
        ({"status": "completed"}, [NO], None, AwakeableOutcome.ALREADY_COMPLETED, 0),
        ({"status": "pending"}, [], None, AwakeableOutcome.INVALID, 0),
        (None, [], None, AwakeableOutcome.UNKNOWN, 0),
    ],
)
async def test_a_server_is_looked_at_before_and_after(
    row: dict[str, Any] | None,
    stored: list[dict[str, Any]],
    applied: dict[str, Any] | None,
    outcome: AwakeableOutcome,
    sent: int,
) -> None:
    server = Server()
    server.invocations = [] if row is None else [{**ROW, **row}]
    server.signals = list(stored)
    server.applies = applied

    assert await complete(connect(server.ingress, server.admin), AWAKEABLE, b'"yes"') is outcome
    assert len(server.requests) == sent


async def test_a_server_that_is_busy_is_asked_few_questions() -> None:
    server = Server()  # which never applies what it has accepted

    outcome = await complete(connect(server.ingress, server.admin), AWAKEABLE, b'"yes"')

    assert outcome is AwakeableOutcome.ACCEPTED
    assert len(server.questions) < 10


async def test_only_the_first_result_of_its_own_signal_is_read() -> None:
    server = Server()
    server.applies = {**YES, "raw_length": 2 * 1024 * 1024}

    await complete(connect(server.ingress, server.admin), AWAKEABLE, b'"yes"')

    beside, alone = [question for question in server.questions if "entry_json" in question]
    assert "CASE WHEN raw_length <= 1048576 THEN entry_json END" in beside
    for question in (beside, alone):
        assert '"SignalIndex":17}' in question
        assert question.endswith("LIMIT 1")


async def test_without_an_admin_api_a_server_accepts() -> None:
    server = Server()

    outcome = await complete(connect(server.ingress, None), AWAKEABLE, Failure(500, "no"))

    assert outcome is AwakeableOutcome.ACCEPTED
    assert server.requests == [("POST", f"/restate/awakeables/{AWAKEABLE}/reject")]


@pytest.mark.parametrize("outcome", list(AwakeableOutcome))
async def test_what_an_ingress_reports_is_the_outcome(outcome: AwakeableOutcome) -> None:
    server = Server()
    server.headers = {"x-awaken-outcome": outcome.value}

    assert await complete(connect(server.ingress, None), AWAKEABLE, b"1") is outcome


@pytest.mark.parametrize(
    "awakeable_id", ["", "garbage", AWAKEABLE.replace("sign_1", "prom_1"), AWAKEABLE[:-2]]
)
async def test_malformed_ids_are_not_sent(awakeable_id: str) -> None:
    server = Server()
    runtime = connect(server.ingress, server.admin)

    for work in (runtime.resolve_awakeable(awakeable_id, b""), find_awakeable(runtime, awakeable_id)):
        with pytest.raises(InvalidIdError):
            await work
    for ask in (
        runtime.attach("garbage"),
        runtime.kill("garbage"),
        runtime.awakeables(invocation_id="garbage"),
        find_invocation(runtime, "garbage"),
    ):
        with pytest.raises(InvalidIdError):
            await ask
    assert server.requests == []


async def test_failures_that_no_ingress_carries_are_not_sent() -> None:
    server = Server()
    runtime = connect(server.ingress, server.admin)

    for failure in (Failure(404, "gone"), Failure(500, "no", {"who": "me"})):
        with pytest.raises(InvalidRequestError, match="cannot be carried"):
            await complete(runtime, AWAKEABLE, failure)
    assert server.requests == []


async def test_a_server_without_the_route_is_asked_for_its_tables() -> None:
    server = Server()
    server.invocations = [{**ROW, "suspended_waiting_future_json": '{"Single":{"SignalIndex":17}}'}]
    runtime = connect(server.ingress, server.admin)

    pages = [await runtime.awakeables() for _ in range(2)]

    assert [one.awakeable_id for page in pages for one in page.awakeables] == [AWAKEABLE, AWAKEABLE]
    assert server.requests == [("GET", "/awakeables")]


async def test_a_server_without_a_list_of_answers_is_asked_for_its_journals() -> None:
    server = Server()
    runtime = connect(server.ingress, server.admin)

    pages = [await runtime.stored_answers() for _ in range(2)]

    assert [page.answers for page in pages] == [(), ()]
    assert server.requests == [("GET", "/answers")]


async def test_changes_tell_whether_they_are_done() -> None:
    server = Server()

    assert await connect(server.ingress, server.admin).cancel(INVOCATION) is Change.REQUESTED
    assert server.requests == [("PATCH", f"/invocations/{INVOCATION}/cancel")]


async def test_a_silent_runtime_and_a_missing_one_are_told_apart() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    def missing(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NoAnswerError, match="the ingress at http://runtime gave no answer within 60 s"):
        await connect(silent, None).attach(INVOCATION)
    with pytest.raises(
        UnreachableError, match="the ingress at http://runtime cannot be reached: refused"
    ) as error:
        await connect(missing, None).attach(INVOCATION)
    assert (error.value.interface, error.value.url) == ("ingress", "http://runtime")


async def test_a_refused_connection_is_reported_as_the_system_does() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    runtime = connect_runtime(None, f"http://127.0.0.1:{port}")

    with pytest.raises(UnreachableError, match=r"cannot be reached: \[Errno \d+\] "):
        await runtime.cancel(INVOCATION)
    await runtime.close()


async def test_a_runtime_that_closes_the_connection_may_have_done_what_was_asked() -> None:
    def closing(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)

    with pytest.raises(UnavailableError, match="gave no answer: Server disconnected") as error:
        await connect(closing, None).resolve_awakeable(AWAKEABLE, b"1")
    assert not isinstance(error.value, UnreachableError)


@pytest.mark.parametrize(
    ("url", "advice"),
    [("http://here", "; if TLS is spoken there, write https:// in the URL"), ("https://here", "")],
)
def test_a_connection_that_breaks_without_a_word_is_described(url: str, advice: str) -> None:
    assert describe_break(httpx.ReadError(""), url) == f"the connection was closed (ReadError){advice}"


async def test_only_results_of_invocations_may_take_any_time() -> None:
    limits: dict[str, float | None] = {}

    def note(request: httpx.Request) -> httpx.Response:
        limits[request.url.path] = request.extensions["timeout"]["read"]
        return httpx.Response(202, json={"invocationId": INVOCATION, "status": "Accepted", "rows": []})

    runtime = connect(note, note)
    await runtime.call(InvocationRequest(Target("Desk", "sign")))
    await runtime.attach(INVOCATION)
    await runtime.send(InvocationRequest(Target("Desk", "sign")))
    await runtime.output(INVOCATION)
    await runtime.kill(INVOCATION)
    await runtime.ask("SELECT 1")
    await connect(note, None).resolve_awakeable(AWAKEABLE, b"1")

    assert limits == {
        "/Desk/sign": None,
        f"/restate/invocation/{INVOCATION}/attach": None,
        "/Desk/sign/send": 60.0,
        f"/restate/invocation/{INVOCATION}/output": 60.0,
        f"/invocations/{INVOCATION}/kill": 60.0,
        "/query": 60.0,
        f"/restate/awakeables/{AWAKEABLE}/resolve": 60.0,
    }


async def test_something_else_at_the_address_is_named() -> None:
    def stranger(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, text="<html>not here</html>")

    with pytest.raises(UnexpectedAnswerError, match="not as a runtime does"):
        await connect(stranger, stranger).cancel(INVOCATION)


@pytest.mark.parametrize(
    ("status", "message"), [(400, "bad path: /query"), (404, "service 'invocations' not found")]
)
async def test_an_ingress_where_an_admin_api_belongs_is_named(status: int, message: str) -> None:
    def ingress(request: httpx.Request) -> httpx.Response:
        facts = {"code": status, "message": message, "source": "ingress"}
        return httpx.Response(status, headers={"x-restate-error-source": "ingress"}, json=facts)

    runtime = connect(ingress, ingress)

    for work in (find_invocation(runtime, INVOCATION), runtime.cancel(INVOCATION)):
        with pytest.raises(
            UnexpectedAnswerError, match=r"^http://runtime:9070 is an ingress; give the URL of"
        ):
            await work
