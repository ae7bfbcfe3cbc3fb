"""The endpoint manifest as JSON, in each of its versions.

Servers reject members they do not know, so a member is only written in versions that have it; an option that
is set and cannot be described is an error instead of being dropped. Unset members are left out, because not
every server accepts null.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from awaken.serde.schema import schema_of
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.handler.handler import Handler
    from awaken.handler.options import Options
    from awaken.service.definition import Definition

__all__ = ["ManifestError", "write_manifest"]

_SERVICE_TYPES = {"service": "SERVICE", "object": "VIRTUAL_OBJECT", "workflow": "WORKFLOW"}
_HANDLER_TYPES = {"exclusive": "EXCLUSIVE", "shared": "SHARED", "workflow": "WORKFLOW"}


class ManifestError(ValueError):
    """A service cannot be described in the manifest version the runtime reads."""


def write_manifest(
    services: Iterable[Definition],
    *,
    version: int,
    protocol_mode: str,
    min_protocol_version: int,
    max_protocol_version: int,
    lambda_compression: str | None = None,
) -> bytes:
    """Write the manifest of an endpoint.

    Raises:
        ManifestError: an option or a service cannot be described in this version.
    """
    manifest: dict[str, Any] = {
        "protocolMode": protocol_mode,
        "minProtocolVersion": min_protocol_version,
        "maxProtocolVersion": max_protocol_version,
        "services": [_service(service, version) for service in services],
    }
    if lambda_compression is not None and version >= 4:
        manifest["lambdaCompression"] = lambda_compression
    return json.dumps(manifest, allow_nan=False, separators=(",", ":")).encode()


def _service(service: Definition, version: int) -> dict[str, Any]:
    handlers = list(service.handlers.values())
    kind = service.service_tag.kind
    if kind == "workflow" and not any(handler.kind == "workflow" for handler in handlers):
        raise ManifestError(f"workflow {service.name} has no main handler; declare one with `.main()`")
    return {
        "name": service.name,
        "ty": _SERVICE_TYPES[kind],
        "handlers": [_handler(handler, version) for handler in handlers],
        **_Members(service.name, version).of(service.options),
    }


def _handler(handler: Handler[Any, Any], version: int) -> dict[str, Any]:
    described: dict[str, Any] = {"name": handler.name}
    if handler.kind is not None:  # always written: servers disagree about the type of a handler without it
        described["ty"] = _HANDLER_TYPES[handler.kind]
    described["input"] = _input(handler)
    described["output"] = _output(handler)
    return described | _Members(handler.target, version).of(handler.options)


def _input(handler: Handler[Any, Any]) -> dict[str, Any]:
    if handler.arity == 1:
        return {}  # takes nothing, not even a content type
    # An empty body means None, even for a type that does not allow it: servers read the field like this.
    payload: dict[str, Any] = {"required": False, "contentType": handler.io.accept}
    schema = schema_of(handler.io.input_serde, "validation")
    return payload if schema is None else payload | {"jsonSchema": schema}


def _output(handler: Handler[Any, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = {"setContentTypeIfEmpty": False}
    if handler.io.is_output_void:
        return payload
    payload["contentType"] = handler.io.content_type
    schema = schema_of(handler.io.output_serde, "serialization")
    return payload if schema is None else payload | {"jsonSchema": schema}


class _Members:
    """Collects the members that options turn into.

    Args:
        where: the service or handler, for messages.
        version: the manifest version they have to exist in.
    """

    def __init__(self, where: str, version: int) -> None:
        self._where = where
        self._version = version
        self._members: dict[str, Any] = {}

    def of(self, options: Options) -> dict[str, Any]:
        add = self._add
        add(2, "documentation", "description", options.description or None)
        add(2, "metadata", "metadata", None if options.metadata is None else dict(options.metadata))
        add(3, "inactivityTimeout", "inactivity_timeout", _ms(options.inactivity_timeout))
        add(3, "abortTimeout", "abort_timeout", _ms(options.abort_timeout))
        add(3, "journalRetention", "journal_retention", _ms(options.journal_retention))
        add(3, "idempotencyRetention", "idempotency_retention", _ms(options.idempotency_retention))
        add(3, "workflowCompletionRetention", "workflow_retention", _ms(options.workflow_retention))
        add(3, "ingressPrivate", "ingress_private", options.ingress_private)
        self._add_state(options)
        policy = options.invocation_retry_policy
        if policy is not None:
            name = "invocation_retry_policy"
            add(4, "retryPolicyInitialInterval", name, _ms(policy.initial_interval))
            add(4, "retryPolicyMaxInterval", name, _ms(policy.max_interval))
            add(4, "retryPolicyMaxAttempts", name, policy.max_attempts)
            add(4, "retryPolicyExponentiationFactor", name, policy.exponentiation_factor)
            add(
                4, "retryPolicyOnMaxAttempts", name, policy.on_max_attempts and policy.on_max_attempts.upper()
            )
        return self._members

    def _add_state(self, options: Options) -> None:
        preload = options.state_preload
        if preload is None:
            self._add(3, "enableLazyState", "enable_lazy_state", options.enable_lazy_state)
            return
        self._add(3, "enableLazyState", "state_preload", preload is not True)
        # Versions before 5 have no list of keys; there state is read lazily: slower, with the same results.
        if not isinstance(preload, bool) and self._version >= 5:
            self._add(5, "eagerStateKeysWhitelist", "state_preload", list(preload))

    def _add(self, since: int, member: str, option: str, value: Any) -> None:
        if value is None:
            return
        if self._version < since:
            raise ManifestError(
                f"{self._where}: {option} needs manifest version {since}, and the runtime reads "
                f"{self._version} at most; upgrade the runtime, or remove the option"
            )
        self._members[member] = value


def _ms(duration: timedelta | float | None) -> int | None:
    """Whole milliseconds, rounded up: a tiny timeout must not become zero, which has a meaning of its own."""
    return None if duration is None else -(-time_limits.exact(duration) // timedelta(milliseconds=1))
