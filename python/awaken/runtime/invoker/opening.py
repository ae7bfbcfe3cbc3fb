"""What an attempt begins with: the deployment it runs on, and what the endpoint is sent first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from awaken.exchange import Dialer, Outgoing
    from awaken.runtime.clock import Clock
    from awaken.runtime.schema import Deployment, HandlerSchema, Schema
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Opening", "Openings"]

#: How endpoints of awaken identify their SDK in discovery.
_OWN_SDK: Final = "awaken/"


@dataclass(slots=True)
class Opening:
    """What an attempt begins with."""

    row: InvocationRow
    handler: HandlerSchema
    deployment_id: str
    version: int
    #: How many entries the journal has.
    entry_count: int
    #: Returns code and payload of the entries from an index on, lazily.
    read_entries: Callable[[int], Generator[tuple[int, bytes]]]
    #: Names and values, and whether the store may have more.
    state: tuple[Sequence[tuple[str, bytes]], bool]
    #: Milliseconds since the last entry was stored.
    idle_ms: int
    is_bidirectional: bool
    #: Whether the endpoint's SDK is awaken's.
    is_own: bool
    cluster_name: str
    #: When the handler had done what is in the journal; only for the attempt after one that was lost with the process.
    recovered_ms: int | None = None

    @property
    def content_type(self) -> str:
        """The content type of request and response, which names the protocol version."""
        return _core.content_type(self.version)

    def send_head(self, dialer: Dialer, on_change: Callable[[], None]) -> Outgoing:
        """Open the exchange.

        Args:
            dialer: of the deployment.
            on_change: called when a part of the response has arrived, or more of the request may be sent.
        """
        content_type = self.content_type
        headers = {
            "content-type": content_type,
            "accept": content_type,
            "x-restate-invocation-id": self.row.id,
            "x-restate-cluster-name": self.cluster_name,
        }
        if self.row.key is not None:
            headers["x-restate-service-key"] = quote(self.row.key, safe="")
        return dialer.open("POST", f"/invoke/{self.row.service}/{self.row.handler}", headers, on_change)


class Openings:
    """Finds the deployments of invocations, and reads what their next attempts begin with."""

    def __init__(self, schema: Schema, tables: Tables, clock: Clock, settings: RuntimeSettings) -> None:
        self._schema = schema
        self._tables = tables
        self._clock = clock
        self._settings = settings

    def deployment(self, row: InvocationRow) -> Deployment | None:
        """Return the deployment that an invocation is pinned to, or the latest one of its service."""
        if row.deployment_id is not None:
            return self._schema.deployment(row.deployment_id)
        if self._schema.handler(row.service, row.handler) is None:
            return None
        return self._schema.latest_deployment(row.service)

    def handler(self, row: InvocationRow, deployment: Deployment | None) -> HandlerSchema | None:
        """Return the handler: of the deployment if the invocation is pinned to it, else the latest one."""
        if row.deployment_id is not None and deployment is not None:
            service = deployment.services.get(row.service)
            pinned = None if service is None else service.handlers.get(row.handler)
            if pinned is not None:
                return pinned
        return self._schema.handler(row.service, row.handler)

    def read(
        self,
        row: InvocationRow,
        handler: HandlerSchema,
        deployment: Deployment,
        *,
        is_recovered: bool = False,
    ) -> Opening:
        """Read what an attempt begins with; it reads the journal itself."""
        last_ms = self._tables.journal.last_appended_ms(row.seq)
        return Opening(
            row,
            handler,
            deployment.deployment_id,
            row.protocol_version or self._version(deployment),
            self._tables.journal.count(row.seq),
            partial(self._tables.journal.entries_from, row.seq),
            self._state(row, handler),
            idle_ms=0 if last_ms is None else max(0, self._clock.now_ms() - last_ms),
            is_bidirectional=deployment.is_bidirectional,
            is_own=_is_own(deployment),
            cluster_name=self._settings.cluster_name,
            recovered_ms=max(last_ms or 0, row.running_at or 0) if is_recovered else None,
        )

    def _version(self, deployment: Deployment) -> int:
        newest = self._settings.max_protocol_version
        if newest is None:
            newest = _core.MAX_PROTOCOL_VERSION if _is_own(deployment) else min(6, _core.MAX_PROTOCOL_VERSION)
        return max(min(newest, deployment.max_protocol_version), deployment.min_protocol_version)

    def _state(self, row: InvocationRow, handler: HandlerSchema) -> tuple[list[tuple[str, bytes]], bool]:
        if row.key is None:
            return [], False
        return self._tables.state.eager(handler, row.key, self._settings.max_eager_state_size)


def _is_own(deployment: Deployment) -> bool:
    return (deployment.sdk_version or "").startswith(_OWN_SDK)
