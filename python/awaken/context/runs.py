"""Runs: side effects whose results are journaled, so that a replay does not execute them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from awaken.context.durable_future import DurableFuture
from awaken.context.futures import RestateDurableFuture
from awaken.context.run_options import RunOptions

if TYPE_CHECKING:
    from awaken.context.run_action import Run
    from awaken.serde import Serde

__all__ = ["RunFuture", "RunOptions"]

T = TypeVar("T")


class RunFuture(RestateDurableFuture[T]):
    """The result of a run.

    Args:
        run: what to execute if the journal does not have the result yet.
    """

    __slots__ = ("run",)

    is_result = True

    def __init__(self, run: Run) -> None:
        DurableFuture.__init__(
            self, run.driver, run.handle, run.options.serde, run.name
        )  # by name, which costs less than `super()`
        self.run = run

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return self.run.subject

    def _read(self, serde: Serde[Any], data: bytes) -> Any:
        return self.run.read(data)
