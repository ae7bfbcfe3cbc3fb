"""Opens clients."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from awaken.client.addresses import admin_address, ingress_address
from awaken.client.async_client import RestateClient
from awaken.client.async_sender import AsyncSender
from awaken.client.building import Builder
from awaken.client.codec import BlockingCodec
from awaken.client.credentials import authorization, make_tls_context, read_token
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

#: To make a connection, or to get one from the pool. A response may take as long as the handler does.
_CONNECT_TIMEOUT_S = 10.0


@asynccontextmanager
async def create_client(
    ingress: str | None = None,
    headers: Mapping[str, str] | None = None,
    journal_value_codec: ValueCodec | None = None,
    *,
    admin: str | None = None,
    token: str | None = None,
    timeout: timedelta | float | None = None,  # noqa: ASYNC109  # of each request, not of this function
    retries: ConnectionRetries | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[RestateClient, None]:
    """Open a client of a runtime's ingress; the end of the `async with` block closes it.

    Args:
        ingress: address of the ingress; by default `AWAKEN_INGRESS`, or `http://127.0.0.1:8080`.
        headers: sent with every request. A runtime without tokens stores them with its invocations.
        journal_value_codec: encodes and decodes values; give the same one as to the endpoint.
        admin: address of the admin API, for `cancel` and `status`; by default `AWAKEN_ADMIN`.
        token: bearer token for both; by default that of `AWAKEN_TOKEN` or of the file `AWAKEN_TOKEN_FILE`. Empty sends
            none.
        timeout: how long to wait for a response; None waits as long as the handler needs.
        retries: what to do after connection errors.
        transport: a transport of httpx, instead of its default.

    Raises:
        ValueError: an address is not an HTTP address, the token cannot be read or sent, or a file that the environment
            names for TLS cannot be read.
    """
    import httpx

    build = Builder(ingress_address(ingress), admin_address(admin), journal_value_codec)
    settings = _settings(headers, token, timeout)
    if transport is None:
        settings["verify"] = make_tls_context()
        if not _has_proxies():
            from awaken.client.async_connections import AsyncConnections

            transport = AsyncConnections(settings["verify"])
    async with httpx.AsyncClient(transport=transport, **settings) as client:
        yield RestateClient(build, AsyncSender(client, journal_value_codec, retries or ConnectionRetries()))


@contextmanager
def create_sync_client(
    ingress: str | None = None,
    headers: Mapping[str, str] | None = None,
    journal_value_codec: ValueCodec | None = None,
    *,
    admin: str | None = None,
    token: str | None = None,
    timeout: timedelta | float | None = None,
    retries: ConnectionRetries | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Generator[SyncRestateClient, None, None]:
    """Open a client whose calls block; otherwise like `create_client`.

    Several threads may use it at once.

    Raises:
        ValueError: an address is not an HTTP address, the token cannot be read or sent, or a file that the environment
            names for TLS cannot be read.
    """
    import httpx

    build = Builder(ingress_address(ingress), admin_address(admin), journal_value_codec)
    codec = None if journal_value_codec is None else BlockingCodec(journal_value_codec)
    settings = _settings(headers, token, timeout)
    if transport is None:
        settings["verify"] = make_tls_context()
        if not _has_proxies():
            from awaken.client.sync_connections import SyncConnections

            transport = SyncConnections(settings["verify"])
    with httpx.Client(transport=transport, **settings) as client:
        yield SyncRestateClient(build, SyncSender(client, codec, retries or ConnectionRetries()))


def _settings(
    headers: Mapping[str, str] | None, token: str | None, timeout: timedelta | float | None
) -> dict[str, Any]:
    import httpx

    read = None if timeout is None else time_limits.within_time(timeout, "the timeout of a client") / 1000
    sent = dict(headers or {})
    if not any(name.lower() == "authorization" for name in sent):
        sent |= authorization(read_token(token))
    return {
        "headers": sent,
        "timeout": httpx.Timeout(read, connect=_CONNECT_TIMEOUT_S),
        # Each caller that waits for a handler holds a connection; with a limit they would wait for each other.
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=100),
        "http2": True,
    }


def _has_proxies() -> bool:
    """Return whether the system or the environment names proxies: httpx uses them only without a transport."""
    proxies = getproxies()
    return any(proxies.get(scheme) for scheme in ("http", "https", "all"))
