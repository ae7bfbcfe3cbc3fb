"""The streams of an HTTP/2 connection whose requests the engine reads into machines by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken._core import Http2Engine
from awaken.transports.guard import NO_RECEIVER, accept_exchange, contain, deliver, disconnect_quietly

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken._core import Invocation
    from awaken.exchange import DirectInvocations
    from awaken.transports.http2.engine import Engine

__all__ = ["Http2Invocations", "NoInvocations", "invocations_of"]


def invocations_of(
    engine: Engine, direct: DirectInvocations | None, schedule_flush: Callable[[], None]
) -> NoInvocations:
    """Return the invocations of a connection: none if its engine, or its endpoint, does not know this way."""
    if direct is None or not isinstance(engine, Http2Engine):
        return NoInvocations()
    return Http2Invocations(engine, direct, schedule_flush)


class NoInvocations:
    """Stands in where every request is an exchange."""

    __slots__ = ()

    def receive(self, invocation: Invocation) -> None:
        """Begin an invocation whose journal is complete, or tell it what its machine received."""

    def drain(self) -> None:
        """Wind up all of them, also those that have not begun."""

    def lose_all(self) -> None:
        """Disconnect all of them: the connection is lost."""

    def pause(self) -> None:
        """Have them wait: the socket takes no bytes."""

    def resume_waiting(self) -> None:
        """Resume those that found the socket paused, if it takes bytes again."""

    def resume(self, stream_id: int) -> None:
        """Resume the one on this stream, if there is one."""

    def take_finished(self) -> Sequence[int]:
        """Take the streams whose response has ended since the last call, and whose request has not."""
        return ()

    def take_activity(self) -> bool:
        """Return whether one has ended since the last call."""
        return False

    def stream_ids(self) -> Sequence[int]:
        """Return the streams whose response has not ended."""
        return ()


class Http2Invocations(NoInvocations):
    """The invocations of one connection.

    Args:
        engine: of the connection.
        direct: of the endpoint.
        schedule_flush: flushes the connection at the end of this turn of the loop.
    """

    __slots__ = ("_begin", "_engine", "_is_draining")

    def __init__(
        self, engine: Http2Engine, direct: DirectInvocations, schedule_flush: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._begin = direct.begin
        self._is_draining = False
        engine.serve(direct.routes, schedule_flush, NO_RECEIVER)

    def receive(self, invocation: Invocation) -> None:
        """Begin an invocation whose journal is complete, or tell it what its machine received."""
        try:
            if invocation.deliver():
                return
        except BaseException as error:
            contain(invocation, error)
            return
        if invocation.is_lost:
            disconnect_quietly(invocation.lose())
        else:
            accept_exchange(self._begin, invocation)
            if self._is_draining and not invocation.is_ended:
                deliver(invocation, invocation.receiver.drain)

    def drain(self) -> None:
        """Wind up all of them, also those that have not begun."""
        self._is_draining = True
        for invocation in self._engine.live_invocations():
            deliver(invocation, invocation.receiver.drain)

    def lose_all(self) -> None:
        """Disconnect all of them: the connection is lost."""
        for invocation in self._engine.lose_invocations():
            disconnect_quietly(invocation.lose())

    def pause(self) -> None:
        """Have them wait: the socket takes no bytes."""
        self._engine.set_paused(True)

    def resume_waiting(self) -> None:
        """Resume those that found the socket paused, if it takes bytes again."""
        self._engine.set_paused(False)
        for invocation in self._engine.take_waiting():
            _resume(invocation)

    def resume(self, stream_id: int) -> None:
        """Resume the one on this stream, if there is one."""
        invocation = self._engine.invocation(stream_id)
        if invocation is not None:
            _resume(invocation)

    def take_finished(self) -> Sequence[int]:
        """Take the streams whose response has ended since the last call, and whose request has not."""
        return self._engine.take_finished()

    def take_activity(self) -> bool:
        """Return whether one has ended since the last call."""
        return self._engine.take_activity()

    def stream_ids(self) -> Sequence[int]:
        """Return the streams whose response has not ended."""
        return self._engine.invocation_streams()


def _resume(invocation: Invocation) -> None:
    if not invocation.is_write_paused:
        deliver(invocation, invocation.receiver.resume_writing)
