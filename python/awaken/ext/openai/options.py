"""Options that pass through to the framework, for type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents import (
        RunConfig,
        RunContextWrapper,
        RunErrorHandlers,
        RunHooks,
        ToolInputGuardrail,
        ToolOutputGuardrail,
    )
    from agents.memory import Session
    from agents.tool import (
        FunctionToolCustomDataExtractor,
        ToolCaller,
        ToolErrorFunction,
        ToolTimeoutBehavior,
    )

__all__ = ["RunArguments", "ToolOptions"]


class RunArguments(TypedDict, total=False):
    """What `agents.Runner.run` has beside the agent and its input."""

    context: Any
    max_turns: int | None
    hooks: RunHooks[Any] | None
    run_config: RunConfig | dict[str, Any] | None
    error_handlers: RunErrorHandlers[Any] | None
    previous_response_id: str | None
    auto_previous_response_id: bool
    conversation_id: str | None
    session: Session | None


class ToolOptions(TypedDict, total=False):
    """What `agents.function_tool` has, and the official SDK's `durable_function_tool` has not."""

    needs_approval: bool | Callable[[RunContextWrapper[Any], dict[str, Any], str], Awaitable[bool]]
    tool_input_guardrails: list[ToolInputGuardrail[Any]] | None
    tool_output_guardrails: list[ToolOutputGuardrail[Any]] | None
    timeout: float | None
    timeout_behavior: ToolTimeoutBehavior
    timeout_error_function: ToolErrorFunction | None
    defer_loading: bool
    custom_data_extractor: FunctionToolCustomDataExtractor | None
    allowed_callers: list[ToolCaller] | None
    output_type: Any
    output_json_schema: dict[str, Any] | None
