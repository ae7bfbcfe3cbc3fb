"""An ASGI application with `/metrics`, `/health` and `/ready`."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from awaken.metrics.probes import HEALTH, JSON, readiness
from awaken.metrics.prometheus import SnapshotCollector, render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from prometheus_client.registry import Collector

    from awaken.metrics.snapshot import Snapshot

__all__ = ["MetricsApp"]

_READS: Final = ("GET", "HEAD")
_TEXT: Final = "text/plain; charset=utf-8"


class MetricsApp:
    """Shows numbers, and what load balancers and supervisors ask.

    Args:
        take: awaited for each scrape, returns the numbers.
        unready: returns why requests should go elsewhere, or None.
        others: collectors of other numbers, such as those of the process.
        unhealthy: returns why the process should be restarted, or None.
    """

    def __init__(
        self,
        take: Callable[[], Awaitable[Snapshot]],
        unready: Callable[[], str | None] = lambda: None,
        others: Sequence[Collector] = (),
        unhealthy: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._take = take
        self._unready = unready
        self._others = others
        self._unhealthy = unhealthy
        # Ten thousand lines take 50 ms: more than handlers should wait. Not the loop's own threads, which may be busy.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="awaken-metrics")

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Any]],  # Any: each host has its own types of messages
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        status, content_type, body = await self._answer(
            scope["method"], scope["path"], headers.get("accept", "")
        )
        fields = [
            ("content-type", content_type),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ]
        if status == 405:
            fields.append(("allow", "GET, HEAD"))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def close(self) -> None:
        """Give the thread back."""
        self._threads.shutdown(wait=False)

    async def _answer(self, method: str, path: str, accept: str) -> tuple[int, str, bytes]:
        if path not in ("/metrics", "/health", "/ready"):
            return 404, _TEXT, f"no route {path}: this port has /metrics, /health and /ready\n".encode()
        if method not in _READS:
            return 405, _TEXT, f"method {method} is not possible here; use GET\n".encode()
        if path == "/health":
            fault = self._unhealthy()
            return (200, JSON, HEALTH) if fault is None else (503, JSON, readiness(fault)[1])
        if path == "/ready":
            status, body = readiness(self._unready())
            return status, JSON, body
        snapshot = await self._take()
        collectors = [SnapshotCollector(lambda: snapshot), *self._others]
        loop = asyncio.get_running_loop()
        body, content_type = await loop.run_in_executor(self._threads, render, collectors, accept)
        return 200, content_type, body
