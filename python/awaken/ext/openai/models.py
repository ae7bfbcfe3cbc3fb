"""Models whose answers are in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from agents import Model, ModelProvider, ModelResponse

from awaken.errors import InvocationCancelledError
from awaken.ext.contexts import restate_context
from awaken.ext.openai.mcp_tools import journal_mcp_tools
from awaken.ext.openai.responses import completed_event
from awaken.ext.openai.unwinding import AgentsTerminalException, Unwinding, current_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.items import TResponseStreamEvent

__all__ = ["AgentsTerminalException", "DurableModel", "DurableModelProvider", "durable"]

#: Name of the journal entry, as with the official SDK.
ENTRY = "call LLM"


class DurableModel(Model):
    """A model whose answers are in the journal.

    Outside of `DurableRunner.run`, and in the action of a run, it is the model that it was made of.

    Args:
        model: that answers.
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_model":  # a copy that is being made has nothing yet
            raise AttributeError(name)
        return getattr(self._model, name)

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        """Return the answer of the model, from the journal if it is there."""
        run = current_run()
        if run is None:
            return await self._model.get_response(*args, **kwargs)

        async def ask() -> ModelResponse:
            return await self._model.get_response(*args, **kwargs)

        journal_mcp_tools(kwargs["tools"] if "tools" in kwargs else args[3])
        try:
            return cast("ModelResponse", await restate_context().run_typed(ENTRY, ask, run.options))
        except InvocationCancelledError as error:
            raise Unwinding(error) from None

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        """Yield the whole answer in one event: what the journal has are answers, not their parts."""
        if current_run() is None:
            async for event in self._model.stream_response(*args, **kwargs):
                yield event
        else:
            yield completed_event(await self.get_response(*args, **kwargs))

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    def get_retry_advice(self, request: Any) -> Any:
        """Return what the model says about repeating a request."""
        return self._model.get_retry_advice(request)

    async def _cleanup_on_run_end(self, owner: object) -> None:
        """Let the model release what it has for a run of the framework, which calls this."""
        await self._model._cleanup_on_run_end(owner)


class DurableModelProvider(ModelProvider):
    """Provides the models of another provider, with answers that are in the journal.

    Args:
        provider: that has the models.
    """

    def __init__(self, provider: ModelProvider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_provider":
            raise AttributeError(name)
        return getattr(self._provider, name)

    def get_model(self, model_name: str | None) -> Model:
        """Return the model of a name."""
        return durable(self._provider.get_model(model_name))

    async def aclose(self) -> None:
        """Close the provider."""
        await self._provider.aclose()


def durable(model: Model) -> DurableModel:
    """Return a model whose answers are in the journal, which may be this one."""
    return model if isinstance(model, DurableModel) else DurableModel(model)
