"""The order in which an endpoint writes a response: start, then data, then the end; each transport refuses another."""

from __future__ import annotations

from typing import Protocol

from awaken.errors import LocalProtocolError

__all__ = ["check_open", "check_unstarted"]


class _Response(Protocol):
    """How far a response is."""

    @property
    def is_started(self) -> bool:
        """Whether it has begun."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether it has ended."""
        ...


def check_unstarted(exchange: _Response, status: int) -> None:
    """Raise LocalProtocolError if a response begins for the second time, or with the status of none."""
    if exchange.is_started:
        raise LocalProtocolError(f"{exchange!r} cannot start with {status}: its response is already started")
    if not 200 <= status <= 999:
        raise LocalProtocolError(f"{exchange!r} cannot start with {status}: a response has 200 to 999")


def check_open(exchange: _Response, what: str) -> None:
    """Raise LocalProtocolError if `what`, `write` or `end`, comes before the start of a response or after its end."""
    if not exchange.is_started:
        raise LocalProtocolError(f"cannot {what} on {exchange!r}: start the response first")
    if exchange.is_ended:
        raise LocalProtocolError(f"cannot {what} on {exchange!r}: its response is already ended")
