"""A model without a network: it answers from a script, and notes each call in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.genai import types

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from google.adk.models.llm_request import LlmRequest

#: The file of the calls; the environment variable reaches endpoints in processes of their own.
CALLS = "ADK_CALLS"


def note(*words: Any) -> None:
    """Note that something happened outside of the journal."""
    with Path(os.environ[CALLS]).open("a") as file:
        file.write(json.dumps(words) + "\n")


def notes(path: Path) -> list[list[Any]]:
    """Return what was noted."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def say(text: str, **more: Any) -> LlmResponse:
    """Return an answer of the model."""
    return LlmResponse(content=types.Content(role="model", parts=[types.Part(text=text)]), **more)


def use(*calls: tuple[str, dict[str, Any]], identifier: str | None = None) -> LlmResponse:
    """Return an answer that calls tools."""
    parts = [
        types.Part(function_call=types.FunctionCall(id=identifier, name=name, args=arguments))
        for name, arguments in calls
    ]
    return LlmResponse(content=types.Content(role="model", parts=parts))


class Scripted(BaseLlm):
    """Gives the answer whose number is that of the answers since the last message of the user.

    An answer may be an exception, a list of parts of one, or a function that gets the request.
    """

    model: str = "scripted"
    turns: list[Any] = []  # noqa: RUF012  # a field of pydantic

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        number = answers_since_the_question(llm_request)
        note("model", self.model, number, stream)
        answer = self.turns[min(number, len(self.turns) - 1)]
        if callable(answer):
            answer = answer(llm_request)
        if isinstance(answer, Exception):
            raise answer
        parts: Any = answer if isinstance(answer, list) else [answer]
        for each in parts:
            yield each.model_copy(deep=True)


def answers_since_the_question(request: LlmRequest) -> int:
    count = 0
    for content in reversed(request.contents):
        if content.role == "model":
            count += 1
        elif any(part.text for part in content.parts or ()) and not count_is_of_others(content):
            break
    return count


def count_is_of_others(content: types.Content) -> bool:
    """Tell whether a text of the role of the user reports what other agents said."""
    return any((part.text or "").startswith(("For context:", "[")) for part in content.parts or ())
