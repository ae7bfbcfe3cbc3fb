"""Where requests go: base addresses, and paths that keep keys whole."""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit

__all__ = ["DEFAULT_INGRESS", "admin_address", "ingress_address", "join"]

DEFAULT_INGRESS = "http://127.0.0.1:8080"


def ingress_address(given: str | None) -> str:
    """Return the address given, that of `AWAKEN_INGRESS`, or the default on this machine.

    Raises:
        ValueError: the address is not an HTTP address.
    """
    return _checked(given or os.environ.get("AWAKEN_INGRESS") or DEFAULT_INGRESS, "ingress")


def admin_address(given: str | None) -> str | None:
    """Return the address given, or that of `AWAKEN_ADMIN`. There is no default, which could be a stranger's.

    Raises:
        ValueError: the address is not an HTTP address.
    """
    address = given or os.environ.get("AWAKEN_ADMIN")
    return None if not address else _checked(address, "admin")


def join(base: str, *segments: str) -> str:
    """Append path segments to a base address; a segment may hold any character, and may be empty."""
    return "/".join((base, *map(_segment, segments)))


def _segment(text: str) -> str:
    # Lone dots are escaped; clients and proxies would resolve them as a relative path.
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def _checked(address: str, what: str) -> str:
    url = address.strip()
    url = url if "://" in url else f"http://{url}"
    if not _is_http(url):
        raise ValueError(f"{what} is {address!r}; give an address such as {DEFAULT_INGRESS}")
    return url.rstrip("/")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_dialable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and is_dialable and not parts.query and not parts.fragment
