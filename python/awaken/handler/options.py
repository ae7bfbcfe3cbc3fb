"""What a service and a handler can be configured with; a handler's value wins over its service's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awaken.handler.retry_policy import InvocationRetryPolicy
from awaken.timing import time_limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

__all__ = ["Options"]

_DURATIONS = (
    "inactivity_timeout",
    "abort_timeout",
    "journal_retention",
    "idempotency_retention",
    "workflow_retention",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options as they were given; None leaves it to the service, and in the end to the runtime.

    Durations may be given in seconds.

    Args:
        description: documentation, shown by the runtime.
        metadata: names and values for operators and tools.
        inactivity_timeout: how long an attempt may wait before the runtime asks it to suspend.
        abort_timeout: how long it then has before it is cut off.
        journal_retention: how long a completed invocation stays visible.
        idempotency_retention: how long the result stays available under its idempotency key.
        workflow_retention: how long a completed workflow stays addressable by its key.
        enable_lazy_state: read state when it is asked for instead of sending it with the input.
        state_preload: True or False for all keys, or the keys to send with the input; others are read when
            asked for.
        ingress_private: callable by other handlers only.
        invocation_retry_policy: when and how often a failing invocation is retried.
    """

    description: str | None = None
    metadata: dict[str, str] | None = None
    inactivity_timeout: timedelta | float | None = None
    abort_timeout: timedelta | float | None = None
    journal_retention: timedelta | float | None = None
    idempotency_retention: timedelta | float | None = None
    workflow_retention: timedelta | float | None = None
    enable_lazy_state: bool | None = None
    state_preload: bool | list[str] | None = None
    ingress_private: bool | None = None
    invocation_retry_policy: InvocationRetryPolicy | None = None

    def check(self, where: str) -> None:
        """Refuse values that no runtime would take.

        Args:
            where: what is being configured, for the message.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is out of range, or contradicts another one.
        """
        if self.description is not None:
            _expect(self.description, str, where, "description")
        if self.metadata is not None:
            _check_metadata(self.metadata, where)
        for name in _DURATIONS:
            _check_duration(getattr(self, name), where, name)
        for name in ("enable_lazy_state", "ingress_private"):
            if getattr(self, name) is not None:
                _expect(getattr(self, name), bool, where, name)
        self._check_state_preload(where)
        if self.invocation_retry_policy is not None:
            _check_policy(self.invocation_retry_policy, where)

    def _check_state_preload(self, where: str) -> None:
        preload = self.state_preload
        if preload is None:
            return
        if self.enable_lazy_state is not None:
            raise ValueError(
                f"{where}: state_preload and enable_lazy_state were both given and mean the same thing; "
                "give state_preload only"
            )
        is_list_of_keys = isinstance(preload, (list, tuple)) and all(isinstance(key, str) for key in preload)
        if not isinstance(preload, bool) and not is_list_of_keys:
            raise TypeError(
                f"{where}: state_preload is {preload!r}; give True, False or a list of state keys"
            )


def _expect(value: object, kind: type, where: str, name: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{where}: {name} is {value!r}; give a {kind.__name__}")


def _check_metadata(metadata: Mapping[str, str], where: str) -> None:
    _expect(metadata, dict, where, "metadata")
    for key, value in metadata.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"{where}: metadata {key!r}: {value!r} is not text; convert both sides to str")


def _check_duration(value: object, where: str, name: str) -> None:
    if value is None:
        return
    time_limits.within_time(value, f"{where}: {name}")  # type: ignore[arg-type]  # this is what is checked


def _check_policy(policy: InvocationRetryPolicy, where: str) -> None:
    where = f"{where}: invocation_retry_policy"
    if not isinstance(policy, InvocationRetryPolicy):
        raise TypeError(f"{where} is {policy!r}; give an InvocationRetryPolicy")
    _check_duration(policy.initial_interval, where, "initial_interval")
    if policy.initial_interval is not None:
        time_limits.retry_delay(policy.initial_interval, f"{where}: initial_interval")
    _check_duration(policy.max_interval, where, "max_interval")
    if policy.max_interval is not None:
        time_limits.retry_delay(policy.max_interval, f"{where}: max_interval")
    factor, attempts = policy.exponentiation_factor, policy.max_attempts
    if factor is not None and not (_is_number(factor) and math.isfinite(factor) and factor > 0):
        raise ValueError(f"{where}: exponentiation_factor is {factor!r}; give a number above zero")
    if attempts is not None and not (isinstance(attempts, int) and _is_number(attempts) and attempts >= 0):
        raise ValueError(f"{where}: max_attempts is {attempts!r}; give a whole number, zero or more")
    if policy.on_max_attempts not in (None, "pause", "kill"):
        raise ValueError(f"{where}: on_max_attempts is {policy.on_max_attempts!r}; give 'pause' or 'kill'")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
