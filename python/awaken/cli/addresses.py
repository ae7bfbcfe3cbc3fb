"""Addresses as people write them."""

from __future__ import annotations

import os
import socket
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from awaken.cli.failures import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_free", "is_loopback", "parse_bind", "parse_url", "parse_urls", "reachable_url"]


def parse_bind(text: str) -> tuple[str, int]:
    """Split `HOST:PORT`; an IPv6 address is in brackets.

    Raises:
        CommandError: the text is not an address to listen on.
    """
    host, separator, port = text.strip().rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not separator or not host or (":" in host and not is_bracketed) or "/" in text:
        raise CommandError(
            f"{text!r} is not an address to listen on; write HOST:PORT, such as 127.0.0.1:9080, "
            "0.0.0.0:9080 for all interfaces, or [::1]:9080"
        )
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise CommandError(
            f"the port in {text!r} is {port!r}; write a number from 0 (any free port) to 65535"
        )
    return host.strip("[]"), int(port)


def parse_url(text: str, what: str) -> str:
    """Return a URL without its last slash; `HOST:PORT` alone means plain HTTP.

    Args:
        text: what the user wrote.
        what: what the URL leads to, for the message.

    Raises:
        CommandError: the text is not a URL.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or any(character.isspace() for character in url):
        raise CommandError(f"{text!r} is not the URL of {what}; write something like http://127.0.0.1:8080")
    return url.rstrip("/")


def parse_urls(texts: Sequence[str], what: str) -> list[str]:
    """Return the URLs in some texts, which may hold several each, separated by commas. Raises as `parse_url`."""
    return [parse_url(one, what) for text in texts for one in text.split(",")]


def reachable_url(url: str) -> str:
    """Replace an address that means all interfaces by one that can be dialled from this machine."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine can reach an address to listen on.

    Raises:
        CommandError: nothing is known about the name.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{host!r} is not an address of this machine: {error}") from error
    for *_, address in found:
        ip = ip_address(str(address[0]).partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if not ip.is_loopback:
            return False
    return True


def check_free(host: str, port: int) -> None:
    """Check that this process could listen on an address right now.

    Raises:
        OSError: the address is in use, or does not belong to this machine.
    """
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # Connections of a process that has ended may linger on the port; they do not prevent listening.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
