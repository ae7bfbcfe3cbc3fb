"""The state of keys: look at the values of one, and set or delete one, unless somebody changed the state meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.control.errors import ConflictError, InvalidRequestError, NotFoundError
from awaken.inbox.page_tools import FormError
from awaken.inbox.services import find_service
from awaken.inbox.state_reading import find_value, list_keys, list_values, read_whole
from awaken.inbox.timeline.values import LARGEST_SHOWN, Shown, ValueKind

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.inbox.page_tools import PageTools
    from awaken.inbox.state_reading import StateEntry
    from awaken.inbox.values import Values

__all__ = ["StatePages"]

#: Bytes of a value that a form has.
_LARGEST_TYPED: Final = 64 * 1024
#: How often, and after how many seconds, the state is read until an edit shows.
_LOOKS: Final = 5
_PAUSE_SECONDS: Final = 0.15
_DONE: Final = {
    "done": "The state was changed.",
    "waits": "The edit is accepted and waits for its turn: an invocation has the key. If that changes the state, the "
    "edit is dropped.",
}


class StatePages:
    """The state of keys."""

    def __init__(self, tools: PageTools, values: Values) -> None:
        self._tools = tools
        self._values = values

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            Route("/state", self._find),
            Route("/state/key", self._show),
            Route("/state/value", self._value),
            Route("/state/edit", self._edit, methods=["GET", "POST"]),
            Route("/state/delete", self._delete, methods=["GET", "POST"]),
        ]

    async def _find(self, request: Request) -> Response:
        operations = self._tools.operations
        service, prefix = (
            request.query_params.get(name, "").replace("\0", "") for name in ("service", "prefix")
        )
        keyed = [one.name for one in await operations.services() if one.has_keys]
        keys = await list_keys(operations, service, prefix) if service else []
        return await self._tools.render(
            request,
            "state.html",
            section="state",
            services=keyed,
            service=service,
            prefix=prefix,
            keys=keys,
        )

    async def _show(self, request: Request) -> Response:
        service, key = _place(request)
        entries = await list_values(self._tools.operations, service, key)
        values = [(entry, await self._shown(service, entry)) for entry in entries]
        return await self._tools.render(
            request,
            "state_key.html",
            section="state",
            service=service,
            key=key,
            values=values,
            done=_DONE.get(request.query_params.get("done", "")),
        )

    async def _value(self, request: Request) -> Response:
        service, key = _place(request)
        entry = await self._entry(request, LARGEST_SHOWN)
        shown = await self._shown(service, entry)
        return await self._tools.render(
            request, "state_value.html", section="state", service=service, key=key, entry=entry, shown=shown
        )

    async def _edit(self, request: Request) -> Response:
        tools, (service, _key) = self._tools, _place(request)
        name = request.query_params.get("name", "")
        if request.method == "POST":
            form = await tools.read_form(request)
            name = name or form.get("name", "")
            if not name:
                return await self._ask(request, form, "Name: is missing; every value has one.")
            text = form.get("value", "")
            if form.get("kind") == "json":
                try:
                    json.loads(text)
                except (ValueError, RecursionError) as error:
                    return await self._ask(
                        request, form, f"This is not JSON: {error}. Choose text if it is none."
                    )
            value = await self._values.encode(service, text.replace("\r\n", "\n").encode())
            return await self._apply(request, form.get("version", ""), name, value)
        return await self._ask(request, {}, "")

    async def _ask(self, request: Request, given: dict[str, str], problem: str) -> Response:
        tools, (service, key) = self._tools, _place(request)
        await find_service(tools.operations, service)
        name = request.query_params.get("name", "")
        whole = await read_whole(tools.operations, service, key)
        current = Shown(ValueKind.EMPTY)
        if name:
            entry = await self._entry(request, _LARGEST_TYPED)
            current = await self._shown(service, entry)
            if current.kind in {ValueKind.BINARY, ValueKind.LARGE} or current.note:
                note = current.note or f"it is {current.kind} of {entry.size} bytes"
                raise InvalidRequestError(f"{name[:200]} cannot be edited here: {note}; a handler can set it")
        return await tools.render(
            request,
            "state_edit.html",
            section="state",
            status=422 if problem else 200,
            has_form=True,
            service=service,
            key=key,
            name=name,
            given=given,
            current=current,
            version=given.get("version") or whole.version,
            problem=problem,
        )

    async def _delete(self, request: Request) -> Response:
        tools, (service, key) = self._tools, _place(request)
        name = request.query_params.get("name", "")
        if request.method == "POST":
            form = await tools.read_form(request)
            if form.get("do") != "delete":
                raise FormError(
                    400, "This form cannot be read", "It does not say what to do. Open the page again."
                )
            return await self._apply(request, form.get("version", ""), name, None)
        entry = await self._entry(request, 0)
        whole = await read_whole(tools.operations, service, key)
        return await tools.render(
            request,
            "state_delete.html",
            section="state",
            has_form=True,
            service=service,
            key=key,
            entry=entry,
            version=whole.version,
        )

    async def _apply(self, request: Request, version: str, name: str, value: bytes | None) -> Response:
        """Replace the state by itself with one value set, or deleted for None, and show what came of it."""
        tools, (service, key) = self._tools, _place(request)
        before = await read_whole(tools.operations, service, key)
        # A Restate server drops an edit of another version without a word, so pages compare it themselves.
        if before.version != version:
            raise ConflictError(
                f"the state of {service}/{key[:200]} was changed since you opened the page, and your edit was not "
                "applied; look at it again"
            )
        after = {one: known for one, known in before.values.items() if one != name}
        after |= {} if value is None else {name: value}
        await tools.operations.edit_state(service, key, after, version)
        done = "waits"
        for _ in range(_LOOKS):
            if (await read_whole(tools.operations, service, key)).values == after:
                done = "done"
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        query = urlencode({"service": service, "key": key, "done": done})
        return RedirectResponse(f"{tools.root(request)}/state/key?{query}", 303)

    async def _entry(self, request: Request, largest: int) -> StateEntry:
        service, key = _place(request)
        name = request.query_params.get("name", "")
        entry = await find_value(self._tools.operations, service, key, name, largest)
        if entry is None:
            raise NotFoundError(
                f"{service}/{key[:200]} has no value {name[:200]!r}; it may have been cleared"
            )
        return entry

    async def _shown(self, service: str, entry: StateEntry) -> Shown:
        return await self._values.show(service, entry.value, entry.size)


def _place(request: Request) -> tuple[str, str]:
    """Return the service and the key that a request is about. Raises InvalidRequestError."""
    query = request.query_params
    if not query.get("service"):
        raise InvalidRequestError("the address names no service; choose one")
    if any("\0" in query.get(name, "") for name in ("service", "key", "name")):
        raise InvalidRequestError("names with the character U+0000 cannot be looked for")
    return query["service"], query.get("key", "")
