"""Whether requests should come here, which `/ready` answers; `/health` answers as long as the process lives."""

from __future__ import annotations

__all__ = ["Readiness"]


class Readiness:
    """What `/ready` answers: first that the process starts, then that it is ready, and at its end that it drains.

    An endpoint that registers itself is ready before that is through: the runtime asks it for its handlers, perhaps by
    way of something that sends requests only to what is ready, such as a Service of Kubernetes.
    """

    def __init__(self) -> None:
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
        """Return why requests should go elsewhere: `starting` or `draining`; None if they may come."""
        if self._is_draining:
            return "draining"
        return None if self._is_open else "starting"
