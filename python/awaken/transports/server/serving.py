"""How a server treats its peers, where that depends on who they are: runtimes at an endpoint, people at an ingress."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FOR_RUNTIMES", "ServingOptions"]


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """What one server allows. The defaults are for runtimes."""

    #: Seconds a connection may be idle.
    idle_timeout: float = limits.IDLE_TIMEOUT
    #: Seconds for which a request over HTTP/1.1 is answered after its peer has ended its side of the connection. With 0
    #: it counts as gone: one that has left looks the same until something is written to it.
    half_closed_timeout: float = 0.0
    #: Bytes of a request's body over HTTP/1.1 that may wait to be acknowledged before the connection is not read on.
    window: int = limits.STREAM_WINDOW
    #: How many connections there may be; None is any number. A new one beyond that takes the place of another.
    most_connections: int | None = None
    #: Whether a peer whose first line is not HTTP is told so. A runtime speaks HTTP/2, and text would only confuse it.
    answers_strangers: bool = False
    #: Whether an idle connection of HTTP/2 stays open for a moment when the server stops, for requests on their way to
    #: it. Without that, GOAWAY tells the peer to send them elsewhere.
    awaits_requests_in_flight: bool = True
    #: Level of the log line about exchanges that are cut off when the server stops.
    cut_level: int = logging.WARNING
    #: Called with the status of each answer as it begins; it must not raise. None counts none.
    on_status: Callable[[int], None] | None = None


#: Those of an endpoint.
FOR_RUNTIMES: Final = ServingOptions()
