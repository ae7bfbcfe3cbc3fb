"""A runtime at a URL: the embedded one of another process, or a Restate server or cluster."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from awaken import _core
from awaken.control.awakeable_documents import read_answers, read_page
from awaken.control.catalog import read_deployments, read_services
from awaken.control.errors import (
    AlreadyInvokedError,
    NotFoundError,
)
from awaken.control.http_answers import explain, refused
from awaken.control.lanes import Kind
from awaken.control.operations import Accepted, AnswerRules, Change, Completion, Failure, Success
from awaken.control.reads import find_description
from awaken.control.remote_completion import RemoteCompletion
from awaken.control.request_checks import check_request
from awaken.control.runtime_http import RuntimeHttp, connect_http
from awaken.control.server_awakeables import count_from_tables, list_from_tables
from awaken.control.stored_answers import list_answers_from_tables
from awaken.control.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from awaken.control.catalog import DeploymentView, ServiceView
    from awaken.control.operations import (
        AnswerCodec,
        AwakeablePage,
        InvocationRequest,
        StoredAnswerPage,
        Target,
    )
    from awaken.outcomes import AwakeableOutcome

__all__ = ["RemoteOperations", "connect_runtime"]

_NOT_FOUND: Final = 404
_ACCEPTED: Final = 202
#: Seconds until an admin API without the list of awakeables is asked for it again: another runtime may be there now.
_ASK_AGAIN_SECONDS: Final = 30.0


def connect_runtime(
    ingress: str | Sequence[str] | None,
    admin: str | Sequence[str] | None = None,
    *,
    token: str | None = None,
) -> RemoteOperations:
    """Return the operations of a runtime at these URLs; it connects with the first request.

    Of a cluster, give the URL of each node: `awaken.control.nodes` says what goes to another one.

    An operation that needs a URL that was not given raises ValueError. Without an admin API the outcome of a completion
    is what the ingress reports.

    Args:
        ingress: URL of the ingress, or of each node's.
        admin: URL of the admin API, or of each node's.
        token: bearer token for both; by default that of `AWAKEN_TOKEN` or of the file `AWAKEN_TOKEN_FILE`. Empty sends
            none.

    Raises:
        ValueError: the token, or a file that the environment names for TLS, cannot be read.
    """
    return RemoteOperations(connect_http(ingress, admin, token))


class RemoteOperations:
    """An `Operations` over HTTP. To be closed.

    Args:
        http: the runtime's interfaces.
    """

    def __init__(self, http: RuntimeHttp) -> None:
        self._http = http
        #: What completions look up; None if the admin API is not known.
        self._completing = Tables(http, Kind.COMPLETE) if http.has_admin else None
        self._completion = RemoteCompletion(http, self._completing)
        self._tables = Tables(http, Kind.READ)
        #: The journal value codec that every application behind the runtime has; None if they have none, or if this
        #: process does not know it.
        self.codec: AnswerCodec | None = None
        #: Called with the door and the outcome of each answer; None counts none.
        self.on_completion: Callable[[str, str], None] | None = None
        #: Until when, by the loop's clock, the admin API is one without these lists, as a server's is.
        self._lists_nothing_until: dict[str, float] = {}

    def watch_requests(self, note: Callable[[str, str, str, float | None], None]) -> None:
        """Note each request to the runtime from now on: interface, node, outcome and seconds."""
        self._http.watch(note)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    # Callers.

    async def call(self, request: InvocationRequest) -> Completion:
        """Start an invocation and wait for its result."""
        return _completion(await self._start(Kind.WAIT, request), request.target)

    async def send(self, request: InvocationRequest) -> Accepted:
        """Start an invocation and return when it is on disk."""
        answer = await self._start(Kind.CALL, request, "/send")
        if not answer.is_success:
            raise refused(answer)
        accepted = answer.json()
        return Accepted(accepted["invocationId"], accepted.get("status") != "PreviouslyAccepted")

    async def attach(self, invocation_id: str) -> Completion:
        """Wait for the result of an invocation."""
        return await self._result(Kind.WAIT, invocation_id, "attach")

    async def output(self, invocation_id: str) -> Completion:
        """Return the stored result."""
        return await self._result(Kind.CALL, invocation_id, "output")

    async def answer_rules(self, awakeable_id: str) -> AnswerRules:
        """Return what the value of an awakeable has to be; without an admin API, nothing is known."""
        parsed = _core.parse_awakeable_id(awakeable_id)
        description = None
        if self._completing is not None:
            description = await find_description(self._completing, parsed.invocation_id, parsed.index)
        if description is None:
            return AnswerRules(None, self.codec is not None, self.codec)
        return AnswerRules(description.type_name, description.is_encoded, self.codec, description.approval)

    def codec_of(self, service: str) -> AnswerCodec | None:
        """Return the journal value codec of a service."""
        return self.codec

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its result."""
        return await self._completion.resolve(awakeable_id, value)

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        """Give an awakeable its failure, of which an ingress takes the message alone."""
        return await self._completion.reject(awakeable_id, failure.message)

    async def services(self) -> Sequence[ServiceView]:
        """List the registered services with their handlers, by name."""
        return read_services((await self._read("/services")).get("services"))

    async def deployments(self) -> Sequence[DeploymentView]:
        """List the registered deployments, newest first."""
        return read_deployments((await self._read("/deployments")).get("deployments"))

    async def remove_deployment(self, deployment_id: str) -> None:
        """Forget a deployment, whatever still needs it: see `awaken.control.pinned`.

        Raises:
            NotFoundError: there is none with this id.
        """
        path = f"/deployments/{quote(deployment_id, safe='')}"
        answer = await self._http.operate(Kind.CHANGE, "DELETE", path, params={"force": "true"})
        if not answer.is_success:
            raise refused(answer)

    async def ingress_address(self) -> str:
        """Return the URL of the ingress, as the runtime tells it to callers."""
        return str((await self._read("/version")).get("ingress_endpoint") or "")

    # Operators.

    async def cancel(self, invocation_id: str) -> Change:
        """Ask a handler to stop."""
        return await self._change(invocation_id, "cancel")

    async def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children."""
        return await self._change(invocation_id, "kill")

    async def pause(self, invocation_id: str) -> Change:
        """Stop running it until it is resumed."""
        return await self._change(invocation_id, "pause")

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        """Run it again."""
        return await self._change(invocation_id, "resume", deployment)

    async def purge(self, invocation_id: str) -> Change:
        """Delete a completed invocation."""
        return await self._change(invocation_id, "purge")

    async def purge_journal(self, invocation_id: str) -> Change:
        """Delete the journal of a completed invocation and keep its result."""
        return await self._change(invocation_id, "purge-journal")

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        """Start a new invocation with the input, and the first entries, of a completed one."""
        parameters = {"from": str(keep_entries - 1), "deployment": deployment}
        answer = await self._patch(invocation_id, "restart-as-new", parameters)
        new_id: str = answer.json()["new_invocation_id"]
        return new_id

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        """Replace the whole state of a key."""
        document = {
            "object_key": key,
            "new_state": {name: list(value) for name, value in state.items()},
            "version": version,
        }
        answer = await self._http.operate(
            Kind.CHANGE, "POST", f"/services/{quote(service, safe='')}/state", json=document
        )
        if not answer.is_success:
            raise refused(answer)

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question in SQL."""
        return await self._tables.ask(sql)

    async def awakeables(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        invocation_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> AwakeablePage:
        """List the awakeables that handlers wait for."""
        if invocation_id is not None:
            _core.parse_invocation_id(invocation_id)
        wanted = {"service": service, "key": key, "invocation": invocation_id, "after": after}
        document = await self._read_own("/awakeables", limit, wanted)
        if document is not None:
            return read_page(document)
        return await list_from_tables(self, service, key, invocation_id, limit, after)

    async def _read(self, path: str) -> dict[str, Any]:
        answer = await self._http.operate(Kind.READ, "GET", path, may_repeat=True)
        if not answer.is_success:
            raise refused(answer)
        document = answer.json()
        return document if isinstance(document, dict) else {}

    async def count_awakeables(self, most: int = 1000) -> int:
        """Return how many awakeables handlers wait for."""
        return await count_from_tables(self, most)

    async def stored_answers(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> StoredAnswerPage:
        """List the results of awakeables in the journals that are kept."""
        document = await self._read_own("/answers", limit, {"service": service, "key": key, "after": after})
        if document is not None:
            return read_answers(document)
        return await list_answers_from_tables(self, service, key, limit, after)

    async def _read_own(
        self, path: str, limit: int, wanted: Mapping[str, str | None]
    ) -> dict[str, Any] | None:
        """Return a list that only the embedded runtime has; None if this is another one."""
        now = asyncio.get_running_loop().time()
        if now < self._lists_nothing_until.get(path, 0.0):
            return None
        parameters = {name: value for name, value in wanted.items() if value is not None}
        answer = await self._http.operate(
            Kind.READ, "GET", path, may_repeat=True, params={**parameters, "limit": str(limit)}
        )
        if answer.is_success:
            document = answer.json()
            return document if isinstance(document, dict) else None
        if answer.status_code != _NOT_FOUND:
            raise refused(answer)
        self._lists_nothing_until[path] = now + _ASK_AGAIN_SECONDS
        return None

    async def _change(self, invocation_id: str, operation: str, deployment: str | None = None) -> Change:
        answer = await self._patch(invocation_id, operation, {"deployment": deployment})
        return Change.REQUESTED if answer.status_code == _ACCEPTED else Change.DONE

    async def _patch(
        self, invocation_id: str, operation: str, parameters: Mapping[str, str | None]
    ) -> httpx.Response:
        _core.parse_invocation_id(invocation_id)
        given = {name: value for name, value in parameters.items() if value is not None}
        answer = await self._http.operate(
            Kind.CHANGE, "PATCH", f"/invocations/{invocation_id}/{operation}", params=given
        )
        if not answer.is_success:
            raise refused(answer)
        return answer

    async def _result(self, kind: Kind, invocation_id: str, wish: str) -> Completion:
        _core.parse_invocation_id(invocation_id)
        path = f"/restate/invocation/{invocation_id}/{wish}"
        answer = await self._http.enter(kind, "GET", path, may_repeat=True)
        # A failure of the invocation may have the code 404 as well; its message then says more than this.
        is_missing = not _is_of_invocation(answer) or explain(answer) == "not found"
        if answer.status_code == _NOT_FOUND and is_missing:
            raise NotFoundError(f"there is no invocation {invocation_id}; its retention may be over")
        return _completion(answer, None, invocation_id)

    async def _start(self, kind: Kind, request: InvocationRequest, suffix: str = "") -> httpx.Response:
        target = request.target
        check_request(request)
        key = "" if target.key is None else f"/{quote(target.key, safe='')}"
        headers = dict(request.headers)
        if request.idempotency_key is not None:
            headers["idempotency-key"] = request.idempotency_key
        delay = "" if request.delay_ms is None else f"?delay={request.delay_ms}ms"
        path = f"/{target.service}{key}/{target.handler}{suffix}{delay}"
        # With the key, a runtime starts one invocation however often it is asked.
        may_repeat = request.idempotency_key is not None
        return await self._http.enter(kind, "POST", path, request.body, headers, may_repeat=may_repeat)


def _completion(answer: httpx.Response, target: Target | None, invocation_id: str = "") -> Completion:
    invocation_id = invocation_id or answer.headers.get("x-restate-id", "")
    if not _is_of_invocation(answer):
        if not answer.is_success:
            raise refused(answer)
        return Completion(invocation_id, target, Success(answer.content))
    failure = _failure(answer)
    if failure.code == 409 and failure.message == "the workflow method was already invoked":
        raise AlreadyInvokedError(invocation_id)
    return Completion(invocation_id, target, failure)


def _is_of_invocation(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("x-restate-error-source") == "invocation")


def _failure(answer: httpx.Response) -> Failure:
    try:
        facts: Any = answer.json()
    except ValueError:
        facts = {}
    code = facts.get("code")
    return Failure(
        code if isinstance(code, int) else answer.status_code,
        str(facts.get("message", answer.text)),
        {str(name): str(value) for name, value in (facts.get("metadata") or {}).items()},
    )
