"""Settings of a runtime, given as arguments or as the environment variables of the server."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.admission import MAX_BODY_SIZE
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.server_settings import TAKEN, read_names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RuntimeSettings"]

_DAY_MS: Final = 86_400_000
_DEFAULT_POLICY: Final = RetryPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Limits, and defaults for what neither a service nor a handler sets. Durations are in milliseconds.

    Args:
        inactivity_timeout_ms: how long an attempt may wait before it is asked to suspend; 0 asks at once.
        abort_timeout_ms: how long it may take to suspend after that.
        retry_policy: when failed attempts are retried.
        journal_retention_ms: how long the journal of a completed invocation is kept.
        idempotency_retention_ms: how long its result is kept.
        workflow_retention_ms: how long the result of a workflow is kept.
        max_journal_retention_ms: longer ones are cut to this, as are those of results below; None leaves them.
        max_idempotency_retention_ms: the same for results.
        max_workflow_retention_ms: the same for results of workflows.
        max_attempts_limit: no handler is attempted more often; None leaves it to the policies.
        cleanup_interval_ms: how often expired journals and results are deleted.
        max_open_attempts: how many attempts run at a time; further ones wait.
        max_request_size: bytes of the largest body that the ingress accepts.
        max_eager_state_size: bytes of state that are sent with the input; handlers read the rest on demand.
        max_message_size: bytes of the largest frame accepted from an endpoint; None is the server's limit.
        max_protocol_version: the newest version to speak; None is 7 with endpoints of awaken, and 6 with others,
            whose support of 7 is experimental.
        cluster_name: what endpoints and operators are told it is.
        advertised_url: where callers enter, for operators and in descriptions; None is where the ingress listens.
        advertised_host: the host in it, with the port of the ingress, if no URL is given.
        serves_inbox: whether commands serve the pages beside the admin API.
        identity_key_pem: private key that signs requests to endpoints, Ed25519 in PKCS#8.
    """

    inactivity_timeout_ms: int = 60_000
    abort_timeout_ms: int = 600_000
    retry_policy: RetryPolicy = _DEFAULT_POLICY
    journal_retention_ms: int = _DAY_MS
    idempotency_retention_ms: int = _DAY_MS
    workflow_retention_ms: int = _DAY_MS
    max_journal_retention_ms: int | None = None
    max_idempotency_retention_ms: int | None = None
    max_workflow_retention_ms: int | None = None
    max_attempts_limit: int | None = None
    cleanup_interval_ms: int = 3_600_000
    max_open_attempts: int = 1000
    max_request_size: int = MAX_BODY_SIZE
    max_eager_state_size: int = 32 * 1024 * 1024
    max_message_size: int | None = None
    max_protocol_version: int | None = None
    cluster_name: str = "localcluster"
    advertised_url: str | None = None
    advertised_host: str | None = None
    serves_inbox: bool = True
    identity_key_pem: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RuntimeSettings:
        """Read settings of the server: its environment variables, and the file that RESTATE_CONFIG names.

        Raises:
            ValueError: a value does not parse, or the file cannot be read; the text names the variable.
        """
        names = read_names(environment)
        values: dict[str, Any] = {}
        for setting in TAKEN:
            if setting.field and setting.field not in values and setting.name in names:
                try:
                    values[setting.field] = setting.parse(names[setting.name])
                except ValueError as error:
                    raise ValueError(f"{setting.name}: {error}") from error
        policy = {name: values.pop(_POLICY + name) for name in _POLICY_FIELDS if _POLICY + name in values}
        if policy:
            values["retry_policy"] = RetryPolicy(**policy)
        return cls(**values)


_POLICY: Final = "retry_policy."
_POLICY_FIELDS: Final = tuple(each.name for each in fields(RetryPolicy))
