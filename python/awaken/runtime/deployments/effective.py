"""Effective settings: those of the handler, else of its service, else of the runtime."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from awaken.runtime.deployments.record import Overrides
from awaken.runtime.schema import Deployment, HandlerSchema, Payload, RetryPolicy, ServiceSchema

if TYPE_CHECKING:
    from awaken.runtime.deployments.manifest import Handler, Input, Options, Output, Service
    from awaken.runtime.deployments.record import Record
    from awaken.runtime.settings import RuntimeSettings

__all__ = ["build_deployment", "effective_options", "retry_policy_of"]

T = TypeVar("T")

#: What a column of the database can count to.
_MOST_ATTEMPTS: Final = 2**63 - 1

_SERVICE_KINDS: Final[dict[str, Literal["service", "object", "workflow"]]] = {
    "SERVICE": "service",
    "VIRTUAL_OBJECT": "object",
    "WORKFLOW": "workflow",
}


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings that are all set."""

    is_public: bool
    inactivity_timeout_ms: int
    abort_timeout_ms: int
    journal_retention_ms: int
    idempotency_retention_ms: int
    workflow_retention_ms: int
    is_state_lazy: bool
    retry_policy: RetryPolicy


def build_deployment(record: Record, defaults: RuntimeSettings) -> Deployment:
    """Build a deployment as the runtime looks it up."""
    return Deployment(
        deployment_id=record.deployment_id,
        uri=record.uri,
        min_protocol_version=record.manifest.min_protocol_version,
        max_protocol_version=record.manifest.max_protocol_version,
        is_bidirectional=record.is_bidirectional,
        http_version=record.http_version,
        created_at_ms=record.created_at_ms,
        services={
            service.name: _build_service(record, service, defaults) for service in record.manifest.services
        },
        additional_headers=record.additional_headers,
        metadata=record.metadata,
        sdk_version=record.sdk_version,
    )


def effective_options(
    record: Record, service: Service, handler: Handler | None, defaults: RuntimeSettings
) -> Effective:
    """Return the settings of a handler, or of the service if `handler` is None."""
    overrides = record.overrides.get(service.name, Overrides())
    own: tuple[Options, ...] = (service,) if handler is None else (handler, service)

    def first(option: str, default: int) -> int:
        """Return the handler's, else what an operator set for the service, else the service's."""
        of_handler: int | None = None if handler is None else getattr(handler, option)
        of_operator: int | None = getattr(overrides, f"{option}_ms")
        of_service: int | None = getattr(service, option)
        return _first(of_handler, of_operator, of_service, default=default)

    return Effective(
        is_public=_is_public(overrides, own),
        # Over request/response the input ends at once, so that every wait suspends.
        inactivity_timeout_ms=(
            first("inactivity_timeout", defaults.inactivity_timeout_ms) if record.is_bidirectional else 0
        ),
        abort_timeout_ms=first("abort_timeout", defaults.abort_timeout_ms),
        journal_retention_ms=_at_most(
            defaults.max_journal_retention_ms, first("journal_retention", defaults.journal_retention_ms)
        ),
        idempotency_retention_ms=_at_most(
            defaults.max_idempotency_retention_ms,
            first("idempotency_retention", defaults.idempotency_retention_ms),
        ),
        workflow_retention_ms=_at_most(
            defaults.max_workflow_retention_ms,
            first("workflow_completion_retention", defaults.workflow_retention_ms),
        ),
        is_state_lazy=_first(*(options.enable_lazy_state for options in own), default=False),
        retry_policy=retry_policy_of(own, defaults.retry_policy),
    )


def retry_policy_of(own: tuple[Options, ...], default: RetryPolicy) -> RetryPolicy:
    """Return the retry policy. Each of its members may come from another level."""
    attempts = _first(*(options.retry_policy_max_attempts for options in own), default=None)
    on_max = _first(*(options.retry_policy_on_max_attempts for options in own), default=None)
    return RetryPolicy(
        initial_interval_ms=_first(
            *(options.retry_policy_initial_interval for options in own), default=default.initial_interval_ms
        ),
        exponentiation_factor=_first(
            *(options.retry_policy_exponentiation_factor for options in own),
            default=default.exponentiation_factor,
        ),
        max_interval_ms=_first(
            *(options.retry_policy_max_interval for options in own), default=default.max_interval_ms
        ),
        max_attempts=default.max_attempts if attempts is None else min(max(attempts, 1), _MOST_ATTEMPTS),
        on_max_attempts=(
            default.on_max_attempts if on_max is None else "kill" if on_max == "KILL" else "pause"
        ),
    )


def _build_service(record: Record, service: Service, defaults: RuntimeSettings) -> ServiceSchema:
    return ServiceSchema(
        name=service.name,
        kind=_SERVICE_KINDS[service.ty],
        revision=record.revisions[service.name],
        deployment_id=record.deployment_id,
        handlers={
            handler.name: _build_handler(record, service, handler, defaults) for handler in service.handlers
        },
        is_public=effective_options(record, service, None, defaults).is_public,
        documentation=service.documentation,
        metadata=service.metadata,
    )


def _build_handler(
    record: Record, service: Service, handler: Handler, defaults: RuntimeSettings
) -> HandlerSchema:
    effective = effective_options(record, service, handler, defaults)
    return HandlerSchema(
        service=service.name,
        name=handler.name,
        kind=_handler_kind(service, handler),
        deployment_id=record.deployment_id,
        is_public=effective.is_public,
        retry_policy=_limited(effective.retry_policy, defaults.max_attempts_limit),
        inactivity_timeout_ms=effective.inactivity_timeout_ms,
        abort_timeout_ms=effective.abort_timeout_ms,
        journal_retention_ms=effective.journal_retention_ms,
        idempotency_retention_ms=effective.idempotency_retention_ms,
        workflow_retention_ms=effective.workflow_retention_ms,
        is_state_lazy=effective.is_state_lazy,
        input=_input(handler.input),
        output=_output(handler.output),
        documentation=handler.documentation,
        metadata=handler.metadata,
    )


def _handler_kind(service: Service, handler: Handler) -> Literal["exclusive", "shared", "workflow"] | None:
    match service.ty, handler.ty:
        case "SERVICE", _:
            return None
        case "VIRTUAL_OBJECT", None | "EXCLUSIVE":
            return "exclusive"
        case "WORKFLOW", "WORKFLOW":
            return "workflow"
    return "shared"


def _input(declared: Input) -> Payload:
    return Payload(
        is_none=declared.content_type is None,
        content_type=declared.content_type,
        is_required=declared.required,
        json_schema=declared.json_schema,
    )


def _output(declared: Output) -> Payload:
    return Payload(
        is_none=declared.content_type is None,
        content_type=declared.content_type,
        set_content_type_if_empty=declared.set_content_type_if_empty,
        json_schema=declared.json_schema,
    )


def _is_public(overrides: Overrides, own: tuple[Options, ...]) -> bool:
    if overrides.public is not None:
        own = own[:-1]  # overrides what the service says; a private handler stays private
    return overrides.public is not False and not any(options.ingress_private for options in own)


def _first(*values: T | None, default: T) -> T:
    return next((value for value in values if value is not None), default)


def _at_most(limit: int | None, value: int) -> int:
    return value if limit is None else min(value, limit)


def _limited(policy: RetryPolicy, limit: int | None) -> RetryPolicy:
    """Apply the limit on attempts, which operators do not see in the policy of a handler, as on the server."""
    if limit is None or (policy.max_attempts is not None and policy.max_attempts <= limit):
        return policy
    return replace(policy, max_attempts=limit)
