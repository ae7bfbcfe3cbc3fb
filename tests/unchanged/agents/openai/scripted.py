"""A model whose answers follow from what it is asked, so that it has no memory that a crash could lose."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agents import Model, ModelResponse, Usage
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.items import TResponseOutputItem, TResponseStreamEvent

#: Gets the items of the conversation, and returns what the model answers.
Answer = Callable[[list[Any]], "list[TResponseOutputItem]"]


class ScriptedModel(Model):
    """Answers by a function of the conversation.

    Attributes:
        calls: the conversations so far, one for each call.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.calls: list[list[Any]] = []

    async def get_response(
        self,
        system_instructions: str | None,
        input: str | list[Any],  # noqa: A002  # the framework's name
        *args: Any,
        **kwargs: Any,
    ) -> ModelResponse:
        items = [{"role": "user", "content": input}] if isinstance(input, str) else input
        self.calls.append(list(items))
        return ModelResponse(output=self._answer(items), usage=usage(), response_id=f"resp_{len(items)}")

    def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        raise NotImplementedError


def usage() -> Usage:
    return Usage(
        requests=1,
        input_tokens=10,
        input_tokens_details=InputTokensDetails(cached_tokens=3, cache_write_tokens=0),
        output_tokens=5,
        output_tokens_details=OutputTokensDetails(reasoning_tokens=2),
        total_tokens=15,
    )


def says(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(
        id="msg", type="message", role="assistant", status="completed", content=[part]
    )


def calls(tool: str, call_id: str = "", /, **arguments: Any) -> ResponseFunctionToolCall:
    """Call a tool. The id of each call in a conversation has to differ."""
    return calls_with(tool, json.dumps(arguments), call_id or f"call_{tool}")


def calls_with(tool: str, arguments: str, call_id: str = "call") -> ResponseFunctionToolCall:
    """Call a tool with arguments that need not be JSON."""
    return ResponseFunctionToolCall(
        type="function_call", id=f"fc_{call_id}", call_id=call_id, name=tool, arguments=arguments
    )


def outputs(items: list[Any]) -> list[str]:
    """Return what the tools of the conversation returned. Handoffs look like tools."""
    returned = [item["output"] for item in items if item.get("type") == "function_call_output"]
    texts = [each if isinstance(each, str) else each[0]["text"] for each in returned]
    return [text for text in texts if not text.startswith('{"assistant": ')]


def first_then_report(*tool_calls: TResponseOutputItem) -> Answer:
    """Call tools, and then say what they returned."""
    return lambda items: [says(" | ".join(told))] if (told := outputs(items)) else list(tool_calls)
