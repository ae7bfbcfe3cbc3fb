"""What an application is made of: a list of services, and what to write where something else was given."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from awaken.service.definition import Definition

__all__ = ["check_service", "services_of"]


def services_of(services: Any) -> list[Definition]:
    """Return the services that `awaken.app` was given.

    Raises:
        TypeError: this is not a list of services.
        ValueError: the list is empty.
    """
    if isinstance(services, (Definition, ModuleType, str)) or not hasattr(services, "__iter__"):
        what = _describe(services)
        raise TypeError(
            f"awaken.app takes a list of services, not {what}; write awaken.app([{_example(services)}])"
        )
    listed = [check_service(one) for one in services]
    if not listed:
        raise ValueError(
            "awaken.app got no services, so there is nothing to serve; write awaken.app([service]) with those you "
            "declared"
        )
    return listed


def check_service(service: Any) -> Definition:
    """Return a service.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(service, Definition):
        raise TypeError(
            f"{_describe(service)} is not a service, virtual object or workflow; write "
            f"awaken.app([{_example(service)}])"
        )
    return service


def _describe(value: Any) -> str:
    if isinstance(value, Definition):
        return f"the one service {value.name}"
    if isinstance(value, ModuleType):
        return f"the module {value.__name__}"
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {getattr(value, '__name__', value)}"
    return f"a {type(value).__name__}"


def _example(value: Any) -> str:
    """Return what belongs into the list instead."""
    if isinstance(value, ModuleType):
        names = [
            f"{value.__name__}.{name}" for name, one in vars(value).items() if isinstance(one, Definition)
        ]
        if names:
            return ", ".join(names)
    return "service"
