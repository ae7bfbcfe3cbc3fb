"""Calling a handler from a page: a form from the schema of its input, the result, and the line that does it with curl.

A call is a send and a wait for the result, so the page has the invocation's id whatever happens, and a reload of the
result calls nothing again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.callbacks.form_values import change_items, fill_form, read_form, reopen_form, tidy_form
from awaken.callbacks.forms import form_of
from awaken.callbacks.inputs import describe_problems, make_inputs
from awaken.control.answers import InvalidAnswerError, Problem
from awaken.control.errors import OperationError
from awaken.control.operations import InvocationRequest, Success, Target
from awaken.inbox.curl_lines import curl_line, ingress_for_browser
from awaken.inbox.example_values import example_of
from awaken.inbox.services import find_handler
from awaken.inbox.timeline.values import Shown, ValueKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.callbacks.fields import Field
    from awaken.control.catalog import HandlerView, ServiceView
    from awaken.control.operations import Completion
    from awaken.inbox.page_tools import PageTools
    from awaken.inbox.values import Values

__all__ = ["CallPages"]

#: Seconds that a page waits for a result; then it shows the invocation, which runs on.
_PATIENCE_SECONDS: Final = 4.0
#: Milliseconds of the units of a delay.
_UNITS: Final = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_DELAY_MS: Final = 100 * 365 * 86_400_000


class CallPages:
    """The form of a handler, and what came of it."""

    def __init__(self, tools: PageTools, values: Values) -> None:
        self._tools = tools
        self._values = values

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        path = "/services/{service}/{handler}"
        return [
            Route(path, self._form, methods=["GET", "POST"]),
            Route(f"{path}/result", self._result),
        ]

    async def _form(self, request: Request) -> Response:
        tools = self._tools
        service, handler = await find_handler(tools.operations, **_named(request))
        if request.method != "POST":
            given = fill_form(_fields_of(handler))
            given |= {"key": request.query_params.get("key", ""), "once": secrets.token_urlsafe(12)}
            return await self._ask(request, service, handler, given)
        form = await tools.read_form(request)
        fields = _fields_of(handler)
        changed = change_items(form, fields, form.get("do", ""))  # adds an item to a list, or removes one
        if changed is not None:
            return await self._ask(request, service, handler, changed)
        form = tidy_form(form, fields)
        again = reopen_form(form, fields)
        try:
            asked = _read(form, service, handler)
        except InvalidAnswerError as error:
            return await self._ask(request, service, handler, again, error.problems)
        try:
            if asked.body:
                asked = replace(asked, body=await self._values.encode(service.name, asked.body))
            accepted = await tools.operations.send(asked)
        except OperationError as error:
            return await self._ask(
                request, service, handler, again, [Problem("do", str(error))], error.http_status
            )
        done = "sent" if accepted.is_new else "known"
        root, invocation_id = tools.root(request), accepted.invocation_id
        if form.get("do") == "send":
            return RedirectResponse(f"{root}/invocations/{invocation_id}?done={done}", 303)
        query = urlencode({"invocation": invocation_id, "done": done})
        return RedirectResponse(f"{request.url.path}/result?{query}", 303)

    async def _ask(
        self,
        request: Request,
        service: ServiceView,
        handler: HandlerView,
        given: Mapping[str, str],
        problems: Sequence[Problem] = (),
        status: int = 422,
    ) -> Response:
        example = None
        if handler.takes_input:
            example = json.dumps(example_of(handler.input_schema), ensure_ascii=False)
        target = Target(service.name, handler.name, (given.get("key") or "KEY") if service.has_keys else None)
        address = ingress_for_browser(await self._tools.operations.ingress_address(), request)
        fields = _fields_of(handler) if handler.takes_input else ()
        inputs = make_inputs(fields, given, problems)
        return await self._tools.render(
            request,
            "handler.html",
            section="services",
            status=status if problems else 200,
            has_form=True,
            service=service,
            handler=handler,
            given=given,
            inputs=inputs,
            problems=describe_problems(inputs, problems),
            units=list(_UNITS),
            is_once=_is_once(handler),
            curl=curl_line(address, target, example),
            is_private=not (service.is_public and handler.is_public),
        )

    async def _result(self, request: Request) -> Response:
        tools, invocation_id = self._tools, request.query_params.get("invocation", "")
        service, handler = await find_handler(tools.operations, **_named(request))
        completion: Completion | None = None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                completion = await tools.operations.attach(invocation_id)
        except TimeoutError:
            return RedirectResponse(f"{tools.root(request)}/invocations/{invocation_id}?done=called", 303)
        result = completion.result
        if isinstance(result, Success):
            shown = await self._values.show(service.name, result.value, len(result.value))
        else:
            shown = Shown(ValueKind.FAILURE, f"[{result.code}] {result.message}")
        return await tools.render(
            request,
            "result.html",
            section="services",
            service=service,
            handler=handler,
            invocation_id=invocation_id,
            is_success=isinstance(result, Success),
            is_known=request.query_params.get("done") == "known",
            shown=shown,
        )


def _named(request: Request) -> dict[str, str]:
    return {"service": request.path_params["service"], "name": request.path_params["handler"]}


def _fields_of(handler: HandlerView) -> tuple[Field, ...]:
    return form_of(handler.input_schema, what="input").fields


def _is_once(handler: HandlerView) -> bool:
    """Return whether it runs once for each key, and takes no idempotency key."""
    return handler.kind == "Workflow"


def _read(form: Mapping[str, str], service: ServiceView, handler: HandlerView) -> InvocationRequest:
    """Return what a form asks for. Raises InvalidAnswerError."""
    problems: list[Problem] = []
    key = form.get("key", "") if service.has_keys else None
    if key == "":
        problems.append(Problem("Key", f"is missing; {service.name} has keys"))
    delay_ms = None
    try:
        delay_ms = _read_delay(form)
    except ValueError as error:
        problems.append(Problem("Delay", str(error)))
    body = b""
    if handler.takes_input:
        try:
            body = read_form(form, _fields_of(handler))
        except InvalidAnswerError as error:
            problems += error.problems
    if form.get("do") not in {"call", "send"}:
        problems.append(Problem("do", "press one of the two buttons"))
    if form.get("do") == "call" and delay_ms is not None:
        problems.append(Problem("Delay", "is for sending: nobody waits that long for a result"))
    if problems:
        raise InvalidAnswerError(problems)
    # Without a key of its own, the form has one: a second press of the button starts nothing.
    idempotency_key = form.get("idempotency_key") or (form.get("once") or None)
    headers = [("content-type", "application/json")] if handler.takes_input else []
    return InvocationRequest(
        Target(service.name, handler.name, key),
        body,
        headers,
        None if _is_once(handler) else idempotency_key,
        delay_ms,
    )


def _read_delay(form: Mapping[str, str]) -> int | None:
    text, unit = form.get("delay", "").strip(), form.get("unit", "s")
    if not text:
        return None
    try:
        delay_ms = round(float(text) * _UNITS[unit])
    except (ValueError, KeyError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a number of seconds, minutes, hours or days") from None
    if not 0 <= delay_ms <= _LONGEST_DELAY_MS:
        raise ValueError("is at least 0 and at most 100 years")
    return delay_ms or None
