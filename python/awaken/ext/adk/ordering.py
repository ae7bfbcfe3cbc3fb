"""The order in which the tools of one turn run."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.adk.agents.invocation_context import InvocationContext

__all__ = ["ToolOrder"]

#: The turns that the current task, or one that started it, runs a tool of.
_within: ContextVar[tuple[_Turn, ...]] = ContextVar("awaken_adk_turns", default=())


class _Turn:
    """The tools that one agent calls at the same time."""

    __slots__ = ("invocation", "lock", "users")

    def __init__(self, invocation: InvocationContext) -> None:
        self.invocation = invocation  # keeps the object alive, so that nothing else has its identity
        self.lock = asyncio.Lock()
        self.users = 0


class ToolOrder:
    """Has the tools of one turn run one after the other, in the order of the model.

    ADK starts a task for each of them. A tool may begin when the one before has its result. One that raises leaves the
    others where they wait: ADK cancels them.
    """

    def __init__(self) -> None:
        self._turns: dict[int, _Turn] = {}
        #: The turns whose lock a task holds, the innermost last; None stands for one that it already held.
        self._holders: dict[asyncio.Task[object], list[_Turn | None]] = {}

    async def begin(self, invocation: InvocationContext) -> None:
        """Wait until a tool may begin; called in its task.

        Args:
            invocation: of the agent that calls the tool.
        """
        turn = self._turns.setdefault(id(invocation), _Turn(invocation))
        task = asyncio.current_task()
        if task is None:
            return
        if turn in _within.get():
            self._hold(task, None)
            return
        turn.users += 1
        try:
            await turn.lock.acquire()
        except BaseException:
            self._leave(turn)
            raise
        _within.set((*_within.get(), turn))
        self._hold(task, turn)

    def end(self) -> None:
        """Let the next tool begin; called in the task of one that has its result."""
        held = self._holders.get(asyncio.current_task())  # type: ignore[arg-type]
        turn = held.pop() if held else None
        if turn is not None:
            turn.lock.release()
            self._leave(turn)

    def _hold(self, task: asyncio.Task[object], turn: _Turn | None) -> None:
        if task not in self._holders:
            self._holders[task] = []
            task.add_done_callback(self._finish)
        self._holders[task].append(turn)

    def _finish(self, task: asyncio.Task[object]) -> None:
        """Let the next tool begin if another plugin kept `end` from being called, but not after an error."""
        for turn in self._holders.pop(task, ()):
            if turn is not None:
                if not task.cancelled() and task.exception() is None:
                    turn.lock.release()
                self._leave(turn)

    def _leave(self, turn: _Turn) -> None:
        turn.users -= 1
        if turn.users == 0:
            self._turns.pop(id(turn.invocation), None)
