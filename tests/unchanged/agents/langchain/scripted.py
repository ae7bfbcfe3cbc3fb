"""A chat model that answers from a script, and notes each call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, ToolCall
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from tests.e2e.services.outside import record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from langchain_core.messages import BaseMessage


class Scripted(BaseChatModel):
    """Gives the answer whose number in the script is that of the model's messages in the conversation.

    So a call that is repeated gets the same answer. An exception in the script is raised, a function is called with the
    conversation.
    """

    script: list[Any]
    #: A file that gets a line `model N` for each call.
    notes: str = ""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Any:
        del tools, options
        return self

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        number = sum(isinstance(message, AIMessage) for message in messages)
        if self.notes:
            record(self.notes, "model", str(number))
        answer = self.script[number]
        if isinstance(answer, Exception):
            raise answer
        message: AIMessage = answer if isinstance(answer, AIMessage) else answer(messages)
        return message.model_copy(deep=True)

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])


class Streamed(Scripted):
    """Streams its answers, text in pieces of a few characters."""

    async def _astream(
        self, messages: list[BaseMessage], *_: Any, **__: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        answer = self._next(messages)
        for place, asked in enumerate(answer.tool_calls):
            chunk = tool_call_chunk(
                name=asked["name"], args=json.dumps(asked["args"]), id=asked["id"], index=place
            )
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))
        text = str(answer.content)
        for start in range(0, len(text), 4):
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + 4]))


def asks(*calls: ToolCall, text: str = "") -> AIMessage:
    """Return an answer of the model that asks for tools."""
    return AIMessage(text, tool_calls=list(calls))


def call(name: str, number: str = "c1", /, **arguments: Any) -> ToolCall:
    """Return a request for a tool."""
    return ToolCall(name=name, args=arguments, id=number, type="tool_call")


def says(text: str, **fields: Any) -> AIMessage:
    """Return an answer of the model in words."""
    return AIMessage(text, **fields)
