"""The base of what stands in for the machine and changes some of its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.context.commands import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken._core import Failure

__all__ = ["ForwardedCommands"]


class ForwardedCommands(Commands):
    """Passes every command on. Subclasses change all values, or the headers of all calls, in one method.

    Args:
        inner: the machine, or what stands in for it already.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: Commands) -> None:
        self._inner = inner

    def _value(self, value: bytes) -> bytes:
        """Return what is passed on in place of a value."""
        return value

    def _headers(self, headers: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return what is passed on in place of the headers of a call or a send."""
        return headers

    def run(self, name: str) -> int:
        return self._inner.run(name)

    def propose_run_value(self, handle: int, value: bytes) -> None:
        self._inner.propose_run_value(handle, self._value(value))

    def sleep(self, wake_up_time_ms: int, name: str = "") -> int:
        return self._inner.sleep(wake_up_time_ms, name)

    def timer(self, wake_up_time_ms: int, name: str = "") -> tuple[int, int]:
        return self._inner.timer(wake_up_time_ms, name)

    def awakeable(self) -> tuple[str, int]:
        return self._inner.awakeable()

    def signal(self, name: str) -> int:
        return self._inner.signal(name)

    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        self._inner.resolve_awakeable(awakeable_id, self._value(value), name)

    def reject_awakeable(self, awakeable_id: str, failure: Failure, name: str = "") -> None:
        self._inner.reject_awakeable(awakeable_id, failure, name)

    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None:
        self._inner.resolve_signal(invocation_id, signal_name, self._value(value), name)

    def reject_signal(self, invocation_id: str, signal_name: str, failure: Failure, name: str = "") -> None:
        self._inner.reject_signal(invocation_id, signal_name, failure, name)

    def cancel_invocation(self, invocation_id: str, name: str = "") -> None:
        self._inner.cancel_invocation(invocation_id, name)

    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        return self._inner.get_state(key, name)

    def get_state_keys(self, name: str = "") -> list[str] | int:
        return self._inner.get_state_keys(name)

    def set_state(self, key: str, value: bytes, name: str = "") -> None:
        self._inner.set_state(key, self._value(value), name)

    def clear_state(self, key: str, name: str = "") -> None:
        self._inner.clear_state(key, name)

    def clear_all_state(self, name: str = "") -> None:
        self._inner.clear_all_state(name)

    def get_promise(self, key: str, name: str = "") -> int:
        return self._inner.get_promise(key, name)

    def peek_promise(self, key: str, name: str = "") -> int:
        return self._inner.peek_promise(key, name)

    def resolve_promise(self, key: str, value: bytes, name: str = "") -> int:
        return self._inner.resolve_promise(key, self._value(value), name)

    def reject_promise(self, key: str, failure: Failure, name: str = "") -> int:
        return self._inner.reject_promise(key, failure, name)

    def call(
        self,
        service: str,
        handler: str,
        parameter: bytes,
        *,
        key: str = "",
        headers: Sequence[tuple[str, str]] = (),
        idempotency_key: str | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        name: str = "",
    ) -> tuple[int, int]:
        return self._inner.call(
            service,
            handler,
            self._value(parameter),
            key=key,
            headers=self._headers(headers),
            idempotency_key=idempotency_key,
            scope=scope,
            limit_key=limit_key,
            name=name,
        )

    def send(
        self,
        service: str,
        handler: str,
        parameter: bytes,
        *,
        key: str = "",
        invoke_time_ms: int = 0,
        headers: Sequence[tuple[str, str]] = (),
        idempotency_key: str | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
        name: str = "",
    ) -> int:
        return self._inner.send(
            service,
            handler,
            self._value(parameter),
            key=key,
            invoke_time_ms=invoke_time_ms,
            headers=self._headers(headers),
            idempotency_key=idempotency_key,
            scope=scope,
            limit_key=limit_key,
            name=name,
        )

    def attach_invocation(self, invocation_id: str, name: str = "") -> int:
        return self._inner.attach_invocation(invocation_id, name)

    def succeed(self, value: bytes) -> None:
        self._inner.succeed(self._value(value))
