"""Models that answer from a script, with Pydantic AI's own test model, and count how often they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: Names and arguments of tools to call.
Calls = Sequence[tuple[str, dict[str, Any]]]
Answer = str | Calls
#: One answer for each request of a conversation; the last one is repeated.
Script = Sequence[Answer | Callable[[list[ModelMessage]], Answer]]
#: So that conversations compare equal.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def scripted(
    *script: Answer | Callable[[list[ModelMessage]], Answer], count: Callable[[], None]
) -> FunctionModel:
    """Return a model that gives these answers, the same for streaming requests.

    Args:
        script: the answers.
        count: called for each request.
    """

    def next_answer(messages: list[ModelMessage]) -> tuple[int, Answer]:
        count()
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        answer = script[min(turn, len(script) - 1)]
        return turn, answer(messages) if callable(answer) else answer

    async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        turn, given = next_answer(messages)
        if isinstance(given, str):
            return ModelResponse(parts=[TextPart(given)], timestamp=LONG_AGO)
        calls = [
            ToolCallPart(name, arguments, tool_call_id=f"{turn}.{index}")
            for index, (name, arguments) in enumerate(given)
        ]
        return ModelResponse(parts=calls, timestamp=LONG_AGO)

    async def stream(
        messages: list[ModelMessage], info: AgentInfo
    ) -> AsyncIterator[str | dict[int, DeltaToolCall]]:
        turn, given = next_answer(messages)
        if isinstance(given, str):
            for word in given.split(" "):
                yield word + " "
            return
        for index, (name, arguments) in enumerate(given):
            yield {index: DeltaToolCall(name, json.dumps(arguments), tool_call_id=f"{turn}.{index}")}

    return FunctionModel(answer, stream_function=stream)


def returned(messages: list[ModelMessage]) -> str:
    """Answer with everything that tools have returned."""
    parts = [part for message in messages for part in message.parts]
    return " | ".join(str(part.content) for part in parts if isinstance(part, ToolReturnPart))
