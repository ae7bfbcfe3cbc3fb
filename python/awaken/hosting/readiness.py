"""Whether requests should come here, which `/ready` answers; `/health` answers as long as the process lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Readiness"]


class Readiness:
    """What `/ready` answers: first that the process starts, then that it is ready, and at its end that it drains.

    Args:
        is_registered: tells whether a registration that was asked for is through; without one, there is nothing to
            wait for.
    """

    def __init__(self, is_registered: Callable[[], bool] = lambda: True) -> None:
        #: Tells whether a registration that was asked for is through.
        self.is_registered = is_registered
        self._is_open = False
        self._is_draining = False

    def open(self) -> None:
        """Note that requests are served."""
        self._is_open = True

    def drain(self) -> None:
        """Note that no new requests should come. There is no way back."""
        self._is_draining = True

    @property
    def is_draining(self) -> bool:
        """Whether the process winds up."""
        return self._is_draining

    def unready(self) -> str | None:
        """Return why requests should go elsewhere: `starting`, `registering` or `draining`; None if they may come."""
        if self._is_draining:
            return "draining"
        if not self._is_open:
            return "starting"
        return None if self.is_registered() else "registering"
