"""The inbox as an ASGI application: what it asks the runtime for, and what forms do."""

from __future__ import annotations

import secrets
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from awaken.callbacks.answers import InvalidAnswerError, Problem, check_answer
from awaken.callbacks.form_requests import (
    MAX_ANSWER_SIZE,
    is_form_token,
    make_form_token,
    read_body,
    read_fields,
)
from awaken.callbacks.forms import fields_of, read_form
from awaken.control.awakeables import Awakeables
from awaken.control.errors import ControlError, Reason
from awaken.control.invocations import STATUSES, Invocations
from awaken.inbox import views
from awaken.inbox.timeline import draw, rows_of, seconds_of
from awaken.links import find_type
from awaken.serde.schema import schema_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from awaken.control.pending import Pending
    from awaken.control.runtime_api import RuntimeApi

__all__ = ["create_inbox"]

_LISTED: Final = 200
_COOKIE: Final = "awaken_inbox"
_HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
_STATUS_OF: Final = {
    Reason.INVALID_ARGUMENT: 400,
    Reason.NOT_FOUND: 404,
    Reason.ALREADY_EXISTS: 409,
    Reason.FAILED_PRECONDITION: 409,
    Reason.UNAVAILABLE: 503,
    Reason.DEADLINE_EXCEEDED: 503,
}


def create_inbox(api: RuntimeApi) -> Starlette:
    """Return the inbox of a runtime, to be mounted where only operators come; it asks nobody who they are."""
    pages = _Pages(api)

    @asynccontextmanager
    async def close(_: Starlette) -> AsyncIterator[None]:
        yield
        await api.close()

    return Starlette(
        routes=[
            Route("/", pages.inbox),
            Route("/awakeables/{id}", pages.awakeable, methods=["GET", "POST"]),
            Route("/invocations", pages.invocations),
            Route("/invocations/{id}", pages.invocation, methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers={ControlError: _explain},
        lifespan=close,
    )


class _Pages:
    """Answers requests for pages."""

    def __init__(self, api: RuntimeApi) -> None:
        self._awakeables = Awakeables(api)
        self._invocations = Invocations(api)
        self._secret = secrets.token_bytes(32)

    async def inbox(self, request: Request) -> Response:
        """List what waits for somebody."""
        page = await self._awakeables.page(limit=_LISTED)
        return _html(views.inbox_page(_root(request), page.pending, is_part=_is_part(request)))

    async def invocations(self, request: Request) -> Response:
        """List the newest invocations."""
        status = request.query_params.get("status", "")
        chosen = [status] if status in STATUSES else []
        rows = await self._invocations.page(chosen, limit=_LISTED)
        text = views.invocations_page(_root(request), rows, "".join(chosen), is_part=_is_part(request))
        return _html(text)

    async def invocation(self, request: Request) -> Response:
        """Show one invocation, or end it."""
        invocation_id = request.path_params["id"]
        if request.method == "POST":
            form, refusal = await self._form(request)
            if refusal is not None:
                return refusal
            end = self._invocations.kill if form.get("do") == "kill" else self._invocations.cancel
            await end(invocation_id)
            return RedirectResponse(request.url, 303)
        row = await self._invocations.get(invocation_id)
        journal = await self._invocations.journal(invocation_id)
        failures = [seconds_of(event) for event in await self._invocations.failures(invocation_id)]
        waits = await self._awakeables.of_invocation(invocation_id)
        now = seconds_of(row["modified_at"]) if row["status"] == "completed" else time.time()
        nonce = self._nonce(request)
        text = views.invocation_page(
            _root(request),
            row,
            waits,
            draw(rows_of(journal), failures, now),
            make_form_token(self._secret, nonce),
            is_part=_is_part(request),
        )
        return self._remember(_html(text), nonce)

    async def awakeable(self, request: Request) -> Response:
        """Ask for an answer, or take it."""
        seen = await self._awakeables.get(request.path_params["id"])
        one = seen.pending
        if one is None:
            text = f"{seen.id} of {seen.service}/{seen.handler} is not waited for: {seen.state.value}."
            return _html(views.message_page(_root(request), "Nobody waits for this", text), 409)
        if request.method != "POST":
            return self._ask(request, one)
        form, refusal = await self._form(request)
        if refusal is not None:
            return refusal
        if form.get("do") == "reject":
            await self._awakeables.reject(one.id, form.get("reason", ""))
        else:
            annotation = _annotation(one)
            try:
                answer = read_form(form, _fields(annotation))
                check_answer(answer, annotation)
            except InvalidAnswerError as error:
                return self._ask(request, one, filled=form, problems=tuple(error.problems))
            except ValueError as error:
                return self._ask(request, one, filled=form, problems=(Problem("$", str(error)),))
            await self._awakeables.resolve(one.id, answer)
        return RedirectResponse(f"{_root(request)}/invocations/{one.invocation_id}", 303)

    def _ask(
        self,
        request: Request,
        one: Pending,
        *,
        filled: dict[str, str] | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        nonce = self._nonce(request)
        text = views.awakeable_page(
            _root(request),
            one,
            _fields(_annotation(one)),
            make_form_token(self._secret, nonce),
            filled=filled,
            problems=problems,
        )
        return self._remember(_html(text, 422 if problems else 200), nonce)

    async def _form(self, request: Request) -> tuple[dict[str, str], Response | None]:
        body = await read_body(request)
        if body is None:
            text = f"The answer is larger than {MAX_ANSWER_SIZE} bytes."
            return {}, _html(views.message_page(_root(request), "This is too large", text), 413)
        form = read_fields(body)
        if not is_form_token(self._secret, request.cookies.get(_COOKIE, ""), form.get("form", "")):
            text = "The form did not come from this page, or the server started anew. Open the page again."
            return {}, _html(views.message_page(_root(request), "Please open the page again", text), 403)
        return form, None

    def _nonce(self, request: Request) -> str:
        return request.cookies.get(_COOKIE) or secrets.token_urlsafe(16)

    def _remember(self, response: Response, nonce: str) -> Response:
        response.set_cookie(_COOKIE, nonce, httponly=True, samesite="strict")
        return response


async def _explain(request: Request, error: Exception) -> Response:
    if not isinstance(error, ControlError):
        raise error
    status = _STATUS_OF.get(error.reason, 500)
    return _html(views.message_page(_root(request), "This is not possible", error.message), status)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers=_HEADERS)


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _is_part(request: Request) -> bool:
    return "part" in request.query_params


def _annotation(one: Pending) -> Any:
    try:
        return find_type(one.type_name)
    except LookupError:
        return None  # then any JSON is taken here, and the handler checks it


def _fields(annotation: Any) -> Any:
    return fields_of(None if annotation is None else schema_for(annotation))
