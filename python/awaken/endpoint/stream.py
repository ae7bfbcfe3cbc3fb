"""The part of an attempt that pumps bytes between its exchange and its machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, cast

from awaken.context.request import AttemptFinishedEvent
from awaken.exchange import WINDOW

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from awaken._core import EndpointMachine, Invocation
    from awaken.endpoint.flushes import Flushes
    from awaken.exchange import Exchange

__all__ = ["DUE", "AttemptStream"]

#: What an attempt has planned: no flush; one that came early; one in the next turn of the loop; one a turn later.
IDLE: Final = 0
FLUSHED: Final = 1
DUE: Final = 2
HELD: Final = 3


class AttemptStream(ABC):
    """Feeds the machine, sends what it writes once per turn of the loop, and ends the exchange.

    Implements Receiver for any exchange. If the exchange is an invocation that the transport reads into the machine, it
    implements InvocationReceiver, and the exchange takes what the machine has written by itself.

    Args:
        exchange: the stream.
        machine: of the attempt.
        headers: of the response; None if `exchange` is an `Invocation`, which knows them.
        flushes: of the loop that runs the handler.
    """

    __slots__ = (
        "_direct",
        "_exchange",
        "_finished",
        "_flush_state",
        "_flushes",
        "_headers",
        "_is_draining",
        "_is_request_open",
        "_is_started",
        "is_abandoned",
        "loop",
        "machine",
        "unacknowledged",
    )

    def __init__(
        self,
        exchange: Exchange | Invocation,
        machine: EndpointMachine,
        headers: tuple[tuple[str, str], ...] | None,
        flushes: Flushes,
    ) -> None:
        self._exchange: Exchange = exchange
        #: The exchange, if it reads from the machine and writes to it.
        self._direct = cast("Invocation", exchange) if headers is None else None
        self.machine = machine
        #: Of the response, until they are sent.
        self._headers = headers
        self._flushes = flushes
        self.loop: asyncio.AbstractEventLoop = flushes.loop
        #: Whether the exchange has ended, or the connection is lost.
        self.is_abandoned = False
        #: Whether the handler has begun.
        self._is_started = False
        self._is_draining = False
        self._is_request_open = True
        self._flush_state = IDLE
        self._finished: AttemptFinishedEvent | None = None
        #: Bytes of the request whose flow-control credit is not given back.
        self.unacknowledged = 0

    # ------------------------------------------------------------ what the attempt adds

    @abstractmethod
    def _advance(self) -> None:
        """Do what new input made possible."""

    @abstractmethod
    def _explain_refused_command(self) -> None:
        """Add to the Error frame, which is about to leave, where the handler asked for what the machine refused."""

    @abstractmethod
    def _tell_late(self) -> None:
        """Say that the handler did not suspend in time."""

    @abstractmethod
    def _unwind(self) -> None:
        """Cancel what is left of the handler: the exchange has ended."""

    # ------------------------------------------------------------ facts of the exchange

    @property
    def attempt_headers(self) -> Mapping[str, str]:
        """Headers of the attempt's HTTP request."""
        return self._exchange.headers

    @property
    def attempt_finished(self) -> AttemptFinishedEvent:
        """Set when the attempt is over."""
        if self._finished is None:
            self._finished = AttemptFinishedEvent()
            if self.is_abandoned:
                self._finished.set()
        return self._finished

    @property
    def is_over(self) -> bool:
        """Whether the attempt has ended, so that nothing the handler does has an effect."""
        return self.is_abandoned or self.machine.is_closed()

    # ------------------------------------------------------------ Receiver: called by the transport

    def receive_data(self, data: bytes) -> None:
        """Feed the machine; give flow-control credit back as the handler consumes."""
        self.unacknowledged += len(data)
        self.machine.receive(data)
        self.acknowledge_consumed()
        self._advance()

    def receive_fed(self, unacknowledged: int) -> None:
        """Note that the machine has received something, or the end of the request."""
        self.unacknowledged = unacknowledged
        self._advance()

    def receive_end(self) -> None:
        """Note that the runtime asks to suspend, or sends nothing more."""
        if self.is_abandoned:
            return
        self._is_request_open = False
        self.machine.receive_end()
        self._advance()

    def disconnect(self) -> None:
        """Unwind the handler: nothing it does has an effect any more."""
        if self.is_abandoned:
            return
        self._abandon()
        if self._is_draining:
            self._tell_late()

    def resume_writing(self) -> None:
        """Continue where the peer's slowness stopped the handler."""
        self._advance()

    def drain(self) -> None:
        """Suspend at the next await, as after `receive_end`, but because this side asks for it."""
        self._is_draining = True
        if not self.is_abandoned and self._is_started:
            self.machine.receive_end()
            self._advance()

    # ------------------------------------------------------------ flow control

    def acknowledge_consumed(self) -> None:
        """Give back the credit that the machine does not want held back."""
        if self.unacknowledged:
            excess = self.unacknowledged - self.machine.unacknowledged_limit(WINDOW)
            if excess > 0:
                self.unacknowledged -= excess
                self._exchange.acknowledge(excess)

    def acknowledge_all(self) -> None:
        """Give back all credit: a handler that waits for input has to receive it."""
        if self.unacknowledged:
            self._exchange.acknowledge(self.unacknowledged)
            self.unacknowledged = 0

    # ------------------------------------------------------------ output

    def flush(self) -> None:
        """Hand the machine's output to the exchange, the response's head before the first of it."""
        if self.is_abandoned:
            return
        if self._direct is not None:
            if self._flush_state:
                self._flush_state = FLUSHED
            self._direct.flush()
            return
        exchange = self._exchange
        if self._headers:
            if not exchange.is_bidirectional and self._is_request_open:
                return  # such a peer reads no response before it has sent the whole request
            exchange.start(200, self._headers)
            self._headers = ()
        if self._flush_state:
            self._flush_state = FLUSHED
        if self.machine.is_output_pending():
            exchange.write(self.machine.take_output())

    def close(self) -> None:
        """End the exchange with the terminal frame if the machine has written it, and unwind the handler."""
        if self.is_abandoned or not self.machine.is_closed():
            return
        if self._direct is not None:
            self.is_abandoned = True
            self._direct.finish()
        else:
            self.flush()
            if self._headers:
                return  # until the request has ended
            self.is_abandoned = True  # before the transport, which may report its end at once
            self._exchange.end()
        self._abandon()

    def _abandon(self) -> None:
        self.is_abandoned = True
        # The engine gives back itself what is left of an ended stream.
        if self.unacknowledged and self._direct is None:
            self.acknowledge_all()
        if self._finished is not None:
            self._finished.set()
        self._unwind()

    def _plan_flush(self) -> None:
        """Flush in the next turn of the loop."""
        if not self._flush_state:
            self._flushes.plan(self)
        self._flush_state = DUE

    def hold_flush(self) -> None:
        """Flush a turn later than planned."""
        if self._flush_state == DUE:
            self._flush_state = HELD

    def flush_as_planned(self) -> None:
        """Flush, or end the exchange, if that was planned and did not happen since."""
        state, self._flush_state = self._flush_state, IDLE
        if state == FLUSHED:
            return
        if state == HELD:  # a run's command leaves with its result, if its first step gives it
            self._plan_flush()
        elif self.machine.is_closed():
            self._explain_refused_command()
            self.close()
        else:
            self.flush()
