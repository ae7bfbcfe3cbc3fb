"""Finds the handler that was declared with a function."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from awaken.errors import UsageError
from awaken.handler.arguments import expect_text
from awaken.handler.handler import Handler, O, ServiceTag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["attach_handler", "handler_from_callable", "keyed_handler", "service_handler"]

_ATTRIBUTE = "_awaken_handler"
_KINDS = {"service": "service", "object": "virtual object", "workflow": "workflow"}


def attach_handler(wrapper: Any, handler: Handler[Any, Any]) -> None:
    """Attach a handler to its function, so that `handler_from_callable` finds it."""
    setattr(wrapper, _ATTRIBUTE, handler)


def handler_from_callable(wrapper: Callable[..., Awaitable[O]]) -> Handler[Any, O]:
    """Return the handler of a decorated function.

    Raises:
        UsageError: the function is not a handler.
    """
    function = wrapper.func if isinstance(wrapper, partial) else wrapper
    handler: Handler[Any, O] | None = getattr(function, _ATTRIBUTE, None)
    if handler is None:
        raise _not_a_handler(function)
    return handler


def service_handler(wrapper: Callable[..., Awaitable[O]], method: str) -> Handler[Any, O]:
    """Return the handler of a decorated function that belongs to a plain service.

    Args:
        wrapper: the function.
        method: the method that was called with it, such as `service_call`, for the error text.

    Raises:
        UsageError: the function is not a handler, or it belongs to a virtual object or workflow.
    """
    handler = handler_from_callable(wrapper)
    kind = handler.service_tag.kind
    if kind != "service":
        raise UsageError(
            f"{handler.target} is a handler of a {_KINDS[kind]}, and {method} gives no key; write "
            f"{method.replace('service', kind)}({handler.fn.__name__}, key, argument)"
        )
    return handler


def keyed_handler(wrapper: Callable[..., Awaitable[O]], key: str, method: str) -> Handler[Any, O]:
    """Return the handler of a decorated function that belongs to a virtual object or workflow.

    Args:
        wrapper: the function.
        key: the key that was given.
        method: the method that was called with it, such as `object_call`, for the error text.

    Raises:
        UsageError: the function is not a handler, it belongs to a plain service, or the key is not a str.
    """
    handler = handler_from_callable(wrapper)
    if handler.service_tag.kind == "service":
        raise UsageError(
            f"{handler.target} is a handler of a plain service, which has no keys; write "
            f"service_{method.rpartition('_')[2]}({handler.fn.__name__}, argument)"
        )
    if type(key) is not str:
        expect_text(key, f"the key of {handler.target} in {method}(handler, key, argument)")
    return handler


def _not_a_handler(given: Any) -> UsageError:
    tag = getattr(given, "service_tag", None)
    if isinstance(tag, ServiceTag):
        names = ", ".join(getattr(given, "handlers", ())) or "it has none"
        return UsageError(
            f"Handler not found: {tag.name} is a {_KINDS[tag.kind]}; pass one of its handlers ({names}), as the "
            "function below its `@...handler()`"
        )
    if not callable(given):
        return UsageError(
            f"Handler not found: a value of type {type(given).__name__} is not a handler; pass the function below its "
            "`@service.handler()`, or name service and handler with `generic_call`"
        )
    name = getattr(given, "__qualname__", None) or repr(given)
    return UsageError(
        f"Handler not found: {name} is not decorated as a handler; pass the function below its "
        "`@service.handler()`, or name service and handler with `generic_call`"
    )
