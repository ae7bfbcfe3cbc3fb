"""What an attempt begins with: the deployment it runs on, and what the endpoint is sent first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from awaken.exchange import Dialer, Outgoing
    from awaken.runtime.clock import Clock
    from awaken.runtime.schema import Deployment, HandlerSchema, Schema
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Opening", "Openings", "Terms"]

#: How endpoints of awaken identify their SDK in discovery.
_OWN_SDK: Final = "awaken/"


@dataclass(frozen=True, slots=True)
class Terms:
    """What attempts on one deployment that speak the same version have in common."""

    deployment: Deployment
    version: int
    #: Of request and response, which names the version.
    content_type: str
    #: Whether the endpoint's SDK is awaken's.
    is_own: bool
    #: Of each request.
    headers: Mapping[str, str]


@dataclass(slots=True)
class Opening:
    """What an attempt begins with."""

    row: InvocationRow
    handler: HandlerSchema
    terms: Terms
    #: How many entries the journal has.
    entry_count: int
    #: Returns code and payload of the entries from an index on, lazily.
    read_entries: Callable[[int], Generator[tuple[int, bytes]]]
    #: Names and values, and whether the store may have more.
    state: tuple[Sequence[tuple[str, bytes]], bool]
    #: Milliseconds since the last entry was stored.
    idle_ms: int
    #: When the handler had done what is in the journal; only for the attempt after one that was lost with the process.
    recovered_ms: int | None = None

    def send_head(self, dialer: Dialer, on_change: Callable[[], None]) -> Outgoing:
        """Open the exchange.

        Args:
            dialer: of the deployment.
            on_change: called when a part of the response has arrived, or more of the request may be sent.
        """
        row = self.row
        headers = {**self.terms.headers, "x-restate-invocation-id": row.id}
        if row.key is not None:
            headers["x-restate-service-key"] = quote(row.key, safe="")
        return dialer.open("POST", f"/invoke/{row.service}/{row.handler}", headers, on_change)


class Openings:
    """Finds the deployments of invocations, and reads what their next attempts begin with."""

    def __init__(self, schema: Schema, tables: Tables, clock: Clock, settings: RuntimeSettings) -> None:
        self._schema = schema
        self._tables = tables
        self._clock = clock
        self._settings = settings
        #: By the id of the deployment, and the version that an invocation is pinned to.
        self._terms: dict[tuple[str, int | None], Terms] = {}

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
        journal = self._tables.journal
        last_ms = journal.last_appended_ms(row.seq)
        terms = self._terms.get((deployment.deployment_id, row.protocol_version))
        if terms is None or terms.deployment is not deployment:
            terms = self._agree(deployment, row.protocol_version)
        return Opening(
            row,
            handler,
            terms,
            journal.count(row.seq),
            partial(journal.entries_from, row.seq),
            self._state(row, handler),
            0 if last_ms is None else max(0, self._clock.now_ms() - last_ms),
            max(last_ms or 0, row.running_at or 0) if is_recovered else None,
        )

    def _agree(self, deployment: Deployment, pinned_version: int | None) -> Terms:
        """Return the terms of attempts on a deployment, and remember them."""
        for known, terms in list(self._terms.items()):
            if terms.deployment is not self._schema.deployment(terms.deployment.deployment_id):
                del self._terms[known]  # changed, or gone
        version = pinned_version or self._version(deployment)
        content_type = _core.content_type(version)
        headers = {
            "content-type": content_type,
            "accept": content_type,
            "x-restate-cluster-name": self._settings.cluster_name,
        }
        terms = Terms(deployment, version, content_type, _is_own(deployment), headers)
        self._terms[deployment.deployment_id, pinned_version] = terms
        return terms

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
