"""Addresses as people write them."""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from awaken.cli.failures import CommandError, UsageError
from awaken.cli.settings import DEFAULT_ADMIN
from awaken.hosting.urls import host_and_port

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "admin_option",
    "cannot_listen",
    "check_address",
    "is_loopback",
    "parse_bind",
    "parse_url",
    "parse_urls",
    "reachable_url",
]


def parse_bind(text: str) -> tuple[str, int]:
    """Split `HOST:PORT`; an IPv6 address is in brackets.

    Raises:
        UsageError: the text is not an address to listen on.
    """
    host, separator, port = text.strip().rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    if not separator or not host or (":" in host and not is_bracketed) or "/" in text:
        raise UsageError(
            f"{text!r} is not an address to listen on; write HOST:PORT, such as 127.0.0.1:9080, "
            "0.0.0.0:9080 for all interfaces, or [::1]:9080"
        )
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"the port in {text!r} is {port!r}; write a number from 0 (any free port) to 65535")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise UsageError(f"{host!r} in {text!r} cannot be the name of a machine") from error
    return host.strip("[]"), int(port)


def parse_url(text: str, what: str) -> str:
    """Return a URL without its last slash; `HOST:PORT` alone means plain HTTP.

    Args:
        text: what the user wrote.
        what: what the URL leads to, for the message.

    Raises:
        UsageError: the text is not a URL, or has a user, a password, a query or a fragment.
    """
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_valid = is_valid and not (parts.query or parts.fragment)
        has_user = "@" in parts.netloc
    except ValueError:
        is_valid, has_user = False, "@" in url
    if has_user:  # the text is not shown, because of the password
        raise UsageError(
            f"the URL of {what} has a user or a password, which logs and lists of processes would show; leave it out, "
            "and give a token in AWAKEN_TOKEN or AWAKEN_TOKEN_FILE"
        )
    if not is_valid or any(character.isspace() for character in url):
        raise UsageError(f"{text!r} is not the URL of {what}; write something like http://127.0.0.1:8080")
    return url.rstrip("/")


def parse_urls(texts: Sequence[str], what: str) -> list[str]:
    """Return the URLs in some texts, which may hold several each, separated by commas. Raises as `parse_url`."""
    return [parse_url(one, what) for text in texts for one in text.split(",")]


def reachable_url(url: str) -> str:
    """Replace an address that means all interfaces by one that can be dialled from this machine."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def admin_option(url: str) -> str:
    """Return what a command that is suggested needs to reach an admin API: ` --admin URL`; nothing for the default."""
    url = reachable_url(url)
    return "" if url == DEFAULT_ADMIN else f" --admin {url}"


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


def check_address(option: str, host: str, port: int) -> None:
    """Check that this process could listen on an address right now.

    Args:
        option: chooses the address, for the message.
        host: a name or an address.
        port: 0 is any free port.

    Raises:
        CommandError: the address is in use, or does not belong to this machine.
    """
    try:
        _bind(host, port)
    except OSError as error:
        raise cannot_listen(option, host, port, error) from error


def cannot_listen(option: str, host: str, port: int, error: OSError) -> CommandError:
    """Return the error for an address on which this process cannot listen, with what to do about it."""
    address = host_and_port(host, port)
    choose = f"choose another address with {option}"
    if isinstance(error, socket.gaierror):
        reason = f"no machine has the name {host!r}; {choose}"
    elif error.errno == errno.EADDRNOTAVAIL:
        reason = f"this machine does not have that address; write 127.0.0.1:{port}, or {choose}"
    elif error.errno == errno.EACCES:
        reason = f"this user may not; ports below 1024 belong to root: {choose}"
    elif error.errno == errno.EADDRINUSE:
        reason = f"something uses it already; stop that, or {choose}"
    else:
        reason = f"{error.strerror or error}; {choose}"
    return CommandError(f"cannot listen on {address}: {reason}")


def _bind(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # Connections of a process that has ended may linger on the port; they do not prevent listening.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
