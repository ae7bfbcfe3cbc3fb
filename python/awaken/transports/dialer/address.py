"""Where an endpoint is, as its URL says, and why it could not be reached."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.transports.dialer.http1_connection import Http1ClientConnection
    from awaken.transports.dialer.http2_connection import Http2ClientConnection

__all__ = ["CONNECT_TIMEOUT", "Address", "connect", "describe_error", "establish", "make_client_tls_context"]

#: Seconds for a connection to be there and to say its first word, the server's own limit.
CONNECT_TIMEOUT: Final = 10.0

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint's URL, taken apart."""

    scheme: str
    host: str
    port: int
    #: What `host` and `:authority` say: no port where it is the scheme's own.
    authority: str
    #: Path before what is asked for, without a slash at its end.
    prefix: str
    query: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            ValueError: it is not an absolute http or https URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an absolute URL that begins with http:// or https://")
        authority = parts.netloc.rpartition("@")[2]
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, port, authority, parts.path.rstrip("/"), parts.query)

    def target(self, path: str) -> str:
        """Join the URL and the path of a request; the URL's query stays behind both."""
        path, _, query = path.partition("?")
        queries = "&".join(filter(None, (query, self.query)))
        return self.prefix + path + (f"?{queries}" if queries else "")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


async def connect(
    address: Address, make_protocol: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None
) -> None:
    """Open a connection.

    Raises:
        OSError: it could not be opened, or not within `CONNECT_TIMEOUT`; `describe_error` tells it to people.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await loop.create_connection(make_protocol, address.host, address.port, ssl=tls)
    except TimeoutError as error:
        raise OSError(f"no connection within {CONNECT_TIMEOUT:g} s") from error


async def establish(
    connection: Http1ClientConnection | Http2ClientConnection, address: Address, tls: ssl.SSLContext | None
) -> None:
    """Open a connection; if that fails, so does what it was opened for."""
    try:
        await connect(address, lambda: connection, tls)
    except asyncio.CancelledError:
        connection.fail("given up: the connections are being closed")
        raise
    except Exception as error:
        connection.fail(f"cannot connect: {describe_error(error)}")


def describe_error(error: BaseException) -> str:
    """Tell an error of the network to people, with the system's own text and number where there is one."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.strerror or error}"
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(number, int) and number > 0:
        return f"{os.strerror(number)} (os error {number})"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error) or type(error).__name__


def make_client_tls_context(protocol: str, authority_file: str | None = None) -> ssl.SSLContext:
    """Make a context that trusts what the system trusts, or one authority, and negotiates one protocol.

    Args:
        protocol: `h2` or `http/1.1`.
        authority_file: a PEM file with the authorities to trust instead of the system's.
    """
    context = ssl.create_default_context(cafile=authority_file)
    context.set_alpn_protocols([protocol])
    return context
