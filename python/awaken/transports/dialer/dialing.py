"""Chooses the dialer for an endpoint's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports.dialer.http1_dialer import Http1Dialer
from awaken.transports.dialer.http2_dialer import Http2Dialer

if TYPE_CHECKING:
    import ssl

    from awaken.exchange import Dialer

__all__ = ["make_dialer"]


def make_dialer(url: str, *, use_http_11: bool = False, tls: ssl.SSLContext | None = None) -> Dialer:
    """Return a dialer for an endpoint on the network. Call it on a running loop.

    Args:
        url: `http://` or `https://`, with the path that precedes `/discover` and `/invoke`, if any.
        use_http_11: speak HTTP/1.1 instead of HTTP/2 (by prior knowledge over `http://`, by ALPN over `https://`).
        tls: context to use instead of one that trusts the authorities of the system.

    Raises:
        ValueError: the URL is not absolute, or has another scheme.
    """
    if use_http_11:
        return Http1Dialer(url, tls=tls)
    return Http2Dialer(url, tls=tls)
