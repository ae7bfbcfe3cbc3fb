"""Deployments, services and handlers as the admin API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.runtime.deployments.effective import effective_options
from awaken.runtime.durations import duration_of, format_duration
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from awaken.runtime.deployments import Record
    from awaken.runtime.deployments.manifest import Handler, Input, Options, Output, Service
    from awaken.runtime.schema import RetryPolicy
    from awaken.runtime.settings import RuntimeSettings

__all__ = ["deployment", "full_deployment", "handler", "registration", "service"]

_SERVICE_TYPES = {"SERVICE": "Service", "VIRTUAL_OBJECT": "VirtualObject", "WORKFLOW": "Workflow"}
_HANDLER_TYPES = {"EXCLUSIVE": "Exclusive", "SHARED": "Shared", "WORKFLOW": "Workflow"}


def registration(record: Record, defaults: RuntimeSettings) -> dict[str, Any]:
    """Describe a deployment that was just registered."""
    return {
        "id": record.deployment_id,
        "services": _services(record, defaults),
        "min_protocol_version": record.manifest.min_protocol_version,
        "max_protocol_version": record.manifest.max_protocol_version,
        "sdk_version": record.sdk_version,
        "info": _remarks(record),
    }


def deployment(record: Record) -> dict[str, Any]:
    """Describe a deployment, with the names of its services only."""
    services = [{"name": name, "revision": revision} for name, revision in record.revisions.items()]
    return _deployment(record, services)


def full_deployment(record: Record, defaults: RuntimeSettings) -> dict[str, Any]:
    """Describe a deployment with all its services."""
    return _deployment(record, _services(record, defaults))


def service(record: Record, declared: Service, defaults: RuntimeSettings) -> dict[str, Any]:
    """Describe one revision of a service."""
    effective = effective_options(record, declared, None, defaults)
    described: dict[str, Any] = {
        "name": declared.name,
        "ty": _SERVICE_TYPES[declared.ty],
        "handlers": [handler(record, declared, each) for each in declared.handlers],
    }
    if declared.documentation is not None:
        described["documentation"] = declared.documentation
    described |= {
        "metadata": declared.metadata,
        "deployment_id": record.deployment_id,
        "revision": record.revisions[declared.name],
        "public": effective.is_public,
        "idempotency_retention": _duration(effective.idempotency_retention_ms),
    }
    if declared.ty == "WORKFLOW":
        run = next((each for each in declared.handlers if each.ty == "WORKFLOW"), None)
        retention = effective_options(record, declared, run, defaults).workflow_retention_ms
        described["workflow_completion_retention"] = _duration(retention)
    return described | {
        "journal_retention": _duration(effective.journal_retention_ms),
        "inactivity_timeout": _duration(effective.inactivity_timeout_ms),
        "abort_timeout": _duration(effective.abort_timeout_ms),
        "enable_lazy_state": effective.is_state_lazy,
        "retry_policy": _retry_policy(effective.retry_policy),
    }


def handler(record: Record, declared: Service, each: Handler) -> dict[str, Any]:
    """Describe a handler; of its settings only its own."""
    described: dict[str, Any] = {"name": each.name}
    kind = each.ty or {"VIRTUAL_OBJECT": "EXCLUSIVE", "WORKFLOW": "SHARED"}.get(declared.ty)
    if declared.ty != "SERVICE" and kind is not None:
        described["ty"] = _HANDLER_TYPES[kind]
    if each.documentation is not None:
        described["documentation"] = each.documentation
    if each.metadata:
        described["metadata"] = each.metadata
    overrides = record.overrides.get(declared.name)
    is_private = declared.ingress_private if overrides is None or overrides.public is None else False
    described["public"] = not (
        each.ingress_private or is_private or (overrides is not None and overrides.public is False)
    )
    described["input_description"] = _describe_payload(each.input)
    described["output_description"] = _describe_payload(each.output)
    if each.input.json_schema is not None:
        described["input_json_schema"] = each.input.json_schema
    if each.output.json_schema is not None:
        described["output_json_schema"] = each.output.json_schema
    return described | _own_settings(each)


def _deployment(record: Record, services: list[Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": record.deployment_id,
        "uri": record.uri,
        "protocol_type": "BidiStream" if record.is_bidirectional else "RequestResponse",
        "http_version": record.http_version,
    }
    if record.additional_headers:
        described["additional_headers"] = record.additional_headers
    if record.metadata:
        described["metadata"] = record.metadata
    return described | {
        "created_at": format_time(record.created_at_ms),
        "min_protocol_version": record.manifest.min_protocol_version,
        "max_protocol_version": record.manifest.max_protocol_version,
        "sdk_version": record.sdk_version,
        "services": services,
        "info": _remarks(record),
    }


def _services(record: Record, defaults: RuntimeSettings) -> list[dict[str, Any]]:
    return [service(record, each, defaults) for each in record.manifest.services]


def _own_settings(each: Handler) -> dict[str, Any]:
    durations = {
        "idempotency_retention": each.idempotency_retention,
        "workflow_completion_retention": each.workflow_completion_retention,
        "journal_retention": each.journal_retention,
        "inactivity_timeout": each.inactivity_timeout,
        "abort_timeout": each.abort_timeout,
    }
    settings: dict[str, Any] = {name: _duration(ms) for name, ms in durations.items() if ms is not None}
    if each.enable_lazy_state is not None:
        settings["enable_lazy_state"] = each.enable_lazy_state
    settings["retry_policy"] = _own_retry_policy(each)
    return settings


def _own_retry_policy(options: Options) -> dict[str, Any]:
    on_max = options.retry_policy_on_max_attempts
    members = {
        "initial_interval": _optional_duration(options.retry_policy_initial_interval),
        "exponentiation_factor": options.retry_policy_exponentiation_factor,
        "max_interval": _optional_duration(options.retry_policy_max_interval),
        "on_max_attempts": None if on_max is None else on_max.capitalize(),
    }
    policy: dict[str, Any] = {name: value for name, value in members.items() if value is not None}
    return {**policy, "max_attempts": options.retry_policy_max_attempts}


def _retry_policy(policy: RetryPolicy) -> dict[str, Any]:
    return {
        "initial_interval": _duration(policy.initial_interval_ms),
        "exponentiation_factor": policy.exponentiation_factor,
        "max_attempts": policy.max_attempts,
        "max_interval": _optional_duration(policy.max_interval_ms),
        "on_max_attempts": policy.on_max_attempts.capitalize(),
    }


def _describe_payload(declared: Input | Output) -> str:
    if declared.content_type is None:
        return "none"
    if declared.json_schema is None:
        return f"value of content-type '{declared.content_type}'"
    kind = declared.json_schema.get("type") if isinstance(declared.json_schema, dict) else None
    return f"JSON {kind}" if isinstance(kind, str) else "JSON"


def _remarks(record: Record) -> list[dict[str, str]]:
    if record.is_bidirectional:
        return []
    return [
        {
            "code": "RT0021",
            "message": f"The configured inactivity_timeout {_duration(options.inactivity_timeout)} will not be "
            f"applied to {name}, because over request/response the input ends at once",
        }
        for each in record.manifest.services
        for name, options in [(each.name, each), *((f"{each.name}/{h.name}", h) for h in each.handlers)]
        if options.inactivity_timeout
    ]


def _duration(milliseconds: int) -> str:
    return format_duration(duration_of(milliseconds))


def _optional_duration(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else _duration(milliseconds)
