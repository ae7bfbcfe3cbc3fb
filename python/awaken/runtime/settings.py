"""Settings of a runtime, given as arguments or as the environment variables of the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.durations import parse_duration
from awaken.runtime.identity_key import read_private_key
from awaken.runtime.schema import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        cleanup_interval_ms: how often expired journals and results are deleted.
        max_open_attempts: how many attempts run at a time; further ones wait.
        max_eager_state_size: bytes of state that are sent with the input; handlers read the rest on demand.
        max_message_size: bytes of the largest frame accepted from an endpoint; None is the server's limit.
        max_protocol_version: the newest version to speak; None is 7 with endpoints of awaken, and 6 with others,
            whose support of 7 is experimental.
        identity_key_pem: private key that signs requests to endpoints, Ed25519 in PKCS#8.
    """

    inactivity_timeout_ms: int = 60_000
    abort_timeout_ms: int = 600_000
    retry_policy: RetryPolicy = _DEFAULT_POLICY
    journal_retention_ms: int = _DAY_MS
    idempotency_retention_ms: int = _DAY_MS
    workflow_retention_ms: int = _DAY_MS
    cleanup_interval_ms: int = 3_600_000
    max_open_attempts: int = 1000
    max_eager_state_size: int = 32 * 1024 * 1024
    max_message_size: int | None = None
    max_protocol_version: int | None = None
    identity_key_pem: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RuntimeSettings:
        """Read settings from environment variables of the server, as RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT.

        Raises:
            ValueError: a value does not parse; the text names the variable.
        """
        read = _Reader(environment).read
        values: dict[str, Any] = {}
        for name, (variables, parse) in _VARIABLES.items():
            for variable in variables:
                value = read(variable, parse)
                if value is not None:
                    values[name] = value
                    break
        policy: dict[str, Any] = {}
        for name, (variable, parse) in _POLICY_VARIABLES.items():
            for prefix in _POLICY_PREFIXES:
                value = read(f"{prefix}__{variable}", parse)
                if value is not None:
                    policy[name] = value[0] if isinstance(value, tuple) else value
        if policy:
            values["retry_policy"] = RetryPolicy(**policy)
        speaks_v7 = read("RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7", _flag)
        if speaks_v7 is not None:
            values["max_protocol_version"] = 7 if speaks_v7 else 6
        return cls(**values)


def _milliseconds(text: str) -> int:
    return round(parse_duration(text).total_seconds() * 1000)


def _flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in ("true", "false", "1", "0"):
        raise ValueError(f"{text!r} is not true or false")
    return lowered in ("true", "1")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(f"{number} is below 1")
    return number


def _attempts(text: str) -> tuple[int | None]:
    """Return a tuple, because None is a value here: without limit."""
    return (None,) if text.strip().lower() in ("unlimited", "infinite") else (max(1, int(text)),)


def _on_max_attempts(text: str) -> str:
    lowered = text.strip().lower()
    if lowered not in ("pause", "kill"):
        raise ValueError(f"{text!r} is not pause or kill")
    return lowered


def _key_file(text: str) -> str:
    try:
        pem = Path(text).read_text(errors="replace")
    except OSError as error:
        raise ValueError(f"cannot read {text or 'a file without a name'}: {error.strerror}") from error
    try:
        read_private_key(pem)
    except ValueError as error:
        raise ValueError(f"{text}: {error}; `openssl genpkey -algorithm ed25519` makes one") from error
    return pem


_INVOKER: Final = "RESTATE_WORKER__INVOKER__"
_KEY_FILE: Final = "REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE"
#: The variables of each setting, and how their text is read. If several are set, the first counts, as on the server.
_VARIABLES: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str], Any]]]] = {
    "inactivity_timeout_ms": ((f"{_INVOKER}INACTIVITY_TIMEOUT",), _milliseconds),
    "abort_timeout_ms": ((f"{_INVOKER}ABORT_TIMEOUT",), _milliseconds),
    "max_open_attempts": ((f"{_INVOKER}CONCURRENT_INVOCATIONS_LIMIT",), _positive),
    "cleanup_interval_ms": (("RESTATE_WORKER__CLEANUP_INTERVAL",), _milliseconds),
    # The server calls the first of them deprecated, and prefers it all the same.
    "identity_key_pem": ((f"RESTATE_{_KEY_FILE}", f"{_INVOKER}{_KEY_FILE}"), _key_file),
    "journal_retention_ms": (("RESTATE_DEFAULT_JOURNAL_RETENTION",), _milliseconds),
    "idempotency_retention_ms": (("RESTATE_DEFAULT_IDEMPOTENCY_RETENTION",), _milliseconds),
    "workflow_retention_ms": (("RESTATE_DEFAULT_WORKFLOW_COMPLETION_RETENTION",), _milliseconds),
}
_POLICY_PREFIXES: Final = ("RESTATE_WORKER__INVOKER__RETRY_POLICY", "RESTATE_DEFAULT_RETRY_POLICY")
_POLICY_VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "initial_interval_ms": ("INITIAL_INTERVAL", _milliseconds),
    "exponentiation_factor": ("EXPONENTIATION_FACTOR", float),
    "max_interval_ms": ("MAX_INTERVAL", _milliseconds),
    "max_attempts": ("MAX_ATTEMPTS", _attempts),
    "on_max_attempts": ("ON_MAX_ATTEMPTS", _on_max_attempts),
}


class _Reader:
    """Reads variables; its errors name the variable."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def read(self, variable: str, parse: Callable[[str], Any]) -> Any:
        text = self._environment.get(variable)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            raise ValueError(f"{variable}: {error}") from error
