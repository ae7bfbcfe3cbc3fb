"""The inbox as an ASGI application: pages from the operations of a runtime, and the actions of their forms."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from awaken.callbacks.form_requests import BodyError, proof_of_page, read_body, read_fields
from awaken.callbacks.forms import fields_of, read_form
from awaken.control import reads
from awaken.control.answers import (
    EncodedAnswerError,
    InvalidAnswerError,
    Problem,
    check_answer,
    known_type,
    schema_of_answer,
)
from awaken.control.completing import complete_awakeable
from awaken.control.errors import OperationError
from awaken.control.operations import STATUSES, AwakeableState, Failure
from awaken.errors import InvalidIdError
from awaken.inbox import views
from awaken.inbox.timeline import draw, rows_of, seconds_of
from awaken.outcomes import AwakeableOutcome, describe_outcome

if TYPE_CHECKING:
    from starlette.requests import Request

    from awaken.callbacks.form_requests import FormProof
    from awaken.control.operations import AwakeableView, Operations

__all__ = ["create_inbox"]

#: Rows of a list, and awakeables of one invocation.
_LISTED: Final = 200
#: Entries in the picture of a journal: a page that people can read. A journal may have a hundred thousand.
_ENTRIES: Final = 500
_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
#: What would become of an answer to an awakeable that is not pending.
_REFUSALS: Final = {
    AwakeableState.COMPLETED: AwakeableOutcome.ALREADY_COMPLETED,
    AwakeableState.INVOCATION_COMPLETED: AwakeableOutcome.GONE,
}
#: Outcomes that mean that the answer was accepted.
_TAKEN: Final = (AwakeableOutcome.APPLIED, AwakeableOutcome.ACCEPTED)


def create_inbox(operations: Operations) -> Starlette:
    """Return the inbox of a runtime. It has no access control: mount it where only operators can reach it."""
    pages = _Pages(operations)
    return Starlette(
        routes=[
            Route("/", pages.inbox),
            Route("/awakeables/{id}", pages.awakeable, methods=["GET", "POST"]),
            Route("/invocations", pages.invocations),
            Route("/invocations/{id}", pages.invocation, methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers={OperationError: _explain, InvalidIdError: _explain},
    )


class _Pages:
    """Answers requests for pages."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._secret = secrets.token_bytes(32)

    async def inbox(self, request: Request) -> Response:
        """List what waits for an answer."""
        page = await self._operations.awakeables(limit=_LISTED)
        return _html(views.inbox_page(_root(request), page.awakeables, is_part=_is_part(request)))

    async def invocations(self, request: Request) -> Response:
        """List the newest invocations."""
        status = request.query_params.get("status", "")
        chosen = [status] if status in STATUSES else []
        rows = await reads.list_invocations(self._operations, chosen, limit=_LISTED)
        text = views.invocations_page(_root(request), rows, "".join(chosen), is_part=_is_part(request))
        return _html(text)

    async def invocation(self, request: Request) -> Response:
        """Show one invocation, or end it if the form says so."""
        invocation_id = request.path_params["id"]
        if request.method == "POST":
            form, refusal = await self._form(request)
            if refusal is not None:
                return refusal
            ends = {"kill": self._operations.kill, "cancel": self._operations.cancel}
            end = ends.get(form.get("do", ""))
            if end is None:
                text = "The form says neither cancel nor kill. Open the page again."
                return _html(views.message_page(_root(request), "This form cannot be read", text), 400)
            await end(invocation_id)
            return RedirectResponse(request.url, 303)
        row = await reads.find_invocation(self._operations, invocation_id)
        journal = await reads.list_last_entries(self._operations, invocation_id, _ENTRIES)
        failed_at = await reads.list_failures(self._operations, invocation_id)
        failures = [seconds_of(timestamp) for timestamp in failed_at]
        waits = (await self._operations.awakeables(invocation_id=invocation_id, limit=_LISTED)).awakeables
        now = seconds_of(row["modified_at"]) if row["status"] == "completed" else time.time()
        proof = proof_of_page(self._secret, request)
        text = views.invocation_page(
            _root(request),
            row,
            waits,
            draw(rows_of(journal), failures, now),
            proof.token,
            is_part=_is_part(request),
        )
        return _remember(_html(text), proof, request)

    async def awakeable(self, request: Request) -> Response:
        """Show the form for an answer, or accept the answer."""
        one = await reads.find_awakeable(self._operations, request.path_params["id"])
        if one.state is not AwakeableState.PENDING:
            outcome = _REFUSALS.get(one.state)
            why = describe_outcome(outcome, one.awakeable_id) if outcome else "It is not awaited yet"
            text = f"{why}. Its handler is {one.target.service}/{one.target.handler}."
            return _html(views.message_page(_root(request), "Nothing waits for this", text), 409)
        rules = await self._operations.answer_rules(one.awakeable_id)
        if rules.is_encoded and rules.codec is None:
            raise EncodedAnswerError
        if request.method != "POST":
            return self._ask(request, one)
        form, refusal = await self._form(request)
        if refusal is not None:
            return refusal
        try:
            result = _result_of(form, one)
        except InvalidAnswerError as error:
            return self._ask(request, one, filled=form, problems=tuple(error.problems))
        outcome = await complete_awakeable(self._operations, one.awakeable_id, result)
        if outcome not in _TAKEN:
            text = f"{describe_outcome(outcome, one.awakeable_id)}."
            return _html(views.message_page(_root(request), "This is not possible", text), 409)
        return RedirectResponse(f"{_root(request)}/invocations/{one.invocation_id}", 303)

    def _ask(
        self,
        request: Request,
        one: AwakeableView,
        *,
        filled: dict[str, str] | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        proof = proof_of_page(self._secret, request)
        text = views.awakeable_page(
            _root(request),
            one,
            fields_of(schema_of_answer(known_type(one.type_name))),
            proof.token,
            filled=filled,
            problems=problems,
        )
        return _remember(_html(text, 422 if problems else 200), proof, request)

    async def _form(self, request: Request) -> tuple[dict[str, str], Response | None]:
        try:
            form = read_fields(await read_body(request))
        except BodyError as error:
            return {}, _html(views.message_page(_root(request), error.title, f"{error}."), error.status)
        except ValueError as error:
            return {}, _html(views.message_page(_root(request), "This form cannot be read", f"{error}."), 400)
        if not proof_of_page(self._secret, request).is_in(request, form.get("form", "")):
            text = "The form did not come from this page, or the server was restarted. Open the page again."
            return {}, _html(views.message_page(_root(request), "Please open the page again", text), 403)
        return form, None


def _result_of(form: dict[str, str], one: AwakeableView) -> bytes | Failure:
    """Return what a form says. Raises InvalidAnswerError."""
    if form.get("do") == "reject":
        return Failure(500, form.get("reason", ""))
    if form.get("do") != "resolve":
        raise InvalidAnswerError([Problem("do", "press one of the two buttons")])
    annotation = known_type(one.type_name)
    answer = read_form(form, fields_of(schema_of_answer(annotation)))
    check_answer(answer, annotation)
    return answer


def _remember(response: Response, proof: FormProof, request: Request) -> Response:
    proof.remember(response, [request.url.path], is_https=request.url.scheme == "https")
    return response


async def _explain(request: Request, error: Exception) -> Response:
    status = error.http_status if isinstance(error, OperationError) else 400
    return _html(views.message_page(_root(request), "This is not possible", str(error)), status)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers=_HEADERS)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _is_part(request: Request) -> bool:
    return "part" in request.query_params
