"""What all attempts of an endpoint have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.endpoint.flushes import Flushes
from awaken.endpoint.memory import AttemptMemory

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from awaken._core import EndpointMachine
    from awaken.endpoint.attempt_numbers import EndpointNumbers
    from awaken.endpoint.observer import AttemptObserver
    from awaken.serde.codec_source import CodecSource

__all__ = ["AttemptSettings"]


class AttemptSettings:
    """Settings of an endpoint for its attempts, and what it remembers of earlier ones.

    Args:
        is_strict: whether every value is checked against its annotation.
    """

    __slots__ = ("_flushes", "codec", "is_strict", "memory", "numbers", "observe")

    def __init__(self, is_strict: bool = False) -> None:
        self.is_strict = is_strict
        #: Changes every value's bytes on their way into the journal and back.
        self.codec: CodecSource | None = None
        #: Makes the observer of an attempt, from its machine, its target (`Greeter/greet`) and its HTTP headers.
        self.observe: Callable[[EndpointMachine, str, Mapping[str, str]], AttemptObserver] | None = None
        #: Counts what attempts do, if anybody wants to know.
        self.numbers: EndpointNumbers | None = None
        #: For the texts of mismatches.
        self.memory = AttemptMemory()
        self._flushes: Flushes | None = None

    def flushes_on(self, loop: asyncio.AbstractEventLoop) -> Flushes:
        """Return the flushes of a loop; most endpoints know one only."""
        flushes = self._flushes
        if flushes is None or flushes.loop is not loop:
            flushes = self._flushes = Flushes(loop)
        return flushes
