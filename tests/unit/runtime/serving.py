"""What accepts exchanges, on a real port."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from awaken.transports.server.server import start_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.exchange import AcceptServed

PATIENCE_S = 25


@asynccontextmanager
async def serving(accept: AcceptServed) -> AsyncIterator[httpx.AsyncClient]:
    """Serve, and give a client."""
    server = await start_server(accept)
    host, port = server.address
    try:
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=PATIENCE_S) as client:
            yield client
    finally:
        await server.close()
