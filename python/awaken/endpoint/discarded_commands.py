"""Takes the commands of a handler that continues after its attempt and ignores the errors that refuse it.

Code that tries again after every error would never let other streams run. So from some point on its commands are
discarded, and awaiting their results never ends, which costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.context.commands import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken._core import Failure

__all__ = ["DISCARDED_COMMANDS"]


class _DiscardedCommands(Commands):
    """Discards every command."""

    __slots__ = ()

    def run(self, name: str) -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def propose_run_value(self, handle: int, value: bytes) -> None:
        """Discard."""

    def sleep(self, wake_up_time_ms: int, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def timer(self, wake_up_time_ms: int, name: str = "") -> tuple[int, int]:
        """Discard, and return the handle of a result that never comes."""
        return 0, 0

    def awakeable(self) -> tuple[str, int]:
        """Discard, and return the handle of a result that never comes."""
        return "", 0

    def signal(self, name: str) -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        """Discard."""

    def reject_awakeable(self, awakeable_id: str, failure: Failure, name: str = "") -> None:
        """Discard."""

    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None:
        """Discard."""

    def reject_signal(self, invocation_id: str, signal_name: str, failure: Failure, name: str = "") -> None:
        """Discard."""

    def cancel_invocation(self, invocation_id: str, name: str = "") -> None:
        """Discard."""

    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def get_state_keys(self, name: str = "") -> list[str] | int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def set_state(self, key: str, value: bytes, name: str = "") -> None:
        """Discard."""

    def clear_state(self, key: str, name: str = "") -> None:
        """Discard."""

    def clear_all_state(self, name: str = "") -> None:
        """Discard."""

    def get_promise(self, key: str, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def peek_promise(self, key: str, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def resolve_promise(self, key: str, value: bytes, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def reject_promise(self, key: str, failure: Failure, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

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
        """Discard, and return the handle of a result that never comes."""
        return 0, 0

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
        """Discard, and return the handle of a result that never comes."""
        return 0

    def attach_invocation(self, invocation_id: str, name: str = "") -> int:
        """Discard, and return the handle of a result that never comes."""
        return 0

    def succeed(self, value: bytes) -> None:
        """Discard."""


DISCARDED_COMMANDS: Final = _DiscardedCommands()
