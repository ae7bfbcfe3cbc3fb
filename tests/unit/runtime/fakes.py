"""Stand-ins for what the ingress and the admin API use: an endpoint that answers discovery, a store, and a runtime."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from awaken.control.operations import (
    Accepted,
    AnswerRules,
    AwakeablePage,
    Change,
    Completion,
    StoredAnswerPage,
    Success,
)
from awaken.outcomes import AwakeableOutcome
from awaken.runtime.admission import admit, due_ms
from awaken.runtime.callers import Pledge
from awaken.runtime.deployments import Deployments

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from awaken.control.catalog import DeploymentView, ServiceView
    from awaken.control.operations import AnswerCodec, Failure, InvocationRequest
    from awaken.runtime.deployments.discovery import DialerFactory
    from awaken.runtime.schema import Schema
    from awaken.runtime.settings import RuntimeSettings

INVOCATION_ID = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
AWAKEABLE_ID = "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ"
MANIFEST_V4 = "application/vnd.restate.endpointmanifest.v4+json"
NOW_MS = 1_795_555_000_123

JSON_INPUT = {"required": False, "contentType": "application/json", "jsonSchema": {"type": "string"}}
JSON_OUTPUT = {"contentType": "application/json", "setContentTypeIfEmpty": False}

SERVICES: list[dict[str, Any]] = [
    {
        "name": "Svc",
        "ty": "SERVICE",
        "handlers": [
            {"name": "echo", "input": JSON_INPUT, "output": JSON_OUTPUT},
            {"name": "nothing", "input": {}, "output": {"setContentTypeIfEmpty": False}},
            {"name": "any", "input": {"contentType": "*/*"}},
            {"name": "text", "input": {"contentType": "text/*", "required": True}},
            {"name": "hidden", "input": JSON_INPUT, "ingressPrivate": True},
        ],
    },
    {
        "name": "Obj",
        "ty": "VIRTUAL_OBJECT",
        "handlers": [
            {"name": "incr", "ty": "EXCLUSIVE", "input": JSON_INPUT, "output": JSON_OUTPUT},
            {"name": "get_", "ty": "SHARED", "input": {}, "output": JSON_OUTPUT},
        ],
    },
    {
        "name": "Wf",
        "ty": "WORKFLOW",
        "handlers": [
            {"name": "run", "ty": "WORKFLOW", "input": JSON_INPUT, "output": JSON_OUTPUT},
            {"name": "peek", "ty": "SHARED", "input": {}, "output": JSON_OUTPUT},
        ],
    },
]


def manifest(services: Sequence[Mapping[str, Any]] = SERVICES, **members: Any) -> bytes:
    return json.dumps(
        {
            "protocolMode": "BIDI_STREAM",
            "minProtocolVersion": 5,
            "maxProtocolVersion": 7,
            "services": services,
            **members,
        }
    ).encode()


@dataclass
class CannedEndpoint:
    """Answers every request alike, in two pieces; `failures` says how often it is not there first."""

    body: bytes = field(default_factory=manifest)
    status: int = 200
    content_type: str = MANIFEST_V4
    failures: int = 0
    only_http_11: bool = False
    #: Whether requests wait for `answer`.
    is_silent: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def refuses(self, *, use_http_11: bool) -> bool:
        if self.failures:
            self.failures -= 1
            return True
        return self.only_http_11 and not use_http_11

    def answer(self) -> None:
        """Answer the request that has waited longest."""
        self.waiting.pop(0)()


class CannedOutgoing:
    def __init__(self, endpoint: CannedEndpoint, on_change: Callable[[], None], *, is_refused: bool) -> None:
        self.credit = 65_536
        self.status: int | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.is_ended = False
        self.is_reset = False
        self.failure: str | None = None
        self.is_joining = True
        self._endpoint = endpoint
        self._on_change = on_change
        self._body = b""
        loop = asyncio.get_running_loop()
        if is_refused:
            loop.call_soon(self._fail)
        elif endpoint.is_silent:
            body = endpoint.body
            endpoint.waiting.append(lambda: self._begin(body))
        else:
            loop.call_soon(self._begin, endpoint.body)

    def send(self, data: bytes) -> None:
        raise AssertionError("discovery has no body")

    def end(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def take(self) -> bytes:
        body, self._body = self._body, b""
        return body

    def _fail(self) -> None:
        self.is_reset = True
        self.failure = "connection refused"
        self._on_change()

    def _begin(self, body: bytes) -> None:
        self.status = self._endpoint.status
        self.headers = [("content-type", self._endpoint.content_type), ("x-restate-server", "fake/1.0")]
        self._body = body[:10]
        self._on_change()
        asyncio.get_running_loop().call_soon(self._end, body[10:])

    def _end(self, rest: bytes) -> None:
        self._body += rest
        self.is_ended = True
        self._on_change()


class CannedDialer:
    def __init__(self, endpoint: CannedEndpoint, *, use_http_11: bool) -> None:
        self.is_closed = False
        self._endpoint = endpoint
        self._use_http_11 = use_http_11

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> CannedOutgoing:
        self._endpoint.requests.append((method, path, dict(headers)))
        is_refused = self._endpoint.refuses(use_http_11=self._use_http_11)
        return CannedOutgoing(self._endpoint, on_change, is_refused=is_refused)

    async def close(self) -> None:
        self.is_closed = True


class Network:
    """Endpoints by normalized address; no other address answers."""

    def __init__(self, **endpoints: CannedEndpoint) -> None:
        self.endpoints = {f"http://{host}/": endpoint for host, endpoint in endpoints.items()}
        self.dialers: list[CannedDialer] = []

    def dial(self, uri: str, *, use_http_11: bool) -> CannedDialer:
        endpoint = self.endpoints.get(uri) or CannedEndpoint(failures=1_000_000)
        dialer = CannedDialer(endpoint, use_http_11=use_http_11)
        self.dialers.append(dialer)
        return dialer


class DictStore:
    def __init__(self) -> None:
        self.documents: dict[str, str] = {}

    def load_deployments(self) -> Iterable[tuple[str, str]]:
        return list(self.documents.items())

    async def save_deployment(self, deployment_id: str, created_at_ms: int, document: str) -> None:
        self.documents[deployment_id] = document

    async def delete_deployment(self, deployment_id: str) -> None:
        del self.documents[deployment_id]


class Ticks:
    """A clock that every look moves on."""

    def __init__(self) -> None:
        self.now = NOW_MS

    def __call__(self) -> int:
        self.now += 1
        return self.now


def make_deployments(
    dial: DialerFactory, store: DictStore | None = None, settings: RuntimeSettings | None = None
) -> Deployments:
    return Deployments(store or DictStore(), dial, now_ms=Ticks(), defaults=settings, pauses=(0.0,))


async def registered() -> Deployments:
    """Return the schema of SERVICES."""
    deployments = make_deployments(Network(canned=CannedEndpoint()).dial)
    await deployments.register("http://canned")
    return deployments


T = TypeVar("T")


def _pledge(work: Coroutine[Any, Any, T]) -> Pledge[T]:
    """Return what work does that waits for nothing."""
    committed = asyncio.get_running_loop().create_future()
    committed.set_result(None)
    try:
        work.send(None)
    except StopIteration as done:
        return Pledge(done.value, committed)
    raise AssertionError("it waits")


class FakeOperations:
    """Records requests, and gives or raises the prepared answers. With a schema it admits as a runtime does."""

    def __init__(self, schema: Schema | None = None) -> None:
        self.schema = schema
        self.asked: list[tuple[Any, ...]] = []
        self.requests: list[InvocationRequest] = []
        self.answer: Any = None
        #: Set when a caller begins to wait; it then waits forever.
        self.waits: asyncio.Event | None = None
        self.was_left = False

    async def call(self, request: InvocationRequest) -> Completion:
        self._admit(request)
        self.requests.append(request)
        await self._wait()
        completion: Completion = self._tell(Completion(INVOCATION_ID, request.target, Success(request.body)))
        return completion

    async def services(self) -> Sequence[ServiceView]:
        return ()

    async def deployments(self) -> Sequence[DeploymentView]:
        return ()

    async def ingress_address(self) -> str:
        return "http://127.0.0.1:8080/"

    async def send(self, request: InvocationRequest) -> Accepted:
        at_ms = due_ms(NOW_MS, request.delay_ms)
        self._admit(request)
        self.requests.append(request)
        accepted: Accepted = self._tell(Accepted(INVOCATION_ID, is_new=True, execution_time_ms=at_ms))
        return accepted

    async def attach(self, invocation_id: str) -> Completion:
        self.asked.append(("attach", invocation_id))
        await self._wait()
        return self._completion()

    async def output(self, invocation_id: str) -> Completion:
        self.asked.append(("output", invocation_id))
        return self._completion()

    async def answer_rules(self, awakeable_id: str) -> AnswerRules:
        return AnswerRules()

    def codec_of(self, service: str) -> AnswerCodec | None:
        return None

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        self.asked.append(("resolve", awakeable_id, value))
        outcome: AwakeableOutcome = self._tell(AwakeableOutcome.APPLIED)
        return outcome

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        self.asked.append(("reject", awakeable_id, failure))
        outcome: AwakeableOutcome = self._tell(AwakeableOutcome.APPLIED)
        return outcome

    # The same for the ingress.

    def begin_call(self, request: InvocationRequest) -> asyncio.Future[Completion]:
        return asyncio.ensure_future(self.call(request))

    def begin_send(self, request: InvocationRequest) -> Pledge[Accepted]:
        return _pledge(self.send(request))

    def begin_attach(self, invocation_id: str) -> asyncio.Future[Completion]:
        return asyncio.ensure_future(self.attach(invocation_id))

    def begin_output(self, invocation_id: str) -> Pledge[Completion]:
        return _pledge(self.output(invocation_id))

    def find_answer_rules(self, awakeable_id: str) -> AnswerRules:
        return AnswerRules()

    async def answer_approval(self, awakeable_id: str, result: bytes | Failure) -> AwakeableOutcome:
        self.asked.append(("answer_approval", awakeable_id, result))
        outcome: AwakeableOutcome = self._tell(AwakeableOutcome.APPLIED)
        return outcome

    on_completion = None

    def begin_resolve(self, awakeable_id: str, value: bytes) -> Pledge[AwakeableOutcome]:
        return _pledge(self.resolve_awakeable(awakeable_id, value))

    def begin_reject(self, awakeable_id: str, failure: Failure) -> Pledge[AwakeableOutcome]:
        return _pledge(self.reject_awakeable(awakeable_id, failure))

    async def cancel(self, invocation_id: str) -> Change:
        return self._change("cancel", invocation_id)

    async def kill(self, invocation_id: str) -> Change:
        return self._change("kill", invocation_id)

    async def pause(self, invocation_id: str) -> Change:
        return self._change("pause", invocation_id)

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        return self._change("resume", invocation_id, deployment)

    async def purge(self, invocation_id: str) -> Change:
        return self._change("purge", invocation_id)

    async def purge_journal(self, invocation_id: str) -> Change:
        return self._change("purge-journal", invocation_id)

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        self.asked.append(("restart-as-new", invocation_id, keep_entries, deployment))
        new_id: str = self._tell(INVOCATION_ID)
        return new_id

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        self.asked.append(("state", service, key, dict(state), version))
        self._tell(None)

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        self.asked.append(("ask", sql))
        rows: list[dict[str, Any]] = self._tell([])
        return rows

    async def awakeables(self, **wanted: Any) -> AwakeablePage:
        self.asked.append(("awakeables", wanted))
        page: AwakeablePage = self._tell(AwakeablePage(()))
        return page

    async def count_awakeables(self, most: int = 1000) -> int:
        return most

    async def stored_answers(self, **wanted: Any) -> StoredAnswerPage:
        self.asked.append(("stored_answers", wanted))
        page: StoredAnswerPage = self._tell(StoredAnswerPage(()))
        return page

    def _admit(self, request: InvocationRequest) -> None:
        if self.schema is not None:
            admit(self.schema, request)

    def _change(self, *asked: Any) -> Change:
        self.asked.append(asked)
        change: Change = self._tell(Change.DONE)
        return change

    def _completion(self) -> Completion:
        completion: Completion = self._tell(None)
        return completion

    def _tell(self, default: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return default if self.answer is None else self.answer

    async def _wait(self) -> None:
        if self.waits is not None:
            self.waits.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.was_left = True
                raise


class FakeQuestions:
    """Answers every question with no rows."""

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes:
        return b"[]"

    def untaken(self, size: int) -> AbstractContextManager[None]:
        return nullcontext()
