"""Opens clients."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from awaken.client.addresses import admin_address, ingress_address
from awaken.client.async_client import RestateClient
from awaken.client.async_sender import AsyncSender
from awaken.client.building import Builder
from awaken.client.codec import BlockingCodec
from awaken.client.retries import ConnectionRetries
from awaken.client.sync_client import SyncRestateClient
from awaken.client.sync_sender import SyncSender
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from datetime import timedelta

    import httpx

    from awaken.client.codec import ValueCodec

__all__ = ["create_client", "create_sync_client"]

#: To make a connection, and to get one of the pool; an answer may take as long as the handler does.
_CONNECT_TIMEOUT_S = 10.0


@asynccontextmanager
async def create_client(
    ingress: str | None = None,
    headers: Mapping[str, str] | None = None,
    journal_value_codec: ValueCodec | None = None,
    *,
    admin: str | None = None,
    timeout: timedelta | float | None = None,  # noqa: ASYNC109  # of each request, not of this function
    retries: ConnectionRetries | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[RestateClient, None]:
    """Open a client of a runtime's ingress; it is closed at the end of the `async with` block.

    Args:
        ingress: where callers enter; `AWAKEN_INGRESS`, or `http://127.0.0.1:8080`, when it is not given.
        headers: sent with every request.
        journal_value_codec: what the endpoint was given as well; values go through it.
        admin: the admin API, for `cancel`; `AWAKEN_ADMIN` when it is not given.
        timeout: how long an answer may take to come; None waits as long as the handler needs.
        retries: after connection errors.
        transport: of httpx, when its own does not fit.

    Raises:
        ValueError: an address is no HTTP address.
    """
    import httpx

    build = Builder(ingress_address(ingress), admin_address(admin), journal_value_codec)
    async with httpx.AsyncClient(transport=transport, **_settings(headers, timeout)) as client:
        yield RestateClient(build, AsyncSender(client, journal_value_codec, retries or ConnectionRetries()))


@contextmanager
def create_sync_client(
    ingress: str | None = None,
    headers: Mapping[str, str] | None = None,
    journal_value_codec: ValueCodec | None = None,
    *,
    admin: str | None = None,
    timeout: timedelta | float | None = None,
    retries: ConnectionRetries | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Generator[SyncRestateClient, None, None]:
    """Open a client whose calls block; everything else is as with `create_client`.

    It may be used from several threads at once.

    Raises:
        ValueError: an address is no HTTP address.
    """
    import httpx

    build = Builder(ingress_address(ingress), admin_address(admin), journal_value_codec)
    codec = None if journal_value_codec is None else BlockingCodec(journal_value_codec)
    with httpx.Client(transport=transport, **_settings(headers, timeout)) as client:
        yield SyncRestateClient(build, SyncSender(client, codec, retries or ConnectionRetries()))


def _settings(headers: Mapping[str, str] | None, timeout: timedelta | float | None) -> dict[str, Any]:
    import httpx

    read = None if timeout is None else time_limits.within_time(timeout, "the timeout of a client") / 1000
    return {
        "headers": dict(headers or {}),
        "timeout": httpx.Timeout(read, connect=_CONNECT_TIMEOUT_S),
        # Callers that wait for handlers hold a connection each; a bound would make them wait for one another.
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100),
        "http2": True,
    }
