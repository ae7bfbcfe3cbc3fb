"""Completing awakeables of a runtime at a URL.

A Restate server answers 202 to every well-formed completion, applied or not. So the state is looked up before, and the
journal after: what is stored first is what the handler gets. Completions of one awakeable go one by one, so that of
many callers exactly one learns that its result was applied. Where the ingress reports the outcome, that is the answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.client.awakeable_id import check_awakeable_id
from awaken.client.awakeable_status import AwakeableStatus, read_status, status_query
from awaken.control.http_answers import refused
from awaken.control.lanes import Kind
from awaken.control.one_by_one import OneByOne
from awaken.control.reads import is_stored_result
from awaken.outcomes import LAST_AWAKEABLE, OUTCOME_HEADER, AwakeableOutcome, read_outcome

if TYPE_CHECKING:
    from awaken._core import AwakeableId
    from awaken.control.reads import Asks
    from awaken.control.runtime_http import RuntimeHttp

__all__ = ["RemoteCompletion"]

#: Seconds before each look but the first, a second in all. A server applies a completion some milliseconds after it has
#: answered; one that takes longer is busy, and has few questions to answer then.
_PAUSES_SECONDS: Final = (0.02, 0.04, 0.08, 0.16, 0.3, 0.4)
_REFUSALS: Final = {
    AwakeableStatus.COMPLETED: AwakeableOutcome.ALREADY_COMPLETED,
    AwakeableStatus.NOT_STARTED: AwakeableOutcome.INVALID,
    AwakeableStatus.INVOCATION_ENDED: AwakeableOutcome.GONE,
    AwakeableStatus.UNKNOWN_INVOCATION: AwakeableOutcome.UNKNOWN,
}


class RemoteCompletion:
    """Completes awakeables.

    Args:
        http: the runtime's interfaces.
        tables: answers queries about its tables; None if the admin API is not known.
    """

    def __init__(self, http: RuntimeHttp, tables: Asks | None) -> None:
        self._http = http
        self._tables = tables
        self._turns = OneByOne()
        self._large = asyncio.Lock()

    async def resolve(self, awakeable_id: str, value: bytes) -> AwakeableOutcome:
        """Give an awakeable its value."""
        return await self._complete(awakeable_id, value)

    async def reject(self, awakeable_id: str, message: str) -> AwakeableOutcome:
        """Give an awakeable a failure with this message."""
        return await self._complete(awakeable_id, message)

    async def _complete(self, awakeable_id: str, result: bytes | str) -> AwakeableOutcome:
        parsed = check_awakeable_id(awakeable_id)
        if parsed.index > LAST_AWAKEABLE:
            return AwakeableOutcome.UNKNOWN
        if self._tables is None:
            return await self._post(awakeable_id, result)
        async with self._turns.turn(awakeable_id):
            refusal = await _look_before(self._tables, parsed)
            if refusal is not None:
                return refusal
            outcome = await self._post(awakeable_id, result)
            if outcome is not AwakeableOutcome.ACCEPTED:
                return outcome
            return await self._look_after(self._tables, parsed, result)

    async def _post(self, awakeable_id: str, result: bytes | str) -> AwakeableOutcome:
        if isinstance(result, bytes):
            how, body, content_type = "resolve", result, "application/json"
        else:
            how, body, content_type = "reject", result.encode(), "text/plain"
        headers = {"content-type": content_type} if body else {}
        answer = await self._http.enter(
            Kind.COMPLETE,
            "POST",
            f"/restate/awakeables/{awakeable_id}/{how}",
            body,
            headers,
            may_repeat=True,  # the first result counts
        )
        if not answer.is_success:
            raise refused(answer)
        return read_outcome(answer.headers.get(OUTCOME_HEADER))

    async def _look_after(self, tables: Asks, parsed: AwakeableId, result: bytes | str) -> AwakeableOutcome:
        """Return whether the result, or another one, is the first in the journal."""
        for pause_s in (0.0, *_PAUSES_SECONDS):
            await asyncio.sleep(pause_s)
            is_ours = await is_stored_result(tables, parsed.invocation_id, parsed.index, result, self._large)
            if is_ours is not None:
                return AwakeableOutcome.APPLIED if is_ours else AwakeableOutcome.ALREADY_COMPLETED
        return AwakeableOutcome.ACCEPTED


async def _look_before(tables: Asks, parsed: AwakeableId) -> AwakeableOutcome | None:
    """Return why a result would not be applied; None if it would be."""
    rows = await tables.ask(status_query(parsed.invocation_id))
    return _REFUSALS.get(read_status(rows, parsed.index))
