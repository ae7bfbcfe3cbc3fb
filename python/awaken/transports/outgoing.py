"""The base of every caller's end of an exchange: its response so far, and its failure."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from awaken.transports.guard import contain_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["OutgoingBase"]


class OutgoingBase:
    """A request and its response, which a transport fills in; an `awaken.exchange.Outgoing` for its owner.

    Args:
        method: upper-case method.
        target: path and query as they are sent.
        request_headers: lower-case names.
        on_change: called when a property may have changed; never while the owner calls the exchange.
    """

    __slots__ = (
        "_is_change_due",
        "_is_end_announced",
        "_loop",
        "_on_change",
        "_received",
        "failure",
        "headers",
        "is_ended",
        "is_joining",
        "is_request_ended",
        "is_reset",
        "method",
        "received_size",
        "request_headers",
        "status",
        "target",
    )

    def __init__(
        self,
        method: str,
        target: str,
        request_headers: Mapping[str, str],
        on_change: Callable[[], None],
    ) -> None:
        self.method = method
        self.target = target
        self.request_headers = request_headers
        self.status: int | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.is_joining = True
        self.is_request_ended = False
        self.is_ended = False
        self.is_reset = False
        self.failure: str | None = None
        self.received_size = 0
        self._received: list[bytes] = []
        self._on_change = on_change
        self._is_change_due = False
        self._is_end_announced = False
        self._loop = asyncio.get_running_loop()

    @property
    def is_over(self) -> bool:
        """Whether nothing more arrives: the response is complete, or the exchange failed."""
        return self.is_ended or self.is_reset

    def disconnect(self) -> None:
        """Give the exchange up."""
        self.give_up("given up by the caller")

    def give_up(self, reason: str) -> None:
        """Give the exchange up, for a reason that becomes its `failure`."""
        raise NotImplementedError

    def collect(self, data: bytes) -> None:
        """Keep bytes of the response until they are taken."""
        self._received.append(data)
        self.received_size += len(data)

    def drop(self) -> bytes:
        """Return what was collected, and forget it."""
        chunks = self._received
        if not chunks:
            return b""
        self._received = []
        self.received_size = 0
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def fail(self, reason: str) -> None:
        """Note that the exchange failed, unless it was over already."""
        if not self.is_over:
            self.is_reset = True
            self.failure = reason
            self.note_change()
        else:
            self.forget_owner()

    def note_change(self) -> None:
        """Call `on_change` in the next turn of the loop, once for all changes until then."""
        if not self._is_change_due:
            self._is_change_due = True
            self._loop.call_soon(self.announce_change)

    def announce_change(self) -> None:
        """Call `on_change` now."""
        self._is_change_due = False
        is_over = self.is_over
        try:
            self._on_change()
        except BaseException as error:
            contain_change(self, error)
        if is_over:
            self._is_end_announced = True
            self.forget_owner()

    def forget_owner(self) -> None:
        """Forget whom to call if nothing can change any more.

        An owner keeps its exchange. If the exchange kept its owner, both would stay until the garbage collector runs.
        """
        if self._is_end_announced and self.is_request_ended:
            self._on_change = _do_nothing

    def __repr__(self) -> str:
        return f"<{self.method} {self.target}>"


def _do_nothing() -> None:
    pass
