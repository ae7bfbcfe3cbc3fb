"""The registered deployments: discovered, stored, and looked up in memory.

Endpoints are discovered before the lock is taken: one that does not answer delays its own registration, and no other
change. Under the lock, a change is decided on what is registered then, stored, and shown.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from awaken.runtime.deployments import describe
from awaken.runtime.deployments.discovery import PAUSES
from awaken.runtime.deployments.effective import build_deployment
from awaken.runtime.deployments.endpoint_dialers import EndpointDialers
from awaken.runtime.deployments.errors import DeploymentNotFoundError, RegistrationError
from awaken.runtime.deployments.lookup import Lookup
from awaken.runtime.deployments.record import Overrides, Record, new_deployment_id, normalize_uri
from awaken.runtime.deployments.request_signing import RequestSigning
from awaken.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from awaken.exchange import Dialer
    from awaken.runtime.deployments.discovery import DialerFactory, Discovered
    from awaken.runtime.schema import Deployment, HandlerSchema, ServiceSchema

__all__ = ["DeploymentStore", "Deployments", "Registration"]

log = logging.getLogger("awaken.runtime")


class DeploymentStore(Protocol):
    """Stores deployments. Changes are on disk when a call returns."""

    def load_deployments(self) -> Iterable[tuple[str, str]]:
        """Return id and document of all deployments."""
        ...

    async def save_deployment(self, deployment_id: str, created_at_ms: int, document: str) -> None:
        """Store a document in place of an earlier one of this deployment."""
        ...

    async def delete_deployment(self, deployment_id: str) -> None:
        """Delete a document."""
        ...


@dataclass(frozen=True, slots=True)
class Registration:
    """The outcome of a registration."""

    record: Record
    #: False if the endpoint was registered already.
    is_new: bool


class Deployments:
    """Registers endpoints, and is the schema of the runtime. For use on one event loop.

    Args:
        store: stores the deployments.
        dial: creates the dialer of an endpoint.
        now_ms: returns the time in UTC milliseconds.
        defaults: settings for services that do not set them.
        request_headers: sent to endpoints with every request.
        pauses: seconds between the tries to discover an endpoint that does not answer.

    Raises:
        ValueError: the key to sign requests with cannot be read.
    """

    def __init__(
        self,
        store: DeploymentStore,
        dial: DialerFactory,
        *,
        now_ms: Callable[[], int],
        defaults: RuntimeSettings | None = None,
        request_headers: Mapping[str, str] | None = None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.defaults = defaults or RuntimeSettings()
        self._store = store
        self._now_ms = now_ms
        self._pauses = pauses
        key = self.defaults.identity_key_pem
        signing = None if key is None else RequestSigning(key)
        #: What endpoints know this runtime by; None if it does not sign its requests.
        self.public_key = None if signing is None else signing.public_key
        self._dialers = EndpointDialers(
            dial, request_headers or {"x-restate-cluster-name": self.defaults.cluster_name}, signing
        )
        self._lock = asyncio.Lock()
        #: Why a stored deployment cannot be used, by its id.
        self.unreadable: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        for deployment_id, document in store.load_deployments():
            self._load(deployment_id, document)
        self._discovery_count = 0
        #: By URI, which discovery the stored manifest is from: one that began later is newer.
        self._discovered_at: dict[str, int] = {}
        self._lookup = Lookup(self._build())

    # What the runtime looks up: an `awaken.runtime.schema.Schema`.

    def service(self, name: str) -> ServiceSchema | None:
        """Return the latest revision of a service."""
        return self._lookup.services.get(name)

    def handler(self, service: str, name: str) -> HandlerSchema | None:
        """Return a handler of the latest revision of its service."""
        found = self._lookup.services.get(service)
        return None if found is None else found.handlers.get(name)

    def services(self) -> Sequence[ServiceSchema]:
        """List the latest revision of every service."""
        return list(self._lookup.services.values())

    def describe_services(self) -> list[dict[str, Any]]:
        """Return what the admin API says of every service."""
        described = []
        for found in self.services():
            record = self.record(found.deployment_id)
            declared = next(each for each in record.manifest.services if each.name == found.name)
            described.append(describe.service(record, declared, self.defaults))
        return described

    def describe_deployments(self) -> list[dict[str, Any]]:
        """Return what the admin API says of every deployment, without its handlers."""
        return [describe.deployment(record) for record in self.records()]

    def deployment(self, deployment_id: str) -> Deployment | None:
        """Return a deployment, whether or not it is the latest."""
        return self._lookup.deployments.get(deployment_id)

    def deployments(self) -> Sequence[Deployment]:
        """List all deployments, oldest first."""
        return sorted(self._lookup.deployments.values(), key=lambda deployment: deployment.created_at_ms)

    def latest_deployment(self, service: str) -> Deployment | None:
        """Return the deployment on which new invocations of a service run."""
        found = self._lookup.services.get(service)
        return None if found is None else self._lookup.deployments[found.deployment_id]

    def dialer(self, deployment_id: str) -> Dialer | None:
        """Return the dialer of a deployment, which adds its headers."""
        record = self._records.get(deployment_id)
        return None if record is None else self._dialers.dialer(record)

    # What operators do.

    def records(self) -> Sequence[Record]:
        """List all deployments, oldest first."""
        return sorted(self._records.values(), key=lambda record: record.created_at_ms)

    def record(self, deployment_id: str) -> Record:
        """Return a deployment. Raises DeploymentNotFoundError."""
        try:
            return self._records[deployment_id]
        except KeyError:
            raise DeploymentNotFoundError(deployment_id) from None

    async def register(
        self,
        uri: str,
        *,
        use_http_11: bool = False,
        force: bool = False,
        breaking: bool = False,
        dry_run: bool = False,
        additional_headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Registration:
        """Discover an endpoint and serve its handlers.

        Args:
            uri: of the endpoint.
            use_http_11: speak HTTP/1.1 instead of HTTP/2.
            force: discover an endpoint again that is registered already, instead of changing nothing.
            breaking: allow a service to change its type.
            dry_run: return what would be registered, and change nothing.
            additional_headers: to send with every request to it; those of an earlier registration do not remain.
            metadata: to store with it, likewise.

        Raises:
            RegistrationError: it cannot be discovered, or its services do not fit.
        """
        uri = normalize_uri(uri)
        known = self._by_uri(uri)
        if known is not None and not force:
            return Registration(known, is_new=False)
        sent = dict(additional_headers or {})
        began = self._begin_discovery()
        discovered = await self._discover(uri, use_http_11, sent)
        async with self._lock:
            known = self._by_uri(uri)
            if known is not None and (not force or began < self._discovered_at.get(uri, 0)):
                return Registration(known, is_new=False)  # another registration of it was faster
            now_ms = self._now_ms()
            record = Record(
                deployment_id=new_deployment_id(now_ms) if known is None else known.deployment_id,
                uri=uri,
                use_http_11=use_http_11,
                created_at_ms=now_ms,
                manifest=discovered.manifest,
                revisions={
                    service.name: self._next_revision(service.name)
                    for service in discovered.manifest.services
                },
                additional_headers=sent,
                metadata=dict(metadata or {}),
                sdk_version=discovered.sdk_version,
            )
            if not (breaking or force):
                self._check_types(record)
            if not dry_run:
                await self._keep(record)
                self._discovered_at[uri] = began
            return Registration(record, is_new=known is None)

    async def update(
        self,
        deployment_id: str,
        *,
        uri: str | None = None,
        use_http_11: bool | None = None,
        additional_headers: Mapping[str, str] | None = None,
        overwrite: bool = False,
        dry_run: bool = False,
    ) -> Record:
        """Change how an endpoint is reached; with `overwrite`, also take over what it serves now.

        It is discovered at a new address in any case, so that one at which nothing answers is refused.

        Raises:
            DeploymentNotFoundError: there is no such deployment.
            RegistrationError: it cannot be discovered.
        """

        def change(record: Record) -> Record:
            if uri is not None or overwrite:
                record = msgspec.structs.replace(
                    record,
                    uri=record.uri if uri is None else normalize_uri(uri),
                    use_http_11=record.use_http_11 if use_http_11 is None else use_http_11,
                )
            if additional_headers is not None:
                record = msgspec.structs.replace(record, additional_headers=dict(additional_headers))
            return record

        asked = change(self.record(deployment_id))
        discovered = None
        if overwrite or uri is not None:
            discovered = await self._discover(asked.uri, asked.use_http_11, asked.additional_headers)
        async with self._lock:
            record = change(self.record(deployment_id))
            if discovered is not None and overwrite:
                record = self._with_manifest(record, discovered)
            if not dry_run:
                await self._keep(record)
            return record

    async def remove(self, deployment_id: str) -> None:
        """Delete a deployment. Its services use the latest one that is left. Raises DeploymentNotFoundError."""
        async with self._lock:
            if deployment_id not in self.unreadable:
                self.record(deployment_id)
            await self._store.delete_deployment(deployment_id)
            self.unreadable.pop(deployment_id, None)
            self._records.pop(deployment_id, None)
            await self._dialers.close(deployment_id)
            self._lookup = Lookup(self._build())

    async def override(self, service: str, overrides: Overrides) -> Record:
        """Change settings of the latest revision of a service; None leaves a setting. Raises LookupError."""
        async with self._lock:
            found = self._lookup.services.get(service)
            if found is None:
                raise LookupError(service)
            record = self._records[found.deployment_id]
            changes = {
                name: value for name, value in msgspec.structs.asdict(overrides).items() if value is not None
            }
            merged = msgspec.structs.replace(record.overrides.get(service, Overrides()), **changes)
            record = msgspec.structs.replace(record, overrides={**record.overrides, service: merged})
            await self._keep(record)
            return record

    async def close(self) -> None:
        """Close the connections to all endpoints."""
        await self._dialers.close_all()

    async def _keep(self, record: Record) -> None:
        deployment_id = record.deployment_id
        before = self._records.get(deployment_id)
        await self._store.save_deployment(deployment_id, record.created_at_ms, record.encode())
        self._records[deployment_id] = record
        self._lookup = Lookup(self._build())
        if before and (before.uri, before.use_http_11) != (record.uri, record.use_http_11):
            await self._dialers.close(deployment_id)

    async def _discover(self, uri: str, use_http_11: bool, headers: Mapping[str, str]) -> Discovered:
        return await self._dialers.discover(
            uri, use_http_11=use_http_11, headers=headers, pauses=self._pauses
        )

    def _begin_discovery(self) -> int:
        self._discovery_count += 1
        return self._discovery_count

    def _with_manifest(self, record: Record, discovered: Discovered) -> Record:
        return msgspec.structs.replace(
            record,
            manifest=discovered.manifest,
            sdk_version=discovered.sdk_version,
            revisions={
                service.name: record.revisions.get(service.name) or self._next_revision(service.name)
                for service in discovered.manifest.services
            },
        )

    def _next_revision(self, service: str) -> int:
        return max((record.revisions.get(service, 0) for record in self._records.values()), default=0) + 1

    def _by_uri(self, uri: str) -> Record | None:
        return next((record for record in self._records.values() if record.uri == uri), None)

    def _check_types(self, record: Record) -> None:
        for name, service in build_deployment(record, self.defaults).services.items():
            before = self._lookup.services.get(name)
            if before is not None and before.kind != service.kind:
                raise RegistrationError(
                    409,
                    f"detected a new service revision for '{name}' changing the service type from previous "
                    f"revision, {before.kind}, to {service.kind}; insist with breaking, or give it another name.",
                    "META0006",
                )

    def _load(self, deployment_id: str, document: str) -> None:
        """Read a stored deployment. One that cannot be read is left out, so that the others are served."""
        try:
            record = Record.decode(document)
            build_deployment(record, self.defaults)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            self.unreadable[deployment_id] = reason
            log.error(
                "deployment %s is stored and cannot be read (%s); its services are not served. Register its "
                "endpoint again, and delete it once no invocation is pinned to it",
                deployment_id,
                reason,
            )
        else:
            self._records[deployment_id] = record

    def _build(self) -> list[Deployment]:
        return [build_deployment(record, self.defaults) for record in self.records()]
