"""The ingress and the admin API of a runtime, on two ports of this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.hosting.access_rules import rules_for
from awaken.hosting.allowed_pages import AllowedPages
from awaken.hosting.applications import Applications
from awaken.hosting.http_server import HttpServer
from awaken.hosting.page_guard import guard_pages
from awaken.hosting.paths import answer_ready, redirect, route
from awaken.hosting.token_guard import guard_admin, guard_inbox, guard_ingress

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from awaken.control.access import Tokens
    from awaken.metrics.metrics import Metrics
    from awaken.runtime.admin import Admin
    from awaken.runtime.ingress import Ingress

__all__ = ["RuntimeServer"]


class RuntimeServer:
    """Serves the ingress and the admin API of one runtime over HTTP.

    Args:
        ingress: for callers. Its runtime has to be started before, and stopped after this is closed.
        admin: for operators.
        ingress_bind: host and port for callers; port 0 finds a free one.
        admin_bind: host and port for operators.
        beside_ingress: more ASGI applications on the callers' port, by the prefix of their paths. Reading their pages
            must change nothing, because links of other sites may lead there.
        inbox: ASGI application of the inbox, on the operators' port; None serves none. Browsers that open this port
            without a path are sent there.
        inbox_path: prefix of its paths.
        pages: names and origins that the user allows beyond the addresses.
        public_url: where else the applications beside the ingress can be reached, for example through a proxy.
        tokens: what to ask callers and operators for; None asks nobody.
        tls: context for TLS on both ports; None serves cleartext.
        metrics: counts what is answered; None counts nothing.
        unready: returns why requests should go elsewhere, or None: what `/ready` of the operators' port and
            `/restate/ready` of the callers' port answer, to anyone.
    """

    def __init__(
        self,
        ingress: Ingress,
        admin: Admin,
        *,
        ingress_bind: tuple[str, int],
        admin_bind: tuple[str, int],
        beside_ingress: Mapping[str, ASGIApp] | None = None,
        inbox: ASGIApp | None = None,
        inbox_path: str = "/ui",
        pages: AllowedPages | None = None,
        public_url: str | None = None,
        tokens: Tokens | None = None,
        tls: ssl.SSLContext | None = None,
        metrics: Metrics | None = None,
        unready: Callable[[], str | None] = lambda: None,
    ) -> None:
        pages = pages or AllowedPages()
        for_callers = rules_for("ingress", ingress_bind[0], pages, is_reading_safe=False)
        beside = rules_for("address", ingress_bind[0], pages, is_reading_safe=True, public_url=public_url)
        for_operators = rules_for("admin API", admin_bind[0], pages, is_reading_safe=True)
        applications = Applications()
        callers = guard_pages(guard_ingress(ingress, tokens), for_callers)
        others = {
            prefix: guard_pages(applications.serve(app, prefix), beside)
            for prefix, app in (beside_ingress or {}).items()
        }
        self._ingress = HttpServer(
            route(callers, paths={"/restate/ready": answer_ready(unready)}, prefixes=others),
            *ingress_bind,
            applications=applications,
            tls=tls,
        )
        self._ingress.measure(metrics, "ingress")
        self._operators = admin
        applications = Applications()
        operators = guard_admin(applications.serve(admin), tokens)
        if inbox is not None:
            home = redirect(f"{inbox_path}/")  # only from where people type
            visitors = guard_inbox(applications.serve(inbox, inbox_path), tokens, inbox_path)
            operators = route(operators, paths={"/": home, inbox_path: home}, prefixes={inbox_path: visitors})
        operators = route(guard_pages(operators, for_operators), paths={"/ready": answer_ready(unready)})
        self._admin = HttpServer(operators, *admin_bind, applications=applications, tls=tls)
        self._admin.measure(metrics, "admin")

    @property
    def ingress_url(self) -> str:
        """URL for callers."""
        return self._ingress.url

    @property
    def admin_url(self) -> str:
        """URL for operators."""
        return self._admin.url

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: an address is taken, or does not belong to this machine; then neither port is open.
        """
        await self._ingress.start()
        self._operators.tell_ingress(self.ingress_url)
        try:
            await self._admin.start()
        except BaseException:
            await self._ingress.stop()
            raise

    async def close(self, grace_s: float = 5.0) -> None:
        """Take no more requests, and cut off open ones that do not end within `grace_s` seconds."""
        self._operators.end_questions()
        await asyncio.gather(self._ingress.stop(grace_s), self._admin.stop(grace_s))
