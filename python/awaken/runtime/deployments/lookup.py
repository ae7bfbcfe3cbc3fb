"""What registration leaves behind for everybody else: tables in memory, and dialers that know their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from awaken.exchange import Dialer, Outgoing
    from awaken.runtime.deployments.request_signing import RequestSigning
    from awaken.runtime.schema import Deployment, ServiceSchema

__all__ = ["DialerWithHeaders", "Lookup"]


class Lookup:
    """The deployments by id, and the latest revision of every service by name."""

    def __init__(self, deployments: Iterable[Deployment]) -> None:
        self.deployments = {deployment.deployment_id: deployment for deployment in deployments}
        self.services: dict[str, ServiceSchema] = {}
        for deployment in self.deployments.values():
            for name, service in deployment.services.items():
                before = self.services.get(name)
                if before is None or before.revision < service.revision:
                    self.services[name] = service


class DialerWithHeaders:
    """A dialer that sends some headers along, those of a request win; and signs what it sends, if it can."""

    def __init__(self, dialer: Dialer, headers: Mapping[str, str], signing: RequestSigning | None) -> None:
        self._dialer = dialer
        self._signing = signing
        self._headers = {name.lower(): value for name, value in headers.items()}

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> Outgoing:
        """Begin a request."""
        sent = {**self._headers, **headers}
        if self._signing is not None:
            sent |= self._signing.headers(path, sent)
        return self._dialer.open(method, path, sent, on_change)

    async def close(self) -> None:
        """Close the dialer beneath."""
        await self._dialer.close()
