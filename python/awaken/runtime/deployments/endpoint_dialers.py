"""The connections to registered endpoints, and the headers that every request to them carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.deployments.discovery import PATH, discover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awaken.exchange import Dialer, Outgoing
    from awaken.runtime.deployments.discovery import DialerFactory, Discovered
    from awaken.runtime.deployments.record import Record
    from awaken.runtime.deployments.request_signing import RequestSigning

__all__ = ["DialerWithHeaders", "EndpointDialers"]


class EndpointDialers:
    """Opens connections to endpoints, one dialer for each deployment.

    Args:
        dial: creates a dialer.
        headers: sent with every request.
        signing: signs every request, if the runtime has a key.
    """

    def __init__(
        self, dial: DialerFactory, headers: Mapping[str, str], signing: RequestSigning | None
    ) -> None:
        self._dial = dial
        self._headers = dict(headers)
        self._signing = signing
        self._dialers: dict[str, Dialer] = {}
        #: With the headers of the record that each was made for.
        self._with_headers: dict[str, tuple[Record, DialerWithHeaders]] = {}

    def dialer(self, record: Record) -> Dialer:
        """Return the dialer of a deployment, which adds its headers."""
        made = self._with_headers.get(record.deployment_id)
        if made is not None and made[0] is record:
            return made[1]
        dialer = self._dialers.get(record.deployment_id)
        if dialer is None:
            dialer = self._dial(record.uri, use_http_11=record.use_http_11)
            self._dialers[record.deployment_id] = dialer
        found = DialerWithHeaders(dialer, self._headers | record.additional_headers, self._signing)
        self._with_headers[record.deployment_id] = record, found
        return found

    async def discover(
        self, uri: str, *, use_http_11: bool, headers: Mapping[str, str], pauses: Sequence[float]
    ) -> Discovered:
        """Ask an endpoint for its manifest; see `awaken.runtime.deployments.discovery`."""
        sent = {**self._headers, **headers}
        if self._signing is not None:
            sent |= self._signing.headers(PATH, sent)
        return await discover(self._dial, uri, use_http_11=use_http_11, headers=sent, pauses=pauses)

    async def close(self, deployment_id: str) -> None:
        """Close the connections to the endpoint of a deployment."""
        self._with_headers.pop(deployment_id, None)
        dialer = self._dialers.pop(deployment_id, None)
        if dialer is not None:
            await dialer.close()

    async def close_all(self) -> None:
        """Close the connections to all endpoints."""
        for deployment_id in list(self._dialers):
            await self.close(deployment_id)


class DialerWithHeaders:
    """A dialer that adds headers, unless the request has them, and signs requests if it can."""

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
