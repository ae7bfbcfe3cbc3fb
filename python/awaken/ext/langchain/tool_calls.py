"""The tool calls of one attempt: whose turn it is, when they end, and ids of their results that replays repeat.

A model may ask for several tools in one message, and LangGraph runs each of them in a task. They take turns: the
journal has the commands of one tool after those of the one before, as with the official SDK.

Turns go to the tools of one message in the order in which they arrive, which is the order of the message. Those of
other messages, for example of an agent that is a tool of this one, have their own. Tools that do not arrive hold up
nobody: a person may have rejected them, or they were done before an interrupt.

A tool that fails keeps its turn until its task is over. If the task fails too, the graph cancels the tools that wait,
and they must not have begun. If something around it made a message of the error, the next one has its turn.

A cancellation ends the agent, also when middleware around the tools tries again what fails, or tells the model: neither
the tools of that message nor the model are called again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from awaken.errors import InvocationCancelledError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from langchain.tools.tool_node import ToolCallRequest
    from langchain_core.messages import ToolMessage

__all__ = ["ToolCalls"]

T = TypeVar("T")

#: Ids of messages are made from it, the id of the invocation and a number.
NAMESPACE: Final = uuid.UUID("6f1c0a52-5f0f-4b7c-9a54-0d3f4f0c7f1e")


class ToolCalls:
    """The tool calls of one attempt.

    Args:
        invocation_id: of the attempt.
    """

    def __init__(self, invocation_id: str) -> None:
        self._invocation_id = invocation_id
        self._results = 0
        #: By the identity of the message that asks; each keeps its message alive.
        self._batches: dict[int, _Batch] = {}

    async def execute(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
        *,
        in_turn: bool,
    ) -> ToolMessage | Command[Any]:
        """Run a tool.

        Args:
            request: for a tool that the last message of the model asks for.
            handler: runs it.
            in_turn: wait for those before it.

        Raises:
            InvocationCancelledError: this tool, or one beside it, was cancelled before.
        """
        message = _asking(request.state)
        batch = _Batch(message) if message is None else self._batches.setdefault(id(message), _Batch(message))
        batch.users += 1
        try:
            async with batch.turn() if in_turn else nullcontext():
                return await self._execute(batch, request, handler)
        finally:
            batch.users -= 1
            if batch.is_forgettable:
                self._batches.pop(id(message), None)

    def stop_if_cancelled(self, state: Any) -> None:
        """Keep an agent from continuing whose tools were cancelled.

        Raises:
            InvocationCancelledError: a tool was cancelled that the last message of the model asked for.
        """
        batch = self._batches.get(id(_asking(state)))
        if batch is not None and batch.cancellation is not None:
            raise batch.cancellation

    async def _execute(
        self,
        batch: _Batch,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        if batch.cancellation is not None:
            raise batch.cancellation
        self._results += 1
        name = f"{self._invocation_id} {self._results}"
        try:
            result = await handler(request)
        except InvocationCancelledError as error:
            batch.cancellation = error
            raise
        if isinstance(result, Command):
            update = result.update
            if isinstance(update, dict) and isinstance(messages := update.get("messages"), list):
                named = [_with_id(message, f"{name} {place}") for place, message in enumerate(messages)]
                return dataclasses.replace(result, update={**update, "messages": named})
            return result
        return _with_id(result, name)


class _Batch:
    """The tools that one message asks for."""

    def __init__(self, message: AIMessage | None) -> None:
        self.message = message
        self.cancellation: InvocationCancelledError | None = None
        #: Tools that run or wait for their turn.
        self.users = 0
        self._lock = asyncio.Lock()  # it is fair
        self._holder: asyncio.Task[Any] | None = None

    @property
    def is_forgettable(self) -> bool:
        """Whether nobody runs, waits or keeps the turn, and nothing has to be known later."""
        return not self.users and self._holder is None and self.cancellation is None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and hold it. A task that kept its turn after a failure may try again."""
        task = asyncio.current_task()
        if self._holder is not task:
            await self._lock.acquire()
            self._holder = task
        try:
            yield
        except GraphBubbleUp:  # a question of the graph; other tools continue
            self._pass_on()
            raise
        except BaseException:
            if task is not None:
                task.add_done_callback(self._note_end)
            raise
        self._pass_on()

    def _note_end(self, task: asyncio.Task[Any]) -> None:
        if self._holder is task and not task.cancelled() and task.exception() is None:
            self._pass_on()

    def _pass_on(self) -> None:
        self._holder = None
        self._lock.release()


def _asking(state: Any) -> AIMessage | None:
    """Return the last message of the model in the state of a graph."""
    if isinstance(state, list):
        messages = state
    elif isinstance(state, dict):
        messages = state.get("messages", [])
    else:
        messages = getattr(state, "messages", [])
    return next((message for message in reversed(messages) if isinstance(message, AIMessage)), None)


def _with_id(message: T, name: str) -> T:
    """Return a message with an id that this name gives, unless it has one."""
    if not isinstance(message, BaseMessage) or message.id is not None:
        return message
    return message.model_copy(update={"id": str(uuid.uuid5(NAMESPACE, name))})
