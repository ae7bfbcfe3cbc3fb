"""Deployments, services and handlers as the admin API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.runtime.deployments.effective import effective_options
from awaken.runtime.deployments.manifest import Output
from awaken.runtime.durations import duration_of, format_duration
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from awaken.runtime.deployments.manifest import Handler, Input, Options, Service
    from awaken.runtime.deployments.record import Record
    from awaken.runtime.schema import RetryPolicy
    from awaken.runtime.settings import RuntimeSettings

__all__ = ["deployment", "full_deployment", "handler", "registration", "service", "service_type"]

_SERVICE_TYPES = {"SERVICE": "Service", "VIRTUAL_OBJECT": "VirtualObject", "WORKFLOW": "Workflow"}
_HANDLER_TYPES = {"EXCLUSIVE": "Exclusive", "SHARED": "Shared", "WORKFLOW": "Workflow"}


def registration(record: Record, defaults: RuntimeSettings) -> dict[str, Any]:
    """Describe a deployment that was just registered."""
    return {
        "id": record.deployment_id,
        "services": _services(record, defaults),
        **_spoken(record),
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
        "ty": service_type(declared),
        "handlers": [handler(record, declared, each) for each in declared.handlers],
    }
    if declared.documentation is not None:
        described["documentation"] = declared.documentation
    if declared.metadata:
        described["metadata"] = declared.metadata
    described |= {
        "deployment_id": record.deployment_id,
        "revision": record.revisions[declared.name],
        "public": effective.is_public,
        "idempotency_retention": _duration(effective.idempotency_retention_ms),
    }
    if declared.ty == "WORKFLOW":
        run = next((each for each in declared.handlers if each.ty == "WORKFLOW"), None)
        retention = effective_options(record, declared, run, defaults).workflow_retention_ms
        described["workflow_completion_retention"] = _duration(retention)
    described |= {
        "journal_retention": _duration(effective.journal_retention_ms),
        "inactivity_timeout": _duration(effective.inactivity_timeout_ms),
        "abort_timeout": _duration(effective.abort_timeout_ms),
        "enable_lazy_state": effective.is_state_lazy,
        "retry_policy": _retry_policy(effective.retry_policy),
    }
    overrides = record.overrides.get(declared.name)
    timeout = None if overrides is None else overrides.inactivity_timeout_ms
    timeout = declared.inactivity_timeout if timeout is None else timeout
    return described | _remarks(record, timeout, "service")


def service_type(declared: Service) -> str:
    """Return the type of a service, as the admin API writes it."""
    return _SERVICE_TYPES[declared.ty]


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
    return described | _own_settings(record, each) | _remarks(record, each.inactivity_timeout, "handler")


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
        "created_at": format_time(record.created_at_ms, end="000000Z"),
        **_spoken(record),
        "services": services,
    }


def _spoken(record: Record) -> dict[str, Any]:
    described: dict[str, Any] = {
        "min_protocol_version": record.manifest.min_protocol_version,
        "max_protocol_version": record.manifest.max_protocol_version,
    }
    if record.sdk_version is not None:
        described["sdk_version"] = record.sdk_version
    return described


def _services(record: Record, defaults: RuntimeSettings) -> list[dict[str, Any]]:
    return [service(record, each, defaults) for each in record.manifest.services]


def _own_settings(record: Record, each: Handler) -> dict[str, Any]:
    # The retention of a workflow is that of its service, wherever it was declared.
    durations = {
        "idempotency_retention": each.idempotency_retention,
        "journal_retention": each.journal_retention,
        "inactivity_timeout": each.inactivity_timeout if record.is_bidirectional else None,
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
    attempts = options.retry_policy_max_attempts
    return {**policy, "max_attempts": None if attempts is None else max(attempts, 1)}


def _retry_policy(policy: RetryPolicy) -> dict[str, Any]:
    return {
        "initial_interval": _duration(policy.initial_interval_ms),
        "exponentiation_factor": policy.exponentiation_factor,
        "max_attempts": policy.max_attempts,
        "max_interval": _optional_duration(policy.max_interval_ms),
        "on_max_attempts": policy.on_max_attempts.capitalize(),
    }


def _describe_payload(declared: Input | Output) -> str:
    """Describe what a handler takes or returns: by the title of its schema, the type in it, or its content type."""
    if declared.content_type is None:
        return "none"
    schema = declared.json_schema if isinstance(declared.json_schema, dict) else {}
    title, kind = schema.get("title"), schema.get("type")
    if isinstance(title, str):
        return f"JSON '{title}'"
    if isinstance(kind, str):
        return f"JSON {kind}"
    is_optional = isinstance(declared, Output) and declared.set_content_type_if_empty
    return f"optional {declared.content_type}" if is_optional else declared.content_type


def _remarks(record: Record, inactivity_timeout: int | None, what: str) -> dict[str, Any]:
    if record.is_bidirectional or inactivity_timeout is None:
        return {}
    message = (
        f"The configured inactivity_timeout {_duration(inactivity_timeout)} will not be applied because the {what} is "
        "exposed in Request/Response mode."
    )
    return {"info": [{"code": "RT0021", "message": message}]}


def _duration(milliseconds: int) -> str:
    return format_duration(duration_of(milliseconds))


def _optional_duration(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else _duration(milliseconds)
