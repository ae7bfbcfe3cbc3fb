"""What `DurableRunner.run` changes in the configuration of a run."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

from agents import Model, RunConfig, ToolExecutionConfig

from awaken.ext.openai.models import DurableModelProvider, durable
from awaken.ext.openai.prepare import prepare
from awaken.ext.openai.unwinding import Unwinding, is_cancellation

if TYPE_CHECKING:
    from agents.run import CallModelData, ModelInputData
    from agents.run_config import CallModelInputFilter, ToolErrorFormatter, ToolErrorFormatterArgs

__all__ = ["durable_config"]


def durable_config(config: RunConfig, *, concurrent_tools: bool) -> RunConfig:
    """Return a copy of a configuration whose agents survive crashes. Agents that are tools inherit it.

    - Answers of models are in the journal, whether an agent has the name of a model, or a model.
    - The tools that a model calls together run one after the other, unless more is asked for. A tool that awaits
      something which the journal does not have, such as a response over HTTP, could otherwise overtake another one in a
      replay.
    - A cancellation ends the agent. By default, the framework tells the model that the tool failed.

    Args:
        config: of the user.
        concurrent_tools: whether tools run at the same time if the configuration does not say how many may.
    """
    execution = config.tool_execution or ToolExecutionConfig()
    if execution.max_function_tool_concurrency is None and not concurrent_tools:
        execution = dataclasses.replace(execution, max_function_tool_concurrency=1)
    return dataclasses.replace(
        config,
        model=durable(config.model) if isinstance(config.model, Model) else config.model,
        model_provider=DurableModelProvider(config.model_provider),
        tool_execution=execution,
        tool_error_formatter=_passing_cancellations(config.tool_error_formatter),
        call_model_input_filter=_making_durable(config.call_model_input_filter),
    )


def _passing_cancellations(formatter: ToolErrorFormatter | None) -> ToolErrorFormatter:
    async def format_or_pass(args: ToolErrorFormatterArgs[Any]) -> str | None:
        if args.error is not None and is_cancellation(args.error):
            raise Unwinding(args.error)
        text = None if formatter is None else formatter(args)
        return await text if inspect.isawaitable(text) else text

    return format_or_pass


def _making_durable(model_filter: CallModelInputFilter | None) -> CallModelInputFilter:
    """Return a filter that makes the agent durable whose turn it is.

    It is the one place of the configuration that sees each agent before it is asked for its model.
    """

    async def prepare_agent(data: CallModelData[Any]) -> ModelInputData:
        prepare(data.agent)
        filtered = data.model_data if model_filter is None else model_filter(data)
        return await filtered if inspect.isawaitable(filtered) else filtered

    return prepare_agent
