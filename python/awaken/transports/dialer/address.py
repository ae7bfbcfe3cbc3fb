"""An endpoint's address, and the reasons why it could not be reached."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

__all__ = ["CONNECT_TIMEOUT", "Address", "describe_error"]

#: Seconds until a connection is open, and until the endpoint has begun to speak on it; the server has the same limit.
CONNECT_TIMEOUT: Final = 10.0

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint's URL, split into its parts."""

    scheme: str
    host: str
    port: int
    #: Value of `host` and `:authority`; without the port if it is the default of the scheme.
    authority: str
    #: Path of the URL, which precedes the path of each request; without a slash at its end.
    prefix: str
    query: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Split a URL.

        Raises:
            ValueError: `url` is not an absolute http or https URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is not an absolute URL that begins with http:// or https://")
        authority = parts.netloc.rpartition("@")[2]
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.scheme, parts.hostname, port, authority, parts.path.rstrip("/"), parts.query)

    def target(self, path: str) -> str:
        """Join the URL and the path of a request; the URL's query goes to the end."""
        path, _, query = path.partition("?")
        queries = "&".join(filter(None, (query, self.query)))
        return self.prefix + path + (f"?{queries}" if queries else "")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def describe_error(error: BaseException) -> str:
    """Describe a network error for people, with the system's own text and number if it has one."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.strerror or error}"
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(number, int) and number > 0:
        return f"{os.strerror(number)} (os error {number})"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error) or type(error).__name__
