"""The doors of a runtime, opened on two ports of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Mount, Router

from awaken.hosting.http_server import HttpServer
from awaken.runtime.admin import Admin
from awaken.runtime.ingress import Ingress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from awaken.runtime.deployments import Deployments
    from awaken.runtime.runtime import Runtime

__all__ = ["RuntimeServer"]


class RuntimeServer:
    """Ingress and admin API of one runtime, over HTTP.

    Args:
        runtime: what stands behind them; it has to be started, and outlives them.
        deployments: what is registered with it.
        ingress: host and port for callers; port 0 takes a free one.
        admin: host and port for operators.
        beside_ingress: other applications on the callers' port, by the prefix of their paths.
        beside_admin: other applications on the operators' port, likewise.
    """

    def __init__(
        self,
        runtime: Runtime,
        deployments: Deployments,
        *,
        ingress: tuple[str, int],
        admin: tuple[str, int],
        beside_ingress: Mapping[str, ASGIApp] | None = None,
        beside_admin: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        callers = Ingress(runtime, deployments, runtime.clock.now_ms)
        self._ingress = HttpServer(_beside(callers, beside_ingress), *ingress)
        self._operators = Admin(runtime, deployments, ingress_url=lambda: f"{self.ingress_url}/")
        self._admin = HttpServer(_beside(self._operators, beside_admin), *admin)

    @property
    def ingress_url(self) -> str:
        """Where callers enter."""
        return self._ingress.url

    @property
    def admin_url(self) -> str:
        """Where operators enter."""
        return self._admin.url

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: an address cannot be had; then none is taken.
        """
        await self._ingress.start()
        try:
            await self._admin.start()
        except BaseException:
            await self._ingress.stop()
            raise

    async def close(self, grace_s: float = 5.0) -> None:
        """Take no more requests, and give those that are open so many seconds."""
        await self._ingress.stop(grace_s)
        await self._admin.stop(grace_s)
        self._operators.close()


def _beside(main: ASGIApp, others: Mapping[str, ASGIApp] | None) -> ASGIApp:
    if not others:
        return main
    return Router([Mount(prefix, app) for prefix, app in others.items()], default=main)
