"""Contains what the code above a transport raises, and closes connections gently.

The rule is in `awaken.exchange`, under "Exceptions"; this module is its only implementation. Where bytes pass often, a
transport has the `try` in its own code, calls the receiver in it, and calls `contain` from `except BaseException`.
Everywhere else it uses `deliver`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from awaken.exchange import Exchange

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken.exchange import Receiver

__all__ = [
    "NO_RECEIVER",
    "GuardedExchange",
    "GuardedOutgoing",
    "accept_exchange",
    "close_gently",
    "contain",
    "contain_change",
    "deliver",
    "disconnect_quietly",
    "logger",
]

logger: Final = logging.getLogger("awaken.transports")


class GuardedExchange(Exchange, Protocol):
    """An exchange, as its own transport sees it."""

    #: `NO_RECEIVER` before the request is accepted, and again as soon as the exchange is over.
    receiver: Receiver

    @property
    def is_started(self) -> bool:
        """Whether the response has begun."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether the response has ended, or the exchange was given up."""
        ...


E = TypeVar("E", bound=GuardedExchange)


class GuardedOutgoing(Protocol):
    """The caller's end of an exchange, as its own transport sees it."""

    def give_up(self, reason: str) -> None:
        """Give the exchange up as `Outgoing.disconnect` does, with a reason of its own."""
        ...


def accept_exchange(accept: Callable[[E], Receiver], exchange: E) -> None:
    """Get the receiver of a new exchange. If `accept` raises, the exchange is over."""
    try:
        receiver = accept(exchange)
    except BaseException as error:
        contain(exchange, error)
    else:
        if not exchange.is_ended:
            exchange.receiver = receiver


def deliver(exchange: GuardedExchange, call: Callable[..., None], *arguments: object) -> None:
    """Call a method of the exchange's receiver, and contain what it raises."""
    try:
        call(*arguments)
    except BaseException as error:
        contain(exchange, error)


def contain(exchange: GuardedExchange, error: BaseException) -> None:
    """Give up an exchange whose receiver, or whose `accept`, raised `error`; only this exchange fails.

    Raises:
        KeyboardInterrupt: `error` is this; it is meant for the process.
        SystemExit: likewise.
    """
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        raise error
    logger.error("the receiver of %r raised; only this exchange fails", exchange, exc_info=error)
    receiver = exchange.receiver  # the exchange drops it as soon as it is over
    if exchange.is_started:
        exchange.reset()
    else:
        exchange.start(500, [("content-length", "0")])
        exchange.end()
    disconnect_quietly(receiver)


def disconnect_quietly(receiver: Receiver) -> None:
    """Disconnect a receiver, which is the last call it gets; what it raises is logged and nothing more."""
    try:
        receiver.disconnect()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        logger.exception("%r.disconnect() raised; its exchange is over all the same", receiver)


def contain_change(outgoing: GuardedOutgoing, error: BaseException) -> None:
    """Give up an exchange whose `on_change` raised `error`; only this exchange fails.

    Raises:
        KeyboardInterrupt: `error` is this; it is meant for the process.
        SystemExit: likewise.
    """
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        raise error
    logger.error("on_change of %r raised; only this exchange fails", outgoing, exc_info=error)
    outgoing.give_up(f"given up: on_change raised {type(error).__name__}; the log has its traceback")


def close_gently(transport: asyncio.Transport) -> None:
    """Close our direction; the peer's EOF closes the other one, or a deadline of the caller's `tick`.

    Closing both at once would answer what the peer still sends with a TCP reset, and a reset discards what the peer has
    received and not read yet.
    """
    if transport.can_write_eof():
        try:
            transport.write_eof()
        except OSError:
            transport.close()  # the peer is gone already
    else:
        transport.close()  # TLS has one close for both


class _NoReceiver:
    """Ignores every call."""

    def receive_data(self, data: bytes) -> None:
        pass

    def receive_end(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass

    def drain(self) -> None:
        pass


#: Stands in for the receiver of an exchange that is over. An exchange and its receiver refer to each other, and an
#: attempt holds its whole journal, which would otherwise stay in memory until the garbage collector runs.
NO_RECEIVER: Final = _NoReceiver()
