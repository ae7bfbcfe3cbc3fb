"""An option means the same wherever it is given: each declaration takes it as `Options` has it, and passes it on."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from awaken.handler import handler_from_callable
from awaken.handler.options import Options
from awaken.object import VirtualObject
from awaken.retry_policy import InvocationRetryPolicy
from awaken.service import Service
from awaken.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Callable

#: Each option with a value that no other has.
VALUES: dict[str, Any] = {
    "description": "What it is for.",
    "metadata": {"team": "a"},
    "inactivity_timeout": 1.0,
    "abort_timeout": 2.0,
    "journal_retention": 3.0,
    "idempotency_retention": 4.0,
    "workflow_retention": 5.0,
    "enable_lazy_state": True,
    "state_preload": ["key"],
    "ingress_private": True,
    "invocation_retry_policy": InvocationRetryPolicy(max_attempts=6),
}


async def handle(ctx: Any) -> None: ...


def of_service(kind: Callable[..., Any]) -> Callable[..., Options]:
    return lambda **options: kind("Name", **options).options


def of_handler(kind: Callable[..., Any], decorator: str) -> Callable[..., Options]:
    def read(**options: Any) -> Options:
        declare = getattr(kind("Name"), decorator)
        return handler_from_callable(declare(**options)(handle)).options

    return read


#: What declares, and how to get the options that were given to it.
DECLARATIONS: list[tuple[Callable[..., Any], Callable[..., Options]]] = [
    *((kind, of_service(kind)) for kind in (Service, VirtualObject, Workflow)),
    (Service.handler, of_handler(Service, "handler")),
    (VirtualObject.handler, of_handler(VirtualObject, "handler")),
    (Workflow.main, of_handler(Workflow, "main")),
    (Workflow.handler, of_handler(Workflow, "handler")),
]
GIVEN = [
    pytest.param(declare, read, name, id=f"{declare.__qualname__} {name}")
    for declare, read in DECLARATIONS
    for name in inspect.signature(declare).parameters
    if name in VALUES
]


def test_every_option_has_a_value_here() -> None:
    assert [field.name for field in dataclasses.fields(Options)] == list(VALUES)


@pytest.mark.parametrize(("declare", "read", "name"), GIVEN)
def test_option_is_taken_as_options_declares_it(
    declare: Callable[..., Any], read: Callable[..., Options], name: str
) -> None:
    [field] = [each for each in dataclasses.fields(Options) if each.name == name]
    parameter = inspect.signature(declare).parameters[name]

    assert (parameter.annotation, parameter.default) == (field.type, field.default)


@pytest.mark.parametrize(("declare", "read", "name"), GIVEN)
def test_option_is_passed_on(declare: Callable[..., Any], read: Callable[..., Options], name: str) -> None:
    assert read(**{name: VALUES[name]}) == Options(**{name: VALUES[name]})
