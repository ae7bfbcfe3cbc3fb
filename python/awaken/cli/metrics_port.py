"""The port of `--metrics`, as people ask for it."""

from __future__ import annotations

import socket

from awaken.cli.addresses import cannot_listen, check_address, parse_bind
from awaken.cli.failures import UsageError

__all__ = ["open_metrics_port"]


def open_metrics_port(text: str, *, others: dict[str, tuple[str, int]]) -> socket.socket:
    """Listen on the address of `--metrics`.

    Args:
        text: `HOST:PORT`; port 0 finds a free one.
        others: other addresses of this process, by the options that choose them.

    Raises:
        UsageError: the text is not an address, or is that of another option.
        CommandError: the address is in use, or does not belong to this machine.
    """
    host, port = parse_bind(text)
    for option, address in others.items():
        if port and address == (host, port):
            raise UsageError(f"--metrics and {option} are both {text}; choose another port for the numbers")
    check_address("--metrics", host, port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=128)
    except OSError as error:
        raise cannot_listen("--metrics", host, port, error) from error
