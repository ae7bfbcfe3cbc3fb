"""Dialers by URI: to applications of this process by their names, to everything else over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.transports.dialer.dialing import make_dialer
from awaken.transports.memory.dialer import MemoryDialer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.exchange import Accept, Dialer

__all__ = ["SCHEME", "Dialers"]

#: Scheme of URIs that name an application of this process, for example `memory:greeter`.
SCHEME: Final = "memory:"


class Dialers:
    """Makes dialers, and keeps track of those to applications of this process.

    Args:
        apps: applications of this process, by name.
    """

    def __init__(self, apps: Mapping[str, Accept]) -> None:
        self._apps = dict(apps)
        self._inside: list[MemoryDialer] = []

    @property
    def uris(self) -> list[str]:
        """URIs of the applications of this process."""
        return [SCHEME + name for name in self._apps]

    def __call__(self, uri: str, *, use_http_11: bool) -> Dialer:
        """Return a new dialer.

        Raises:
            ValueError: `uri` neither names an application of this process nor is an absolute URL.
        """
        if not uri.startswith(SCHEME):
            return make_dialer(uri, use_http_11=use_http_11)
        name = uri.removeprefix(SCHEME).strip("/")
        accept = self._apps.get(name)
        if accept is None:
            known = ", ".join(self.uris) or "none"
            raise ValueError(f"{uri} names no application of this process; there are: {known}")
        dialer = MemoryDialer(accept)
        self._inside.append(dialer)
        return dialer

    def drain(self) -> None:
        """Ask the handlers of this process to wind up: it is about to stop."""
        for dialer in self._inside:
            dialer.drain()

    async def cut(self) -> None:
        """Fail every exchange within this process at once, as if its endpoint had died."""
        for dialer in self._inside:
            await dialer.close()
        self._inside.clear()
