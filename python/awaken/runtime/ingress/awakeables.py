"""Resolving and rejecting awakeables over HTTP.

As on the server, the status is 202 for every id that parses. The body and a header report the outcome. Callbacks are
not known there: what is given to one is checked against its type, and 400 if it does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.control.answers import InvalidAnswerError, check_written
from awaken.control.operations import Failure
from awaken.errors import InvalidIdError
from awaken.outcomes import OUTCOME_HEADER
from awaken.runtime.identifiers import reason_against_awakeable_id
from awaken.runtime.ingress.answers import IngressError, answer_json

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.runtime.ingress.bodies import RequestBodies

__all__ = ["complete_awakeable"]


async def complete_awakeable(
    operations: Operations, request: Request, bodies: RequestBodies, segments: list[str]
) -> Response:
    """Answer `/restate/awakeables/{id}/resolve|reject`; the segments begin with the id."""
    if len(segments) < 2:
        raise IngressError(
            400,
            "bad path, expected either /restate/awakeables/:id/resolve or /restate/awakeables/:id/reject",
        )
    awakeable_id, verb = segments[:2]  # the rest is ignored, as on the server
    if verb not in ("resolve", "reject"):
        raise IngressError(404, "not found")
    if request.method != "POST":
        raise IngressError(405, "method not allowed")
    body = await bodies.read(request)
    try:
        if verb == "resolve":
            await check_written(await operations.answer_rules(awakeable_id), body)
            outcome = await operations.resolve_awakeable(awakeable_id, body)
        else:
            failure = Failure(500, body.decode(errors="replace"))
            outcome = await operations.reject_awakeable(awakeable_id, failure)
    except InvalidIdError as error:
        reason = reason_against_awakeable_id(awakeable_id)
        raise IngressError(400, f"bad awakeable id '{awakeable_id}': {reason}") from error
    except InvalidAnswerError as error:
        raise IngressError(400, str(error)) from error
    return answer_json(202, {"outcome": outcome.value}, {OUTCOME_HEADER: outcome.value})
