"""URLs of ports that are open."""

from __future__ import annotations

__all__ = ["host_and_port", "http_url"]


def http_url(address: tuple[str, int], *, is_tls: bool = False) -> str:
    """Return the URL of an address; an IPv6 address is put in brackets."""
    return f"{'https' if is_tls else 'http'}://{host_and_port(*address)}"


def host_and_port(host: str, port: int) -> str:
    """Return an address as people write it; an IPv6 address is put in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
