"""What a runtime knows of the handlers it can call: deployments, their services, and the handlers' settings.

Registration builds these values; the rest of the runtime looks them up and never changes them. Durations are integer
milliseconds, as the store keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.exchange import Dialer

__all__ = ["Deployment", "HandlerSchema", "Payload", "RetryPolicy", "Schema", "ServiceSchema"]

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a failed attempt is retried. The defaults are those of the server."""

    initial_interval_ms: int = 500
    exponentiation_factor: float = 2.0
    max_interval_ms: int | None = 60_000
    #: Including the first attempt; None is without limit.
    max_attempts: int | None = 70
    on_max_attempts: Literal["pause", "kill"] = "pause"


@dataclass(frozen=True, slots=True)
class Payload:
    """The input or output of a handler, as its manifest declares it."""

    #: `{}` in the manifest: no payload at all.
    is_none: bool = False
    content_type: str | None = None
    is_required: bool = False
    #: Of an output: whether an empty body has the content type, too.
    set_content_type_if_empty: bool = False
    json_schema: object = None


@dataclass(frozen=True, slots=True)
class HandlerSchema:
    """One handler with its effective settings: each is its own, its service's or the runtime's."""

    service: str
    name: str
    #: `exclusive` and `shared` for objects, `workflow` and `shared` for workflows, None for services.
    kind: Literal["exclusive", "shared", "workflow"] | None = None
    #: The latest deployment, on which invocations run unless they are pinned.
    deployment_id: str = ""
    is_public: bool = True
    retry_policy: RetryPolicy = RetryPolicy()
    #: 0 over request/response.
    inactivity_timeout_ms: int = 60_000
    abort_timeout_ms: int = 600_000
    journal_retention_ms: int = _DAY_MS
    #: For ingress requests to services and objects.
    idempotency_retention_ms: int = _DAY_MS
    #: For the run of a workflow.
    workflow_retention_ms: int = _DAY_MS
    is_state_lazy: bool = False
    #: Keys that are sent with the input although state is lazy.
    eager_state_keys: frozenset[str] = frozenset()
    input: Payload = Payload()
    output: Payload = Payload()
    documentation: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_keyed(self) -> bool:
        """Whether it belongs to an object or a workflow."""
        return self.kind is not None

    @property
    def is_exclusive(self) -> bool:
        """Whether one invocation runs at a time for each key, in the order of arrival."""
        return self.kind in ("exclusive", "workflow")

    @property
    def is_workflow_run(self) -> bool:
        """Whether it runs once for each key."""
        return self.kind == "workflow"


@dataclass(frozen=True, slots=True)
class ServiceSchema:
    """One revision of a service."""

    name: str
    kind: Literal["service", "object", "workflow"]
    revision: int
    deployment_id: str
    handlers: Mapping[str, HandlerSchema]
    is_public: bool = True
    documentation: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A registered version of an endpoint."""

    deployment_id: str
    #: `memory:NAME` for an endpoint in this process.
    uri: str
    min_protocol_version: int
    max_protocol_version: int
    #: False: the whole request is sent and ended before the response (`RequestResponse`).
    is_bidirectional: bool
    #: `HTTP/2.0` or `HTTP/1.1`.
    http_version: str
    created_at_ms: int
    services: Mapping[str, ServiceSchema]
    additional_headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    sdk_version: str | None = None


class Schema(Protocol):
    """Looks up what is registered. Answers come from memory and may change between turns of the event loop."""

    def service(self, name: str) -> ServiceSchema | None:
        """Return the latest revision of a service."""
        ...

    def handler(self, service: str, name: str) -> HandlerSchema | None:
        """Return a handler of the latest revision of its service."""
        ...

    def deployment(self, deployment_id: str) -> Deployment | None:
        """Return a deployment, whether or not it is the latest."""
        ...

    def deployments(self) -> Sequence[Deployment]:
        """List all deployments, oldest first."""
        ...

    def latest_deployment(self, service: str) -> Deployment | None:
        """Return the deployment on which new invocations of a service run."""
        ...

    def dialer(self, deployment_id: str) -> Dialer | None:
        """Return the dialer of a deployment, which adds its path prefix and additional headers."""
        ...

    def services(self) -> Sequence[ServiceSchema]:
        """List the latest revision of every service."""
        ...

    def describe_services(self) -> list[dict[str, Any]]:
        """Return what the admin API says of every service."""
        ...

    def describe_deployments(self) -> list[dict[str, Any]]:
        """Return what the admin API says of every deployment, without its handlers."""
        ...
