"""The state of a virtual object or workflow: key-value pairs that its handlers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.context.futures import OptionalFuture, RestateDurableFuture
from awaken.handler import arguments, values
from awaken.serde.default import DefaultSerde, T

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from awaken.context.driver import Driver
    from awaken.serde import Serde

__all__ = ["KeyValueStore", "StateReader"]


class StateReader:
    """Reads state."""

    __slots__ = ()

    if TYPE_CHECKING:
        _driver: Driver

    def get(
        self,
        name: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
        entry_name: str | None = None,
    ) -> Awaitable[T | None]:
        """Read a value. The result is None if there is no value with this name.

        Args:
            name: name of the value.
            serde: deserializes the value.
            type_hint: the type of the value.
            entry_name: name of the journal entry.
        """
        if type(name) is not str:
            arguments.expect_text(name, "the name of ctx.get")
        serde = values.serde_for(serde, type_hint, f'state "{name}"')
        driver = self._driver
        answer = driver.issue("read state").get_state(name, entry_name or "")
        if isinstance(answer, int):
            return OptionalFuture(driver, answer, serde, f'state "{name}"')
        future: OptionalFuture[T] = OptionalFuture(driver, 0, serde, f'state "{name}"')
        future.settle(answer)
        return future

    def state_keys(self, entry_name: str | None = None) -> Awaitable[list[str]]:
        """Read the names of all values."""
        driver = self._driver
        answer = driver.issue("read state keys").get_state_keys(entry_name or "")
        if isinstance(answer, int):
            return RestateDurableFuture(driver, answer, None, "state keys")
        future: RestateDurableFuture[list[str]] = RestateDurableFuture(driver, 0, None, "state keys")
        future.settle(answer)
        return future


class KeyValueStore(StateReader):
    """Reads and writes state. A write takes effect at once and is not rolled back if the handler fails."""

    __slots__ = ()

    def set(
        self,
        name: str,
        value: T,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        entry_name: str | None = None,
    ) -> None:
        """Write a value."""
        if type(name) is not str:
            arguments.expect_text(name, "the name of ctx.set")
        body = values.write(serde, value, f'state "{name}"')
        self._driver.issue("write state").set_state(name, body, entry_name or "")

    def clear(self, name: str, entry_name: str | None = None) -> None:
        """Remove a value."""
        arguments.expect_text(name, "the name of ctx.clear")
        self._driver.issue("clear state").clear_state(name, entry_name or "")

    def clear_all(self, entry_name: str | None = None) -> None:
        """Remove all values."""
        self._driver.issue("clear all state").clear_all_state(entry_name or "")
