"""What callers and operators may ask of the embedded runtime. Each operation returns once it is on disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from awaken import _core
from awaken.control.answering import Answerer, answer_question
from awaken.control.catalog import read_deployments, read_services
from awaken.control.errors import AlreadyInvokedError, NotFoundError, NotReadyError
from awaken.control.operations import Accepted, AnswerRules
from awaken.outcomes import AwakeableOutcome
from awaken.runtime.admission import admit, check_key, check_size, due_ms
from awaken.runtime.callers import Pledge
from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query import Filter, find_description
from awaken.runtime.tables.results import to_core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awaken.control.catalog import DeploymentView, ServiceView
    from awaken.control.operations import (
        AnswerCodec,
        AwakeablePage,
        Change,
        Completion,
        Failure,
        InvocationRequest,
        StoredAnswerPage,
    )
    from awaken.runtime.processor.processor import Processor
    from awaken.runtime.query import Query, Questions
    from awaken.runtime.schema import HandlerSchema, Schema
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["RuntimeOperations"]

T = TypeVar("T")


class RuntimeOperations:
    """An `awaken.control.operations.Operations`, and a `CallerOperations`, on one processor.

    Args:
        processor: does what is asked.
        schema: the registered handlers.
        query: answers questions in SQL.
    """

    def __init__(self, processor: Processor, schema: Schema, query: Query) -> None:
        self._schema = schema
        self._processor = processor
        self._query = query
        #: Journal value codecs of applications in this process, by the names of their services.
        self.codecs: Mapping[str, AnswerCodec] = {}
        #: Of the ingress, as callers are told; whoever serves it sets it.
        self.ingress_url = "http://127.0.0.1:8080/"
        #: Called with the door and the outcome of each answer; None counts none.
        self.on_completion: Callable[[str, str], None] | None = None
        #: Whether operations are accepted.
        self._is_running = False

    # Callers.

    async def call(self, request: InvocationRequest) -> Completion:
        """Start an invocation, or find the one with the same idempotency key, and wait for its result."""
        result = self.begin_call(request)
        del request  # the body may be large, and the wait long
        return await result

    def begin_call(self, request: InvocationRequest) -> asyncio.Future[Completion]:
        """Do what `call` does, without a coroutine."""
        handler, invocation_id, seq, existing = self._start(request)
        if existing is None:
            return self._processor.waiting_callers.add(seq)
        if handler.is_workflow_run:
            return self._once_committed(AlreadyInvokedError(invocation_id))
        return self._result(existing)

    async def send(self, request: InvocationRequest) -> Accepted:
        """Start an invocation and return when it is on disk."""
        pledge = self.begin_send(request)
        await pledge.committed
        return pledge.value

    def begin_send(self, request: InvocationRequest) -> Pledge[Accepted]:
        """Do what `send` does, without a coroutine."""
        execution_time_ms = due_ms(self._processor.clock.now_ms(), request.delay_ms)
        _, invocation_id, _, existing = self._start(request, execution_time_ms)
        if existing is not None:
            is_waiting = existing.status == "scheduled"
            execution_time_ms = existing.scheduled_start_at if is_waiting else None
        return self._pledge(Accepted(invocation_id, existing is None, execution_time_ms))

    def _start(
        self, request: InvocationRequest, execution_time_ms: int | None = None
    ) -> tuple[HandlerSchema, str, int, InvocationRow | None]:
        self._check_running()
        handler = admit(self._schema, request)
        with self._processor.store.atomic():
            return handler, *self._processor.invocation_start.start(
                handler,
                request.target.key,
                request.body,
                request.headers,
                idempotency_key=request.idempotency_key,
                execution_time_ms=execution_time_ms,
                scope=request.scope,
                limit_key=request.limit_key,
            )

    async def attach(self, invocation_id: str) -> Completion:
        """Wait for the result of an invocation."""
        return await self.begin_attach(invocation_id)

    def begin_attach(self, invocation_id: str) -> asyncio.Future[Completion]:
        """Do what `attach` does, without a coroutine."""
        return self._result(self._find(invocation_id))

    async def output(self, invocation_id: str) -> Completion:
        """Return the stored result of an invocation."""
        pledge = self.begin_output(invocation_id)
        await pledge.committed
        return pledge.value

    def begin_output(self, invocation_id: str) -> Pledge[Completion]:
        """Do what `output` does, without a coroutine."""
        row = self._find(invocation_id)
        if row.status != "completed":
            raise NotReadyError(f"invocation {invocation_id} has not completed yet")
        return self._pledge(self._processor.tables.invocations.completion(row))

    def _find(self, invocation_id: str) -> InvocationRow:
        _core.parse_invocation_id(invocation_id)
        self._check_running()
        row = self._processor.tables.invocations.find(invocation_id)
        if row is None:
            raise NotFoundError(f"there is no invocation {invocation_id}; its retention may be over")
        return row

    def _result(self, row: InvocationRow) -> asyncio.Future[Completion]:
        if row.status != "completed":
            return self._processor.waiting_callers.add(row.seq)
        return self._once_committed(self._processor.tables.invocations.completion(row))

    def _once_committed(self, outcome: Completion | AlreadyInvokedError) -> asyncio.Future[Completion]:
        """Return a future of this, done when everything written so far is on disk. Cancel it to stop waiting."""
        result: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()

        def tell(committed: asyncio.Future[None]) -> None:
            error = committed.exception()
            if result.done():
                return  # nobody waits for it any more
            if error is not None:
                result.set_exception(error)
            elif isinstance(outcome, AlreadyInvokedError):
                result.set_exception(outcome)
            else:
                result.set_result(outcome)

        self._processor.store.committed().add_done_callback(tell)
        return result

    def _pledge(self, value: T) -> Pledge[T]:
        return Pledge(value, self._processor.store.committed())

    async def answer_rules(self, awakeable_id: str) -> AnswerRules:
        """Return what the value of an awakeable has to be; of an approval also when nothing waits for it any more."""
        return self._find_rules(awakeable_id, is_pending=False)

    def find_answer_rules(self, awakeable_id: str) -> AnswerRules:
        """Return what the value of an awakeable has to be that can still be answered, without a coroutine."""
        return self._find_rules(awakeable_id, is_pending=True)

    def _find_rules(self, awakeable_id: str, *, is_pending: bool) -> AnswerRules:
        parsed = _core.parse_awakeable_id(awakeable_id)
        self._check_running()
        row = self._processor.tables.invocations.find(parsed.invocation_id)
        if row is None or (is_pending and row.status == "completed"):
            return AnswerRules()
        codec = self.codecs.get(row.service)
        description = None
        if self._processor.tables.timers.may_have(row.seq):  # a described one expires
            fetch = self._processor.store.fetch
            description = find_description(fetch, row.seq, parsed.index, is_pending=is_pending)
        if row.status == "completed" and (description is None or description.approval is None):
            return AnswerRules()
        if description is None:
            return AnswerRules(None, codec is not None, codec)
        is_encoded = description.is_encoded or codec is not None
        return AnswerRules(description.type_name, is_encoded, codec, description.approval)

    def codec_of(self, service: str) -> AnswerCodec | None:
        """Return the journal value codec of a service in this process."""
        return self.codecs.get(service)

    async def answer_approval(self, awakeable_id: str, result: bytes | Failure) -> AwakeableOutcome:
        """Answer the approval of which an awakeable is a slot, as somebody unknown."""
        answerer = Answerer.of_api(self._processor.clock.now_ms(), interface="ingress")
        told = await answer_question(self, awakeable_id, result, answerer, is_encoded=True)
        return told.outcome or AwakeableOutcome.ALREADY_COMPLETED

    async def resolve_awakeable(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its result."""
        pledge = self.begin_resolve(awakeable_id, value)
        await pledge.committed
        return pledge.value

    def begin_resolve(self, awakeable_id: str, value: bytes) -> Pledge[AwakeableOutcome]:
        """Do what `resolve_awakeable` does, without a coroutine."""
        check_size(value)
        return self._complete_awakeable(awakeable_id, value)

    async def reject_awakeable(self, awakeable_id: str, failure: Failure) -> AwakeableOutcome:
        """Give an awakeable its failure."""
        pledge = self.begin_reject(awakeable_id, failure)
        await pledge.committed
        return pledge.value

    def begin_reject(self, awakeable_id: str, failure: Failure) -> Pledge[AwakeableOutcome]:
        """Do what `reject_awakeable` does, without a coroutine."""
        check_size(failure.message.encode(errors="replace"))
        return self._complete_awakeable(awakeable_id, to_core(failure))

    def _complete_awakeable(
        self, awakeable_id: str, result: bytes | _core.Failure
    ) -> Pledge[AwakeableOutcome]:
        self._check_running()
        with self._processor.store.atomic():
            outcome = self._processor.signals.complete_awakeable(awakeable_id, result)
        return self._pledge(outcome)

    async def services(self) -> Sequence[ServiceView]:
        """List the registered services with their handlers, by name."""
        return read_services(self._schema.describe_services())

    async def deployments(self) -> Sequence[DeploymentView]:
        """List the registered deployments, newest first."""
        return read_deployments(self._schema.describe_deployments())

    async def ingress_address(self) -> str:
        """Return the URL of the ingress, as callers are told."""
        return self.ingress_url

    # Operators.

    async def cancel(self, invocation_id: str) -> Change:
        """Ask the handler of an invocation to stop."""
        return await self._change(self._processor.changes.cancel, invocation_id)

    async def kill(self, invocation_id: str) -> Change:
        """End an invocation and its children at once."""
        return await self._change(self._processor.changes.kill, invocation_id)

    async def pause(self, invocation_id: str) -> Change:
        """Stop running an invocation until it is resumed."""
        return await self._change(self._processor.changes.pause, invocation_id)

    async def resume(self, invocation_id: str, deployment: str | None = None) -> Change:
        """Run an invocation again."""
        return await self._change(self._processor.changes.resume, invocation_id, deployment)

    async def purge(self, invocation_id: str) -> Change:
        """Delete a completed invocation."""
        return await self._change(self._processor.changes.purge, invocation_id)

    async def purge_journal(self, invocation_id: str) -> Change:
        """Delete the journal of a completed invocation and keep its result."""
        return await self._change(self._processor.changes.purge_journal, invocation_id)

    async def restart_as_new(
        self, invocation_id: str, keep_entries: int = 1, deployment: str | None = None
    ) -> str:
        """Start a new invocation with the input, and the first entries, of a completed one."""
        _core.parse_invocation_id(invocation_id)
        self._check_running()
        with self._processor.store.atomic():
            row = self._processor.changes.find(invocation_id)
            new_id = self._processor.restarts.restart_as_new(row, keep_entries, deployment)
        await self._processor.store.committed()
        return new_id

    async def edit_state(
        self, service: str, key: str, state: Mapping[str, bytes], version: str | None = None
    ) -> None:
        """Replace the whole state of a key.

        Raises:
            InvalidRequestError: no handler can have this key.
            ConflictError: the state has another version.
        """
        check_key(key)
        self._check_running()
        with self._processor.store.atomic():
            self._processor.state_edits.replace(service, key, state, version)
        await self._processor.store.committed()

    async def _change(
        self, operation: Callable[..., Change], invocation_id: str, *arguments: str | None
    ) -> Change:
        _core.parse_invocation_id(invocation_id)
        self._check_running()
        with self._processor.store.atomic():
            change = operation(invocation_id, *arguments)
        await self._processor.store.committed()
        return change

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows that answer a question in SQL, ahead of those that people asked."""
        self._check_running()
        return await self._query.ask(sql)

    @property
    def questions(self) -> Questions:
        """What answers questions that people wrote; they may take long."""
        return self._query.questions

    async def awakeables(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        invocation_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> AwakeablePage:
        """List the awakeables that handlers wait for, longest first."""
        self._check_running()
        if invocation_id is not None:
            _core.parse_invocation_id(invocation_id)
        wanted = Filter(service, key, invocation_id)
        awaited = list(self._processor.open_attempts.awaited())
        # A handler that has just suspended is only in the rows, and the query reads those that are on disk.
        await self._processor.store.committed()
        return await self._query.awakeables(awaited, wanted, limit, after)

    async def count_awakeables(self, most: int = 1000) -> int:
        """Return how many awakeables handlers wait for, at most `most`."""
        self._check_running()
        awaited = list(self._processor.open_attempts.awaited())
        await self._processor.store.committed()
        return await self._query.count_awakeables(awaited, most)

    async def stored_answers(
        self,
        *,
        service: str | None = None,
        key: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> StoredAnswerPage:
        """List the results of awakeables in the journals that are kept, newest first."""
        self._check_running()
        await self._processor.store.committed()
        return await self._query.stored_answers(Filter(service, key), limit, after)

    def _check_running(self) -> None:
        if not self._is_running:
            raise RuntimeClosedError("the runtime is not running; start it first")
