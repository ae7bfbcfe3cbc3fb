"""Durable requests to a model."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.wrapper import WrapperModel

from awaken.ext.pydantic.scope import durable_context
from awaken.ext.pydantic.serde import PydanticTypeAdapter
from awaken.ext.pydantic.streamed import StreamedAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pydantic_ai.agent import EventStreamHandler
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.tools import RunContext

    from awaken.context.runs import RunOptions

__all__ = ["RestateModelWrapper"]

RESPONSE: Final = PydanticTypeAdapter(ModelResponse)


class RestateModelWrapper(WrapperModel):
    """A model whose answers are in the journal: a replay takes them from there.

    `RestateAgent` wraps its models itself. Outside of handlers, and inside of runs, this is the wrapped model.

    Args:
        wrapped: the model to ask.
        run_options: how often a failing request is repeated. Its serde and type hint are not used.
        event_stream_handler: receives the events of streaming requests as they arrive, inside of the run: a replay
            does not repeat them.
    """

    def __init__(
        self,
        wrapped: Model,
        run_options: RunOptions[Any],
        event_stream_handler: EventStreamHandler[Any] | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._options = replace(run_options, serde=RESPONSE, type_hint=None)
        self._event_stream_handler = event_stream_handler

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the model in a run named `Model call`.

        Raises:
            TerminalError: the model failed, and the run options or the retry policy of the runtime allow no repetition.
        """
        context = durable_context()
        if context is None:
            return await self.wrapped.request(messages, model_settings, model_request_parameters)
        return await context.run_typed(
            "Model call",
            self.wrapped.request,
            self._options,
            messages,
            model_settings,
            model_request_parameters,
        )

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask the model in a run named `Model stream call`, and return when it has answered.

        The events reach the event stream handler while they arrive. If there is none, what this yields has them: one
        event for each part of the answer, the same in a replay.

        Raises:
            TerminalError: the model failed, and the run options or the retry policy of the runtime allow no repetition.
            UserError: there is an event stream handler, but no run of an agent.
        """
        context = durable_context()
        if context is None:
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                yield stream
            return
        handler = self._event_stream_handler
        if handler is not None and run_context is None:
            raise UserError(
                "a model with an event stream handler was asked outside of a run of an agent, whose context the "
                "handler takes; use agent.run(...), or give the model no handler"
            )

        async def ask() -> ModelResponse:
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                if handler is not None and run_context is not None:
                    await handler(run_context, stream)
                async for _ in stream:  # what the handler has left
                    pass
            return stream.get()

        response = await context.run_typed("Model stream call", ask, self._options)
        yield StreamedAnswer(model_request_parameters, response, has_events=handler is None)

    async def compact_messages(self, *args: Any, **kwargs: Any) -> ModelResponse:
        """Have the model shorten a conversation, in a run named `Compact messages`.

        Raises:
            TerminalError: the model failed, and the run options or the retry policy of the runtime allow no repetition.
        """
        context = durable_context()
        if context is None:
            return await self.wrapped.compact_messages(*args, **kwargs)
        return await context.run_typed(
            "Compact messages", self.wrapped.compact_messages, self._options, *args, **kwargs
        )
