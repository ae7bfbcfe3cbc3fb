"""Completes an awakeable, for `awaken resolve` and `awaken reject`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.cli.failures import CommandError
from awaken.cli.output import print_json, print_text
from awaken.cli.runtime_client import talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.control.operations import Failure
    from awaken.control.remote import RemoteOperations

__all__ = ["complete"]


class _NoAdminError(Exception):
    """The admin API does not answer this caller; nothing was sent to the ingress."""


def complete(
    ingress: Sequence[str],
    admin: Sequence[str] | None,
    awakeable_id: str,
    result: bytes | Failure,
    *,
    is_encoded: bool = False,
    json_output: bool,
) -> None:
    """Complete an awakeable and print the outcome.

    Args:
        ingress: URLs of the ingress: one, or on a cluster those of several nodes.
        admin: those of the admin API, which tells the outcome where the ingress does not. If it cannot be asked, the
            ingress alone is.
        awakeable_id: as the handler handed it out.
        result: the payload, or a failure.
        is_encoded: whether the payload went through the journal value codec of the handler's application already.
        json_output: print JSON instead of text.

    Raises:
        CommandError: the id is malformed, the ingress cannot be reached, or the result does not count.
    """
    from awaken.control.answering import Answerer, AnswerOutcome, answer_question
    from awaken.control.errors import (
        InvalidRequestError,
        NoAnswerError,
        NotAllowedError,
        UnavailableError,
        UnreachableError,
    )
    from awaken.outcomes import AwakeableOutcome

    async def work(runtime: RemoteOperations) -> AnswerOutcome:
        answerer = Answerer.of_api()
        try:
            return await answer_question(runtime, awakeable_id, result, answerer, is_encoded=is_encoded)
        except (UnreachableError, NotAllowedError) as error:
            is_of_ingress = isinstance(error, UnreachableError) and error.interface == "ingress"
            if admin is None or is_of_ingress:
                raise
            raise _NoAdminError from error
        except (NoAnswerError, UnavailableError) as error:
            raise CommandError(
                f"{error}; whether the awakeable was completed is not known, and doing it again is safe: the first "
                "result counts"
            ) from error
        except InvalidRequestError as error:
            raise CommandError(
                f"{', '.join(ingress)} refused the result of {awakeable_id}: {error}"
            ) from error

    try:
        told = talk(work, ingress=ingress, admin=admin)
    except _NoAdminError:
        admin = None
        told = talk(work, ingress=ingress)
    outcome = told.outcome or AwakeableOutcome.ALREADY_COMPLETED
    text = told.describe(awakeable_id)
    if json_output:
        print_json({"id": awakeable_id, "outcome": outcome.value})
    if not told.is_applied:
        raise CommandError(text)
    if not json_output:
        print_text(text)
