"""What may watch attempts, such as a tracer. Attempts that are not watched pay nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager

    from awaken._core import Input
    from awaken.context.commands import Commands

__all__ = ["AttemptObserver", "run_within"]

P = ParamSpec("P")


class AttemptObserver(Protocol):
    """Watches one attempt. Must not raise."""

    def around_handler(self, request: Input) -> AbstractContextManager[object]:
        """Return the context in which the handler runs; it exits when the attempt is over."""
        ...

    def around_run(self, name: str) -> AbstractContextManager[object]:
        """Return the context in which the closure of a run executes."""
        ...

    def note_failure(self, error: BaseException, run: str | None) -> None:
        """Note what ended the attempt, or what the closure of this run raised, while its context is entered."""
        ...

    def commands(self, inner: Commands) -> Commands:
        """Return what takes the commands of the handler and passes them on."""
        ...


async def run_within(
    scope: AbstractContextManager[object],
    function: Callable[P, Awaitable[None]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Call a function and await its result, in a context that an observer returned."""
    with scope:
        await function(*args, **kwargs)
