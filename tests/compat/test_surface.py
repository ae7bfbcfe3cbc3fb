"""Every name, parameter and default of the official SDK is here, or listed with the reason why not."""

from __future__ import annotations

import importlib
import inspect
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import restate
import restate.exceptions
import restate.serde

from tests.compat.differences import MADE_BY_THE_SDK, MISSING_MODULES, MISSING_NAMES, USED_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULES = (
    *("asyncio", "client", "client_types", "connection", "context", "endpoint", "entry_codec", "exceptions"),
    *(
        "extensions",
        "handler",
        "logging",
        "object",
        "retry_policy",
        "serde",
        "server_context",
        "server_types",
    ),
    *("service", "types", "vm", "workflow"),
)
SHARED = sorted(set(restate.__all__) - set(MISSING_NAMES))


def test_every_name_is_there_or_listed() -> None:
    missing = {name for name in restate.__all__ if not hasattr(awaken, name)}

    assert missing == set(MISSING_NAMES)
    assert set(SHARED) <= set(awaken.__all__) | set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_submodule_is_an_attribute_and_has_its_names(module: str) -> None:
    official = importlib.import_module(f"restate.{module}")
    if module in MISSING_MODULES:
        assert not hasattr(awaken, module)
        return
    ours = importlib.import_module(f"awaken.{module}")
    needed = USED_NAMES.get(module, frozenset(own_names(official)))

    assert getattr(awaken, module) is ours
    assert {name for name in needed if not hasattr(ours, name)} == set()


def own_names(module: Any) -> Iterator[str]:
    for name, value in vars(module).items():
        is_type_variable = type(value).__name__ == "TypeVar"
        is_own = getattr(value, "__module__", None) == module.__name__
        if is_own and not name.startswith("_") and not is_type_variable:
            yield name


def callables() -> Iterator[tuple[str, Any, Any]]:
    """Return what applications call: functions, constructors and methods."""
    for name in SHARED:
        official, ours = getattr(restate, name), getattr(awaken, name)
        if inspect.isclass(official):
            if name not in MADE_BY_THE_SDK:
                yield name, official, ours
            for method, value in inspect.getmembers(official, inspect.isfunction):
                if not method.startswith("_"):
                    yield f"{name}.{method}", value, getattr(ours, method, None)
        elif inspect.isfunction(official):
            yield name, official, ours
    for name in ("Serde", "BytesSerde", "JsonSerde", "DefaultSerde", "PydanticJsonSerde", "MsgspecJsonSerde"):
        yield f"serde.{name}", getattr(restate.serde, name), getattr(awaken.serde, name)
    yield "RetryableError", restate.exceptions.RetryableError, awaken.exceptions.RetryableError
    yield "Endpoint.bind", restate.endpoint.Endpoint.bind, awaken.Endpoint.bind


CALLABLES = list(callables())


@pytest.mark.parametrize(("name", "official", "ours"), CALLABLES, ids=[name for name, _, _ in CALLABLES])
def test_parameters_are_the_same_and_what_is_added_is_optional(
    name: str, official: Callable[..., Any], ours: Callable[..., Any] | None
) -> None:
    assert ours is not None, f"{name} is missing"
    theirs_, ours_ = parameters(official), parameters(ours)

    assert [facts(parameter) for parameter in ours_[: len(theirs_)]] == [facts(p) for p in theirs_]
    for parameter in ours_[len(theirs_) :]:
        assert parameter.default is not parameter.empty, f"{name} needs {parameter.name}"


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    found = inspect.signature(function).parameters.values()
    return [parameter for parameter in found if parameter.name != "self"]


def facts(parameter: inspect.Parameter) -> tuple[object, ...]:
    """Return name, kind and default; the name of `*args` means nothing, and defaults may be objects of each SDK."""
    is_variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    default = parameter.default
    is_plain = default is None or isinstance(default, (str, int, float, timedelta))
    shown = default if is_plain else "none" if default is parameter.empty else "an object"
    return ("" if is_variadic else parameter.name, parameter.kind, shown)


@pytest.mark.parametrize(
    "name",
    [
        "TerminalError",
        "RetryableError",
        "SdkInternalBaseException",
        "SuspendedException",
        "SdkInternalException",
    ],
)
def test_exceptions_have_the_same_bases(name: str) -> None:
    official, ours = getattr(restate.exceptions, name), getattr(awaken.exceptions, name)

    theirs = {base.__name__ for base in official.__mro__}
    assert theirs <= {base.__name__ for base in ours.__mro__}
