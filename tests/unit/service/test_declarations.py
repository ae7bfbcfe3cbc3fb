"""Mistakes in declarations are reported at the line that makes them, with what to write instead."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import types
from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import awaken
import pytest
import restate
from awaken.diagnostics import development

from tests import frames
from tests.unit.endpoint.fakes import FakeExchange
from tests.unit.endpoint.test_code_location import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken import WorkflowContext as Flow

CONTEXTS = [
    awaken.Context,
    awaken.ObjectContext,
    awaken.ObjectSharedContext,
    awaken.WorkflowContext,
    awaken.WorkflowSharedContext,
]


class Desk:
    async def sign(self, ctx: awaken.Context) -> None: ...  # sign


async def swapped(name: str, ctx: awaken.Context) -> None: ...  # swapped


async def bare(name: str) -> None: ...  # bare


async def hidden(ctx: Flow) -> None: ...  # hidden


async def unresolvable(ctx: WorkflowContext) -> None:  # type: ignore[name-defined]  # noqa: F821
    ...  # unresolvable


async def other(ctx: functools.partial[None]) -> None: ...


async def plain(ctx: awaken.Context) -> None: ...


def handler_of(annotation: type) -> Any:
    async def handle(ctx: Any) -> None: ...

    handle.__annotations__["ctx"] = annotation
    return handle


def declare(kind: str, annotation: type) -> None:
    handler = handler_of(annotation)
    match kind:
        case "service":
            awaken.Service("S").handler()(handler)
        case "object":
            awaken.VirtualObject("S").handler()(handler)
        case "shared object":
            awaken.VirtualObject("S").handler(kind="shared")(handler)
        case "workflow":
            awaken.Workflow("S").main()(handler)
        case _:
            awaken.Workflow("S").handler()(handler)


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        ("service", {"Context"}),
        ("object", {"Context", "ObjectContext", "ObjectSharedContext"}),
        ("shared object", {"Context", "ObjectContext", "ObjectSharedContext"}),
        ("workflow", {one.__name__ for one in CONTEXTS}),
        ("shared workflow", {one.__name__ for one in CONTEXTS}),
    ],
)
def test_context_has_to_fit_the_service(kind: str, fitting: set[str]) -> None:
    accepted = set()
    for annotation in CONTEXTS:
        try:
            declare(kind, annotation)
        except TypeError as error:
            assert f"takes {annotation.__name__}, and gets " in str(error)  # noqa: PT017
        else:
            accepted.add(annotation.__name__)

    assert accepted == fitting


def test_contexts_that_write_are_contexts_that_read() -> None:
    assert issubclass(awaken.ObjectContext, awaken.ObjectSharedContext)
    assert issubclass(awaken.WorkflowContext, awaken.WorkflowSharedContext)
    assert not issubclass(awaken.ObjectSharedContext, awaken.ObjectContext)
    assert not hasattr(awaken.ObjectSharedContext, "set")


def test_context_that_does_not_fit_is_told_with_what_to_write() -> None:
    async def add(ctx: awaken.ObjectContext, amount: int) -> None: ...  # add

    with pytest.raises(TypeError) as failure:
        awaken.Service("Counter").handler()(add)  # type: ignore[type-var]  # checkers report it as well

    assert str(failure.value) == (
        f"Counter/add at {place_of(add, 'add')} takes ObjectContext, and gets Context, as handlers of this kind do; "
        "write `ctx: Context`, or declare a VirtualObject, which has keys and state"
    )


@pytest.mark.parametrize("handler", [unresolvable])
def test_context_that_is_imported_for_checkers_only_is_known_by_its_name(handler: Any) -> None:
    with pytest.raises(
        TypeError, match=r"takes WorkflowContext, and gets Context, .* declare a Workflow, which"
    ):
        awaken.Service("S").handler()(handler)


@pytest.mark.parametrize("handler", [hidden, other])
def test_annotation_that_cannot_be_understood_is_left_alone(handler: Any) -> None:
    assert awaken.Service("S").handler()(handler)


def test_shared_handler_that_asks_for_writing_is_warned_of_in_development(
    caplog: pytest.LogCaptureFixture,
) -> None:
    declare("shared object", awaken.ObjectContext)
    assert not caplog.messages

    with development.enabled():
        declare("shared object", awaken.ObjectContext)

    [warning] = caplog.messages
    assert warning.endswith(
        "the handler is shared and gets ObjectSharedContext, not ObjectContext: it may not write state"
    )


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (lambda: 5, "S: 5 is not a function; write `.handler()` above an `async def`"),
        (lambda: None, "S: None is not a function; write `.handler()` above an `async def`"),
        (lambda: plain(None), "S: plain(...) is a call; a handler is the function itself"),  # type: ignore[arg-type]
        (lambda: Desk, "S: Desk is a class; a handler is an async function. Write `.handler()` above each"),
        (
            lambda: Desk.sign,
            f"S/sign at {place_of(Desk.sign, 'sign')} takes self; a handler is a function of a module, without a class "
            "around it",
        ),
        (
            lambda: swapped,
            f"S/swapped at {place_of(swapped, 'swapped')} takes the context second; it comes first, then the input",
        ),
        (
            lambda: bare,
            f"S/bare at {place_of(bare, 'bare')} takes name first; the context comes first, then the input: write "
            "`ctx: Context` before it",
        ),
    ],
)
def test_what_is_no_handler_is_told(handler: Callable[[], Any], expected: str) -> None:
    with pytest.raises(TypeError) as failure:
        awaken.Service("S").handler()(handler())

    assert str(failure.value) == expected


@dataclass
class Deps:
    ctx: Any


@dataclass
class Named(Protocol):
    name: str


class Base:
    pass


class Registered(ABC):  # noqa: B024 - contexts are registered below
    pass


Registered.register(awaken.Context)
T = TypeVar("T")


def with_deps(fn: Any) -> Any:
    """Call a function with what is around the context."""

    @functools.wraps(fn)
    async def wrapper(ctx: Any, *inputs: Any) -> Any:
        return await fn(Deps(ctx), *inputs)

    return wrapper


class CallsAnother:
    """An object whose call is decorated."""

    @with_deps
    async def __call__(self, deps: Deps) -> None: ...


def with_signature(fn: Any) -> Any:
    async def wrapper(*args: Any) -> Any:
        return await fn(*args)

    wrapper.__signature__ = inspect.signature(fn)  # type: ignore[attr-defined]
    return wrapper


async def with_deps_first(deps: Deps, order: str) -> str:
    return f"{order} of {type(deps.ctx).__name__}"


async def with_order_only(order: str) -> None: ...


async def with_deps_and_context(deps: Deps, ctx: awaken.Context) -> None: ...


async def with_another_context(ctx: awaken.WorkflowContext) -> None: ...


async def with_name(name: str, deps: Deps, order: str) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [
        with_deps(with_deps_first),
        with_deps(with_order_only),
        with_deps(with_deps_and_context),
        with_deps(with_another_context),
        with_deps(Desk.sign),
        functools.partial(with_deps(with_name), "a"),
        functools.partial(functools.partial(with_deps(with_order_only))),
        with_deps(functools.partial(with_name, "a")),
        CallsAnother(),
        with_signature(with_order_only),
    ],
)
def test_function_below_a_decorator_may_have_any_first_parameter(handler: Any) -> None:
    awaken.Service("S").handler("handle")(handler)


async def test_decorator_may_put_something_around_the_context() -> None:
    place = awaken.Service("S").handler()(with_deps(with_deps_first))

    assert await place(5, "desk") == "desk of int"


@pytest.mark.parametrize(
    "annotation",
    [
        Any,
        object,
        Base,
        Registered,
        Named,
        T,
        Annotated[Any, "c"],
        Annotated[str, "c"],
        str | None,
        "Deps[",
        "Nothing",
    ],
)
def test_context_may_be_annotated_with_what_it_may_be(annotation: Any) -> None:
    async def handle(first: Any, order: str) -> None: ...

    handle.__annotations__["first"] = annotation
    service = awaken.Service("S")
    service.handler()(handle)

    assert list(service.handlers) == ["handle"]


@pytest.mark.parametrize("name", ["ctx", "context", "_", "_unused"])
def test_parameter_named_like_a_context_may_have_any_annotation(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"async def handle({name}: dict, order: str) -> None: ...", scope)

    assert awaken.Service("S").handler()(scope["handle"])


@pytest.mark.parametrize("annotation", [str, int, bytes, dict[str, int], list, Deps, "Deps", "str"])
def test_value_where_the_context_belongs_is_refused(annotation: Any) -> None:
    async def handle(order: Any) -> None: ...

    handle.__annotations__["order"] = annotation

    with pytest.raises(TypeError, match="takes order first; the context comes first, then the input"):
        awaken.Service("S").handler()(handle)
    with pytest.raises(TypeError, match="takes order first"):
        awaken.Service("S").handler("handle")(functools.partial(handle))


def test_bound_method_is_a_handler() -> None:
    service = awaken.Service("S")

    service.handler()(Desk().sign)

    assert list(service.handlers) == ["sign"]


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("shop")
    module.orders = awaken.Service("Orders")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop", module)
    return module


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        (
            lambda shop: shop.orders,
            "awaken.app takes a list of services, not the one service Orders; write awaken.app([service])",
        ),
        (
            lambda shop: shop,
            "awaken.app takes a list of services, not the module shop; write awaken.app([shop.orders])",
        ),
        (
            lambda shop: [shop],
            "the module shop is not a service, virtual object or workflow; write awaken.app([shop.orders])",
        ),
        (lambda _: None, "awaken.app takes a list of services, not a NoneType; write awaken.app([service])"),
        (lambda _: "Orders", "awaken.app takes a list of services, not a str; write awaken.app([service])"),
        (
            lambda _: ["Orders"],
            "a str is not a service, virtual object or workflow; write awaken.app([service])",
        ),
        (
            lambda _: [plain],
            "the function plain is not a service, virtual object or workflow; write awaken.app([service])",
        ),
        (
            lambda _: [awaken.Service],
            "the class Service is not a service, virtual object or workflow; write awaken.app([service])",
        ),
        (
            lambda shop: [[shop.orders]],
            "a list is not a service, virtual object or workflow; write awaken.app([service])",
        ),
        (
            lambda shop: [shop.orders, restate.Service("Bills")],
            "Bills of restate-sdk, which awaken cannot serve; write `import awaken as restate`, and `from awaken.X "
            "import ...`, in the module that makes it",
        ),
    ],
)
def test_application_of_no_services_is_told_what_to_write(
    shop: types.ModuleType, services: Callable[[Any], Any], expected: str
) -> None:
    with pytest.raises(TypeError) as failure:
        awaken.app(services(shop))

    assert str(failure.value) == expected


@pytest.mark.parametrize("nothing", [[], (), iter(())])
def test_application_without_services_is_refused(nothing: Any) -> None:
    with pytest.raises(
        ValueError, match="the list of services is empty, so there is nothing to serve; write"
    ):
        awaken.app(nothing)


def test_services_may_come_from_any_iterable(shop: types.ModuleType) -> None:
    assert set(awaken.app(one for one in [shop.orders]).services) == {"Orders"}


def test_name_is_taken_once(shop: types.ModuleType) -> None:
    with pytest.raises(
        ValueError, match='two services are named "Orders": it is listed twice, leave one out'
    ):
        awaken.app([shop.orders, shop.orders])
    with pytest.raises(ValueError, match='two services are named "Orders"; rename one of them'):
        awaken.app([shop.orders, awaken.Service("Orders")])


async def test_handler_declared_below_the_application_is_served(shop: types.ModuleType) -> None:
    app = awaken.app([shop.orders])

    shop.orders.handler()(plain)

    exchange = FakeExchange("/invoke/Orders/plain", {"content-type": "application/vnd.restate.invocation.v6"})
    app.accept(exchange).receive_data(frames.request())
    for _ in range(100):
        await asyncio.sleep(0)
    assert frames.names(exchange.body) == ["Output", "End"]
