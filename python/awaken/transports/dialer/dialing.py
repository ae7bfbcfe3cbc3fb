"""Finds the dialer for an endpoint's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports.dialer.http1_dialer import Http1Dialer
from awaken.transports.dialer.http2_dialer import Http2Dialer

if TYPE_CHECKING:
    import ssl

    from awaken.exchange import Dialer

__all__ = ["make_dialer"]


def make_dialer(url: str, *, use_http_11: bool = False, tls: ssl.SSLContext | None = None) -> Dialer:
    """Make a dialer for an endpoint that is reached over the network. Needs a running loop.

    Args:
        url: `http://` or `https://`, with the path before `/discover` and `/invoke` if there is one.
        use_http_11: speak HTTP/1.1; else HTTP/2, by prior knowledge over `http://` and by ALPN over `https://`.
        tls: instead of a context that trusts what the system trusts.

    Raises:
        ValueError: the URL is not absolute, or of another scheme.
    """
    if use_http_11:
        return Http1Dialer(url, tls=tls)
    return Http2Dialer(url, tls=tls)
