"""A chat model whose every call is a run, for the calls that no agent makes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from langchain.agents.middleware.types import ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableBinding

from awaken.context.runs import RunOptions
from awaken.errors import UsageError
from awaken.ext.contexts import is_in_run, restate_context
from awaken.ext.langchain.model_response import ModelResponseSerde
from awaken.ext.langchain.tracing import trace_without_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

__all__ = ["DurableChatModel"]


class DurableChatModel(BaseChatModel):
    """Makes each call of another model a run, so that a replay does not call it again.

    `RestateMiddleware` does this for the model of an agent. This is for models that something else calls in a handler:
    middleware that summarizes, a node of a graph, a chain, the handler itself.

        SummarizationMiddleware(DurableChatModel(model=ChatOpenAI(...)))

    It has no streams of its own: who streams it gets the answer as a whole. Inside of a run it just calls the model.
    """

    #: The model to call.
    model: BaseChatModel
    #: How often, how fast and how long a failing call is retried. Their serde and type hint are not used.
    run_options: Any = None
    #: The name of the runs.
    run_name: str = "LLM call"

    def model_post_init(self, context: Any, /) -> None:
        """Prepare the process for traces in handlers."""
        super().model_post_init(context)
        trace_without_threads()

    @property
    def _llm_type(self) -> str:
        return f"durable-{self.model._llm_type}"

    def _resolve_model_profile(self) -> Any:
        return self.model.profile

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return self.model._get_ls_params(stop, **kwargs)

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools as the model does.

        Raises:
            UsageError: the model binds tools in a way that cannot be repeated here.
        """
        bound = self.model.bind_tools(tools, **kwargs)
        if not isinstance(bound, RunnableBinding) or bound.bound is not self.model:
            raise UsageError(
                f"{type(self.model).__name__}.bind_tools returned a {type(bound).__name__}, which cannot be made "
                "durable; give the model to an agent with RestateMiddleware instead"
            )
        return self.bind(**bound.kwargs)

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, *_: Any, **kwargs: Any
    ) -> ChatResult:
        kwargs.pop("run_manager", None)

        async def call_model() -> ModelResponse[Any]:
            return ModelResponse([await self.model.ainvoke(messages, stop=stop, **kwargs)])

        if is_in_run():
            response = await call_model()
        else:
            options = dataclasses.replace(
                self.run_options or RunOptions[Any](), serde=ModelResponseSerde(None), type_hint=None
            )
            response = await restate_context().run_typed(self.run_name, call_model, options)
        return ChatResult(generations=[ChatGeneration(message=message) for message in response.result])

    def _generate(self, *_: Any, **__: Any) -> NoReturn:
        raise UsageError(
            "a DurableChatModel was called by `invoke` or `stream`, which block the event loop that the handler needs; "
            "use `await model.ainvoke(...)`"
        )
