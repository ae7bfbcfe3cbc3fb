"""What an endpoint serves: a list of services, and what to write where something else was given."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

from awaken.endpoint.official import WHAT_TO_IMPORT, is_official
from awaken.service.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_service", "describe", "is_web_application", "services_of"]

#: Packages of web frameworks whose applications are mistaken for durable ones.
_WEB_FRAMEWORKS = ("starlette", "quart")


def services_of(given: Any) -> list[Definition]:
    """Return the services that `awaken.app` was given.

    Raises:
        TypeError: this is not a list of services.
        ValueError: the list is empty.
    """
    if not _is_iterable(given):
        raise TypeError(
            f"awaken.app takes a list of services, not {describe(given)}; write awaken.app([{_example(given)}])"
        )
    services = [check_service(each) for each in given]
    if not services:
        raise ValueError(
            "the list of services is empty, so there is nothing to serve; write awaken.app([service]) with those you "
            "declared"
        )
    return services


def check_service(service: Any) -> Definition:
    """Return a service.

    Raises:
        TypeError: it is something else.
    """
    if is_official(service):
        raise TypeError(f"{describe(service)}, which awaken cannot serve; {WHAT_TO_IMPORT}")
    if not isinstance(service, Definition):
        raise TypeError(
            f"{describe(service)} is not a service, virtual object or workflow; write "
            f"awaken.app([{_example(service)}])"
        )
    return service


def describe(value: Any) -> str:
    """Return what an author gave, for the text of an error."""
    if isinstance(value, Definition):
        return f"the one service {value.name}"
    if is_official(value):
        name = getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__
        return f"{name} of restate-sdk"
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {getattr(value, '__name__', value)}"
    if isinstance(value, (list, tuple)) and any(isinstance(each, Definition) for each in value):
        others = sorted({type(each).__name__ for each in value if not isinstance(each, Definition)})
        if others:
            return f"a {type(value).__name__} with {', '.join(others)} among its services"
    if is_web_application(value):
        return f"a {type(value).__name__} application, not a durable one"
    return f"a {type(value).__name__}"


def is_web_application(value: Any) -> bool:
    """Tell whether this is an application of a web framework."""
    return any(base.__module__.partition(".")[0] in _WEB_FRAMEWORKS for base in type(value).__mro__)


def _is_iterable(value: Any) -> TypeGuard[Iterable[Any]]:
    return hasattr(value, "__iter__") and not isinstance(value, (Definition, ModuleType, str))


def _example(value: Any) -> str:
    """Return what belongs into the list instead."""
    if isinstance(value, ModuleType):
        names = [
            f"{value.__name__}.{name}" for name, each in vars(value).items() if isinstance(each, Definition)
        ]
        if names:
            return ", ".join(names)
    return "service"
