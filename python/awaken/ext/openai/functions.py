"""Tools whose errors do what errors of handlers do: terminal ones end the agent, others are retried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from agents import ModelBehaviorError, default_tool_error_function, function_tool

from awaken.endpoint.culprit import culprit_of
from awaken.errors import TerminalError
from awaken.ext.openai.unwinding import AgentsTerminalException, leaving

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from agents import AgentBase, FunctionTool, RunContextWrapper
    from agents.function_schema import DocstringStyle
    from agents.tool import ToolErrorFunction, ToolFunction
    from agents.util._types import MaybeAwaitable

    from awaken.ext.openai.options import ToolOptions

__all__ = ["durable_function_tool", "propagate_cancellation", "raise_terminal_errors"]

CANCELLED = 409


def raise_terminal_errors(context: RunContextWrapper[Any], error: Exception) -> str:
    """End the agent with the error of a tool. This is the `failure_error_function` of durable tools.

    Only arguments that the model got wrong are reported to it, so that it can correct them.

    Args:
        context: the context of the agent's run.
        error: what the tool raised.

    Raises:
        TerminalError: the error is terminal. It keeps its status code and its metadata.
        Exception: any other error. The invocation is retried; what the journal has is not repeated.
    """
    # One that the tool itself raised, because it runs an agent whose model failed, is terminal.
    if isinstance(error, ModelBehaviorError) and not isinstance(culprit_of(error), TerminalError):
        return f"The tool was not called, because its arguments are not valid. {error}"
    raise leaving(error, context)


def propagate_cancellation(failure_error_function: ToolErrorFunction | None = None) -> ToolErrorFunction:
    """Return a `failure_error_function` that ends the agent if the invocation was cancelled.

    Args:
        failure_error_function: what the model is told of other errors; by default what the framework says.
    """
    report = default_tool_error_function if failure_error_function is None else failure_error_function

    def pass_on_or_report(context: RunContextWrapper[Any], error: Exception) -> MaybeAwaitable[str]:
        culprit = culprit_of(error)
        if isinstance(culprit, TerminalError) and culprit.status_code == CANCELLED:
            raise leaving(error, context)
        return report(context, error)

    return pass_on_or_report


def _raise_all(context: RunContextWrapper[Any], error: Exception) -> str:
    """Do what the framework does without a `failure_error_function`, for errors that it can handle."""
    outcome = leaving(error, context)
    raise error if isinstance(outcome, AgentsTerminalException) else outcome


@overload
def durable_function_tool(
    func: ToolFunction[...],
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = raise_terminal_errors,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], AgentBase], MaybeAwaitable[bool]] = True,
    **options: Unpack[ToolOptions],
) -> FunctionTool: ...


@overload
def durable_function_tool(
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = raise_terminal_errors,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], AgentBase], MaybeAwaitable[bool]] = True,
    **options: Unpack[ToolOptions],
) -> Callable[[ToolFunction[...]], FunctionTool]: ...


def durable_function_tool(
    func: ToolFunction[...] | None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = raise_terminal_errors,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], AgentBase], MaybeAwaitable[bool]] = True,
    **options: Unpack[ToolOptions],
) -> FunctionTool | Callable[[ToolFunction[...]], FunctionTool]:
    """Make a tool of a function, as `agents.function_tool` does, whose errors do what errors of handlers do.

    The function runs in the handler. What must not be repeated by a replay belongs into `restate_context().run_typed`.

    Args:
        func: the function; None to use this as a decorator with arguments.
        name_override: name of the tool, instead of the function's.
        description_override: what the model reads about it, instead of the docstring.
        docstring_style: how the docstring is written; found out if None.
        use_docstring_info: whether the model reads the docstring.
        failure_error_function: what the model is told of an error. By default, terminal errors end the agent and others
            are retried. A cancellation ends the agent in any case. None raises every error.
        strict_mode: whether the model has to keep to the JSON Schema of the arguments.
        is_enabled: whether agents have the tool, or a function that says so.
        **options: others that `agents.function_tool` has, such as `needs_approval`.
    """
    failure = _raise_all if failure_error_function is None else propagate_cancellation(failure_error_function)

    def make(function: ToolFunction[...]) -> FunctionTool:
        return function_tool(
            function,
            name_override=name_override,
            description_override=description_override,
            docstring_style=docstring_style,
            use_docstring_info=use_docstring_info,
            failure_error_function=failure,
            strict_mode=strict_mode,
            is_enabled=is_enabled,
            **options,
        )

    return make if func is None else make(func)
