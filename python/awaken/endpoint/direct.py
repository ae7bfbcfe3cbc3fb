"""Invocations that a transport reads into machines; see `awaken.exchange.DirectInvocations`, which this implements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.endpoint import reply
from awaken.endpoint.attempt import Attempt
from awaken.exchange import WINDOW

if TYPE_CHECKING:
    from awaken.endpoint.attempt_settings import AttemptSettings
    from awaken.handler.handler import Handler

__all__ = ["Direct"]


class Direct:
    """The invocations of one endpoint.

    Args:
        settings: of the endpoint, for its attempts.
    """

    def __init__(self, settings: AttemptSettings) -> None:
        self._settings = settings
        self.routes = _core.InvocationRoutes(WINDOW)
        for version, headers in reply.INVOKED.items():
            self.routes.add_version(version, headers)

    def add(self, handler: Handler[Any, Any]) -> None:
        """Offer the invocations of this handler."""
        self.routes.add_handler(handler.target, handler)

    def clear(self) -> None:
        """Offer none."""
        self.routes.clear()

    def begin(self, invocation: _core.Invocation) -> Attempt:
        """Begin the attempt of an invocation whose journal is complete, or whose machine closed because of an error."""
        machine, handler, version, unacknowledged = invocation.opening()
        attempt = Attempt(invocation, machine, handler, version, None, self._settings)
        attempt.begin(unacknowledged)
        return attempt
