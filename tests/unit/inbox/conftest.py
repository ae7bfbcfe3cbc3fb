"""An inbox on a port, in front of a runtime that runs in the test's process."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import awaken
import httpx
import pytest_asyncio
from awaken import _core
from awaken.hosting.runtime_server import RuntimeServer
from awaken.inbox import create_inbox
from awaken.inbox.visitors import VisitorHeaders
from awaken.links import add_type_module
from awaken.testing import Environment, open_environment

import tests.e2e.services.office
from tests.e2e.services.office import approve, office, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANYWHERE = ("127.0.0.1", 0)
LEAD = "lead@example.com"


class Inbox:
    """The inbox of an office, and somebody in front of it."""

    def __init__(self, environment: Environment, server: RuntimeServer, browser: httpx.AsyncClient) -> None:
        self.environment = environment
        self.server = server
        #: Sends no cookies and follows nothing.
        self.browser = browser

    async def ask(self, title: str = "Pay?", key: str = "desk", **given: Any) -> str:
        """Let `Office/approve` ask, and return the id of the question."""
        return await self._begin(approve, key, {"title": title, **given})

    async def wait_plainly(self, key: str = "desk", **given: Any) -> str:
        """Let `Office/sign` wait for a plain awakeable, and return its id."""
        return await self._begin(sign, key, given)

    async def _begin(self, handler: Any, key: str, given: dict[str, Any]) -> str:
        sent = await self.environment.client.object_send(handler, key=key, arg=given)
        await self.environment.settle()
        raw = _core.parse_invocation_id(sent.invocation_id)
        return _core.format_awakeable_id(raw, 17)

    async def get(self, path: str, person: str | None = LEAD, groups: str = "") -> httpx.Response:
        """Open a page as somebody; without a person, around the proxy."""
        return await self.browser.get(path, headers=_headers(person, groups))

    async def post(
        self, path: str, fields: dict[str, Any], person: str | None = LEAD, groups: str = ""
    ) -> httpx.Response:
        """Open a page as somebody, and send its form with these fields."""
        headers = _headers(person, groups)
        async with httpx.AsyncClient(base_url=self.browser.base_url) as browser:
            page = await browser.get(path, headers=headers)
            token = page.text.partition('name="form" value="')[2].partition('"')[0]
            return await browser.post(path.partition("?")[0], data={"form": token, **fields}, headers=headers)


def _headers(person: str | None, groups: str) -> dict[str, str]:
    return {} if person is None else {"x-user": person, "x-groups": groups}


@pytest_asyncio.fixture
async def inbox() -> AsyncIterator[Inbox]:
    add_type_module(tests.e2e.services.office.__name__)  # as `awaken dev` does
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(open_environment(awaken.app([office])))
        pages = create_inbox(
            environment.embedded.runtime,
            VisitorHeaders("X-User", "X-Groups"),
            now_ms=lambda: environment.now_ms,
        )
        server = RuntimeServer(
            environment.embedded.ingress,
            environment.embedded.admin,
            ingress_bind=ANYWHERE,
            admin_bind=ANYWHERE,
            inbox=pages,
        )
        await server.open()
        stack.push_async_callback(server.close, 0)
        browser = await stack.enter_async_context(httpx.AsyncClient(base_url=f"{server.admin_url}/ui"))
        yield Inbox(environment, server, browser)
