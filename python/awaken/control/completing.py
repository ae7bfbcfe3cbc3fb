"""Completing an awakeable with a result that came from outside; `awaken.control.answering` knows who gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.control.answers import check_written, write_answer
from awaken.control.errors import InvalidRequestError
from awaken.control.operations import Failure

if TYPE_CHECKING:
    from awaken.control.operations import AnswerRules, Operations
    from awaken.outcomes import AwakeableOutcome

__all__ = ["check_failure", "complete_awakeable"]


async def complete_awakeable(
    operations: Operations,
    awakeable_id: str,
    rules: AnswerRules,
    result: bytes | Failure,
    *,
    is_encoded: bool = False,
) -> AwakeableOutcome:
    """Give an awakeable its value or its failure, and return what became of it.

    Args:
        operations: the runtime.
        awakeable_id: as the handler handed it out; `check_awakeable_id` accepts it.
        rules: of the awakeable.
        result: the payload, or a failure with a message and nothing else.
        is_encoded: whether the payload went through the journal value codec of the handler's application already.

    Raises:
        InvalidAnswerError: the payload is not of the type that the handler declared; nothing was sent.
        EncodedAnswerError: the payload has to be encoded, and this process does not have the codec; nothing was sent.
        InvalidRequestError: the failure has a code or metadata, which an ingress does not carry; nothing was sent.
        OperationError: the runtime refused it, or cannot be reached.
    """
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
