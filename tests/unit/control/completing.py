"""A short way to complete an awakeable as somebody unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.control.answering import Answerer, answer_question

if TYPE_CHECKING:
    from awaken.control.operations import Failure, Operations
    from awaken.outcomes import AwakeableOutcome


async def complete(
    operations: Operations, awakeable_id: str, result: bytes | Failure
) -> AwakeableOutcome | None:
    return (await answer_question(operations, awakeable_id, result, Answerer.of_api(0))).outcome
