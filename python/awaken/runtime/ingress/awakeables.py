"""Resolving and rejecting awakeables over HTTP.

As on the server, the status is 202 for every id that parses. The body and a header report the outcome. Callers do not
know callbacks here: what they give to one is checked against its type, and 400 if it does not fit. Nor approvals: what
they give to any slot of one is an answer by somebody unknown, unless a door that knows who answers has written it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import is_answered
from awaken.control.answers import InvalidAnswerError, check_written
from awaken.control.operations import Failure
from awaken.errors import InvalidIdError
from awaken.outcomes import OUTCOME_HEADER, completion_name
from awaken.runtime.identifiers import reason_against_awakeable_id
from awaken.runtime.ingress.answers import Answer, IngressError, answer_json
from awaken.runtime.ingress.caller import Waiting

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from awaken.control.operations import AnswerRules
    from awaken.exchange import ServedExchange
    from awaken.outcomes import AwakeableOutcome
    from awaken.runtime.callers import CallerOperations
    from awaken.runtime.ingress.caller import Finish

__all__ = ["Completions"]

#: What answers are counted under.
_DOOR: Final = "ingress"


class Completions:
    """Answers `/restate/awakeables/{id}/resolve|reject`.

    Args:
        operations: of the runtime.
    """

    def __init__(self, operations: CallerOperations) -> None:
        self._operations = operations
        #: Those whose value is being checked. They go on if their caller leaves, as the others do.
        self._checks: set[asyncio.Task[AwakeableOutcome]] = set()

    def answer(self, exchange: ServedExchange, segments: list[str]) -> Finish:
        """Answer a request; the segments begin with the id."""
        if len(segments) < 2:
            raise IngressError(
                400,
                "bad path, expected either /restate/awakeables/:id/resolve or /restate/awakeables/:id/reject",
            )
        awakeable_id, verb = segments[:2]  # the rest is ignored, as on the server
        if verb not in ("resolve", "reject"):
            raise IngressError(404, "not found")
        if exchange.method != "POST":
            raise IngressError(405, "method not allowed")
        return partial(self._resolve if verb == "resolve" else self._reject, awakeable_id)

    def _resolve(self, awakeable_id: str, value: bytes) -> Waiting:
        try:
            rules = self._operations.find_answer_rules(awakeable_id)
            if rules.is_checked:
                return self._go_on(_resolve_checked(self._operations, rules, awakeable_id, value))
            pledge = self._operations.begin_resolve(awakeable_id, value)
            _count(self._operations, pledge.value, is_rejection=False)
        except InvalidIdError as error:
            raise _bad_id(awakeable_id) from error
        return Waiting(pledge.committed, partial(_tell, pledge.value))

    def _reject(self, awakeable_id: str, reason: bytes) -> Waiting:
        failure = Failure(500, reason.decode(errors="replace"))
        try:
            if self._operations.find_answer_rules(awakeable_id).approval is not None:
                return self._go_on(self._operations.answer_approval(awakeable_id, failure))
            pledge = self._operations.begin_reject(awakeable_id, failure)
            _count(self._operations, pledge.value, is_rejection=True)
        except InvalidIdError as error:
            raise _bad_id(awakeable_id) from error
        return Waiting(pledge.committed, partial(_tell, pledge.value))

    def _go_on(self, work: Coroutine[Any, Any, AwakeableOutcome]) -> Waiting:
        task = asyncio.get_running_loop().create_task(work)
        self._checks.add(task)
        task.add_done_callback(self._checks.discard)
        return Waiting(task, _read_outcome)


async def _resolve_checked(
    operations: CallerOperations, rules: AnswerRules, awakeable_id: str, value: bytes
) -> AwakeableOutcome:
    try:
        answer = await _check(operations, rules, value)
        if rules.approval is not None and answer is not None and not is_answered(answer):
            return await operations.answer_approval(awakeable_id, value)
    except InvalidAnswerError as error:
        raise IngressError(400, str(error)) from error
    # A door that knows who answers has chosen the slot.
    pledge = operations.begin_resolve(awakeable_id, value)
    _count(operations, pledge.value, is_rejection=False)
    await pledge.committed
    return pledge.value


async def _check(operations: CallerOperations, rules: AnswerRules, value: bytes) -> bytes | None:
    try:
        return await check_written(rules, value)
    except InvalidAnswerError:
        if operations.on_completion is not None:
            operations.on_completion(_DOOR, "invalid")
        raise


def _count(operations: CallerOperations, outcome: AwakeableOutcome, *, is_rejection: bool) -> None:
    if operations.on_completion is not None:
        operations.on_completion(_DOOR, completion_name(outcome, is_rejection=is_rejection))


def _bad_id(awakeable_id: str) -> IngressError:
    reason = reason_against_awakeable_id(awakeable_id)
    return IngressError(400, f"bad awakeable id '{awakeable_id}': {reason}")


def _tell(outcome: AwakeableOutcome, committed: asyncio.Future[None]) -> Answer:
    committed.result()
    return answer_json(202, {"outcome": outcome.value}, {OUTCOME_HEADER: outcome.value})


def _read_outcome(resolving: asyncio.Future[AwakeableOutcome]) -> Answer:
    outcome = resolving.result()
    return answer_json(202, {"outcome": outcome.value}, {OUTCOME_HEADER: outcome.value})
