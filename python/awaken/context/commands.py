"""The receiver of a handler's commands: the machine of its attempt, or something in front of it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken._core import Failure

__all__ = ["Commands"]


class Commands(Protocol):
    """The commands of `EndpointMachine`, with its signatures, and the values with which runs and handlers end.

    An int that a command returns is the handle of its result. `name` is the name of the journal entry.
    """

    __slots__ = ()

    @abstractmethod
    def run(self, name: str) -> int:
        """Ask for a run; its completion is the handle's result."""
        ...

    @abstractmethod
    def propose_run_value(self, handle: int, value: bytes) -> None:
        """Propose the result of a run that was executed."""
        ...

    @abstractmethod
    def sleep(self, wake_up_time_ms: int, name: str = "") -> int:
        """Start a timer."""
        ...

    @abstractmethod
    def timer(self, wake_up_time_ms: int, name: str = "") -> tuple[int, int]:
        """Start a timer; return its handle, and the time that counts: on replay the recorded one."""
        ...

    @abstractmethod
    def awakeable(self) -> tuple[str, int]:
        """Create an awakeable; return its id and its handle."""
        ...

    @abstractmethod
    def signal(self, name: str) -> int:
        """Await a signal by its name."""
        ...

    @abstractmethod
    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        """Complete an awakeable with a value."""
        ...

    @abstractmethod
    def reject_awakeable(self, awakeable_id: str, failure: Failure, name: str = "") -> None:
        """Complete an awakeable with a failure."""
        ...

    @abstractmethod
    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None:
        """Send a signal with a value."""
        ...

    @abstractmethod
    def reject_signal(self, invocation_id: str, signal_name: str, failure: Failure, name: str = "") -> None:
        """Send a signal with a failure."""
        ...

    @abstractmethod
    def cancel_invocation(self, invocation_id: str, name: str = "") -> None:
        """Cancel an invocation."""
        ...

    @abstractmethod
    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        """Read state; return the value, None when there is none, or the handle of a lazy read."""
        ...

    @abstractmethod
    def get_state_keys(self, name: str = "") -> list[str] | int:
        """List the keys of the state; return them, or the handle of a lazy read."""
        ...

    @abstractmethod
    def set_state(self, key: str, value: bytes, name: str = "") -> None:
        """Write state."""
        ...

    @abstractmethod
    def clear_state(self, key: str, name: str = "") -> None:
        """Remove state."""
        ...

    @abstractmethod
    def clear_all_state(self, name: str = "") -> None:
        """Remove all state of the key."""
        ...

    @abstractmethod
    def get_promise(self, key: str, name: str = "") -> int:
        """Await a promise."""
        ...

    @abstractmethod
    def peek_promise(self, key: str, name: str = "") -> int:
        """Read a promise, completed or not."""
        ...

    @abstractmethod
    def resolve_promise(self, key: str, value: bytes, name: str = "") -> int:
        """Complete a promise with a value."""
        ...

    @abstractmethod
    def reject_promise(self, key: str, failure: Failure, name: str = "") -> int:
        """Complete a promise with a failure."""
        ...

    @abstractmethod
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
        """Call a handler; return the handles of the invocation's id and of its result."""
        ...

    @abstractmethod
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
        """Start a handler; return the handle of the invocation's id."""
        ...

    @abstractmethod
    def attach_invocation(self, invocation_id: str, name: str = "") -> int:
        """Await the result of an invocation."""
        ...

    @abstractmethod
    def succeed(self, value: bytes) -> None:
        """End the invocation with the handler's result."""
        ...
