"""URLs of ports that are open."""

from __future__ import annotations

__all__ = ["http_url"]


def http_url(address: tuple[str, int], *, is_tls: bool = False) -> str:
    """Return the URL of an address; an IPv6 address is put in brackets."""
    host, port = address
    return f"{'https' if is_tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
