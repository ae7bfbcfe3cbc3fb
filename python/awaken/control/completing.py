"""Completing an awakeable with an id and a result that came from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.client.awakeable_id import check_awakeable_id
from awaken.control.answers import check_written, write_answer
from awaken.control.errors import InvalidRequestError
from awaken.control.operations import AnswerRules, Failure

if TYPE_CHECKING:
    from awaken.control.operations import Operations
    from awaken.outcomes import AwakeableOutcome

__all__ = ["check_failure", "complete_awakeable", "complete_by_rules"]


async def complete_awakeable(
    operations: Operations, awakeable_id: str, result: bytes | Failure, *, is_encoded: bool = False
) -> AwakeableOutcome:
    """Give an awakeable its value or its failure, and return what became of it.

    Args:
        operations: the runtime.
        awakeable_id: as the handler handed it out.
        result: the payload, or a failure with a message and nothing else.
        is_encoded: whether the payload went through the journal value codec of the handler's application already.

    Raises:
        InvalidIdError: the id is malformed or names no awakeable; nothing was sent.
        InvalidAnswerError: the payload is not of the type that the handler declared; nothing was sent.
        EncodedAnswerError: the payload has to be encoded, and this process does not have the codec; nothing was sent.
        InvalidRequestError: the failure has a code or metadata, which an ingress does not carry; nothing was sent.
        OperationError: the runtime refused it, or cannot be reached.
    """
    check_awakeable_id(awakeable_id)
    rules = AnswerRules() if isinstance(result, Failure) else await operations.answer_rules(awakeable_id)
    return await complete_by_rules(operations, awakeable_id, rules, result, is_encoded=is_encoded)


async def complete_by_rules(
    operations: Operations,
    awakeable_id: str,
    rules: AnswerRules,
    result: bytes | Failure,
    *,
    is_encoded: bool = False,
) -> AwakeableOutcome:
    """Do what `complete_awakeable` does, for an id that was checked and whose rules are known."""
    if isinstance(result, Failure):
        check_failure(result)
        return await operations.reject_awakeable(awakeable_id, result)
    if is_encoded:
        await check_written(rules, result)
        return await operations.resolve_awakeable(awakeable_id, result)
    return await operations.resolve_awakeable(awakeable_id, await write_answer(rules, result))


def check_failure(failure: Failure) -> None:
    """Raise InvalidRequestError if a failure has more than a message, which is all that an ingress carries."""
    if failure.code != 500:
        raise InvalidRequestError(
            f"code {failure.code} cannot be carried: a runtime's interface gives every rejection code 500; leave it out"
        )
    if failure.metadata:
        raise InvalidRequestError(
            "the metadata of a failure cannot be carried: the interface of a runtime takes a text; leave it out"
        )
