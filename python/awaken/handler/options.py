"""Options of services and handlers. An option of a handler overrides that of its service."""

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
    """The options of a service or a handler, as given. For None, the service decides, and finally the runtime.

    `Service`, `VirtualObject` and `Workflow.main` document what each option means.
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
        """Check for values that every runtime would reject.

        Args:
            where: names the service or handler in the error text.

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
    time_limits.within_time(value, f"{where}: {name}")  # type: ignore[arg-type]  # it may have any type here


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
