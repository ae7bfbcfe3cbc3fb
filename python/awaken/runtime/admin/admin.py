"""The admin API of one runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.runtime.admin.app import make_admin
from awaken.runtime.query import Query, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from awaken.runtime.deployments import Deployments
    from awaken.runtime.runtime import Runtime

__all__ = ["Admin"]

_NOWHERE: Final = "http://127.0.0.1:8080/"


class Admin:
    """Where operators enter, as an ASGI application. To be closed before its runtime is.

    Args:
        runtime: what they look at and change.
        deployments: what is registered.
        ingress_url: where callers enter.
    """

    def __init__(
        self, runtime: Runtime, deployments: Deployments, *, ingress_url: Callable[[], str] = lambda: _NOWHERE
    ) -> None:
        self._query = Query(runtime.store.path, lambda: take_snapshot(deployments, runtime.awaited()))
        is_limited = (runtime.settings.max_protocol_version or 7) < 7
        self._app = make_admin(
            runtime,
            deployments,
            self._query.answer,
            ingress_url=ingress_url,
            features=frozenset() if is_limited else frozenset(("protocol_v7",)),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        await self._app(scope, receive, send)

    def close(self) -> None:
        """End the questions that are being answered."""
        self._query.close()
