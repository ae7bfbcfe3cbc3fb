"""The model of an agent, with its answers in the journal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from pydantic import PrivateAttr, TypeAdapter

from awaken.ext.adk.identifiers import ids_for_run
from awaken.ext.contexts import restate_context
from awaken.serde import Serde

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from google.adk.models.llm_request import LlmRequest

    from awaken.context.runs import RunOptions
    from awaken.ext.adk.identifiers import Ids

__all__ = ["DurableLlm"]

#: Prefix of the ids that ADK gives to calls of tools, if the model gave none.
CALL_ID_PREFIX = "adk-"


class DurableLlm(BaseLlm):
    """Asks another model in a run named `call LLM`. It is asked for whole answers, not for streams of parts."""

    _inner: BaseLlm = PrivateAttr()
    _options: RunOptions[Any] = PrivateAttr()
    _begin: Callable[[], None] = PrivateAttr()

    @classmethod
    def around(cls, inner: BaseLlm, options: RunOptions[Any], begin: Callable[[], None]) -> DurableLlm:
        """Return a model that asks another one.

        Args:
            inner: the model to ask.
            options: how often a failing call is repeated.
            begin: called when an answer is asked for.
        """
        durable = cls(model=inner.model)
        durable._inner = inner
        durable._options = dataclasses.replace(options, serde=_ResponsesSerde(), type_hint=None)
        durable._begin = begin
        return durable

    @property
    def inner(self) -> BaseLlm:
        """The model that is asked."""
        return self._inner

    if hasattr(BaseLlm, "capabilities"):

        @property
        def capabilities(self) -> Any:
            """What the model that is asked can do."""
            return self._inner.capabilities

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Yield the answer, from the journal if it is there."""
        self._begin()
        context = restate_context()
        inner, ids = self._inner, ids_for_run(context)

        async def ask() -> list[LlmResponse]:
            ids.install()
            responses = await _answers(inner, llm_request)
            for response in responses:
                _identify_calls(response, ids)
            return responses

        for response in await context.run_typed("call LLM", ask, self._options):
            yield response


async def _answers(model: BaseLlm, request: LlmRequest) -> list[LlmResponse]:
    """Ask a model, and return its answer without the parts that led to it."""
    whole: list[LlmResponse] = []
    partial: LlmResponse | None = None
    async for response in model.generate_content_async(request, stream=False):
        if response.partial:
            partial = response
        else:
            whole.append(response)
    if not whole and partial is not None:
        whole.append(partial.model_copy(update={"partial": None}))
    return whole


def _identify_calls(response: LlmResponse, ids: Ids) -> None:
    """Give the calls of tools the ids with which their results are found, so that they are in the journal."""
    for part in (response.content.parts if response.content else None) or ():
        if part.function_call is not None and not part.function_call.id:
            part.function_call.id = f"{CALL_ID_PREFIX}{ids()}"


class _ResponsesSerde(Serde[list[LlmResponse]]):
    """One response as an object, as the official SDK has it; another number of them as a list."""

    _several = TypeAdapter(list[LlmResponse])

    def serialize(self, obj: list[LlmResponse] | None) -> bytes:
        responses = obj or []
        if len(responses) == 1:
            return responses[0].model_dump_json(exclude_none=True).encode()
        return self._several.dump_json(responses, exclude_none=True)

    def deserialize(self, buf: bytes) -> list[LlmResponse]:
        if buf.lstrip().startswith(b"["):
            return self._several.validate_json(buf)
        return [LlmResponse.model_validate_json(buf)]
