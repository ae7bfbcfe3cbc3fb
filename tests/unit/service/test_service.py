"""Declarations keep what they were given, and refuse at once what could only fail later."""

from __future__ import annotations

import functools
import inspect
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Never, NoReturn

import pytest
from awaken.errors import SerdeError, TerminalError
from awaken.handler import handler_from_callable
from awaken.object import VirtualObject
from awaken.retry_policy import InvocationRetryPolicy
from awaken.serde import BytesSerde, DefaultSerde, JsonSerde
from awaken.service import Service
from awaken.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from awaken.context import Context, ObjectContext


@dataclass
class Order:
    item: str
    count: int = 1


class Opaque:
    pass


async def plain(ctx: Context) -> None:
    """Do nothing."""


OPTIONS = [
    "name",
    "description",
    "metadata",
    "inactivity_timeout",
    "abort_timeout",
    "journal_retention",
    "idempotency_retention",
    "enable_lazy_state",
    "state_preload",
    "ingress_private",
    "invocation_retry_policy",
    "invocation_context_managers",
]
HANDLER_OPTIONS = [
    "name",
    "accept",
    "content_type",
    "input_serde",
    "output_serde",
    "metadata",
    "inactivity_timeout",
    "abort_timeout",
    "journal_retention",
    "idempotency_retention",
    "enable_lazy_state",
    "state_preload",
    "ingress_private",
    "invocation_retry_policy",
    "invocation_context_managers",
]


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (Service.__init__, [name for name in OPTIONS if "state" not in name]),
        (VirtualObject.__init__, OPTIONS),
        (Workflow.__init__, OPTIONS),
        (Service.handler, [name for name in HANDLER_OPTIONS if "state" not in name]),
        (VirtualObject.handler, ["name", "kind", *HANDLER_OPTIONS[1:]]),
        (Workflow.handler, HANDLER_OPTIONS),
        (Workflow.main, [n.replace("idempotency", "workflow") for n in HANDLER_OPTIONS]),
    ],
    ids=lambda part: getattr(part, "__qualname__", ""),
)
def test_options_keep_the_order_people_pass_them_in(function: Callable[..., Any], names: list[str]) -> None:
    assert list(inspect.signature(function).parameters)[1:] == names


def test_decorated_function_is_callable_and_leads_to_its_handler() -> None:
    greeter = Service("Greeter", "Says hello.", {"team": "x"})

    @greeter.handler()
    async def greet(ctx: Context, order: Order) -> list[Order]:
        """Greet."""
        return [order]

    handler = handler_from_callable(greet)
    assert handler is greeter.handlers["greet"]
    assert (handler.target, handler.kind, handler.arity) == ("Greeter/greet", None, 2)
    assert handler.service_tag.description == "Says hello."
    assert handler.service_tag.metadata == {"team": "x"}
    assert handler.options.description == "Greet."
    assert handler.io.input_type is Order
    assert handler.io.output_type == list[Order]
    assert handler.input_serde.deserialize(b'{"item": "tea"}') == Order("tea")
    assert greet.__name__ == "greet"
    assert inspect.iscoroutinefunction(greet)


async def test_decorated_function_still_runs_when_it_is_called() -> None:
    service = Service("S")

    @service.handler()
    async def double(ctx: Context, n: int) -> int:
        return 2 * n

    context: Any = None
    assert await double(context, 4) == 8


def test_one_function_can_serve_two_services() -> None:
    first, second = Service("First"), Service("Second")

    a, b = first.handler()(plain), second.handler("other")(plain)

    assert handler_from_callable(a).target == "First/plain"
    assert handler_from_callable(b).target == "Second/other"


def test_kinds_of_handlers() -> None:
    counter, signup = VirtualObject("Counter"), Workflow("Signup")

    counter.handler()(_object_handler("add"))
    counter.handler("peek", "shared")(_object_handler("get"))
    signup.main()(_any("run"))
    signup.handler()(_any("status"))

    kinds = {h.target: h.kind for d in (counter, signup) for h in d.handlers.values()}
    assert kinds == {
        "Counter/add": "exclusive",
        "Counter/peek": "shared",
        "Signup/run": "workflow",
        "Signup/status": "shared",
    }


def test_context_managers_of_the_service_come_first() -> None:
    @asynccontextmanager
    async def outer() -> AsyncIterator[None]:
        yield

    @asynccontextmanager
    async def inner() -> AsyncIterator[None]:
        yield

    service = Service("S", invocation_context_managers=[outer])
    handler = handler_from_callable(service.handler(invocation_context_managers=[inner])(plain))

    assert list(handler.context_managers) == [outer, inner]


def test_given_serde_wins_over_the_annotation() -> None:
    service = Service("S")

    @service.handler(input_serde=BytesSerde(), output_serde=JsonSerde())
    async def handle(ctx: Context, body: Opaque) -> Opaque:
        return body

    io = handler_from_callable(handle).io
    assert isinstance(io.input_serde, BytesSerde)
    assert isinstance(io.output_serde, JsonSerde)
    assert io.accept == io.content_type == "application/json"


def test_bytes_cross_verbatim_with_media_types_to_match() -> None:
    service = Service("S")

    @service.handler()
    async def echo(ctx: Context, body: bytes) -> bytes:
        return body

    @service.handler(accept="image/png", content_type="image/png")
    async def paint(ctx: Context, body: bytes) -> bytes:
        return body

    assert (handler_from_callable(echo).io.accept, handler_from_callable(echo).io.content_type) == (
        "*/*",
        "application/octet-stream",
    )
    assert handler_from_callable(paint).io.accept == "image/png"
    assert handler_from_callable(echo).input_serde.deserialize(b"\xff") == b"\xff"


def test_handler_without_annotations_crosses_plain_json() -> None:
    service = Service("S")

    @service.handler()  # type: ignore[arg-type, untyped-decorator, unused-ignore]
    async def untyped(ctx, arg):  # type: ignore[no-untyped-def]
        return arg

    io = handler_from_callable(untyped).io
    assert io.input_type is None
    assert io.is_output_void
    assert io.input_serde.deserialize(b'{"a": [1]}') == {"a": [1]}


def test_type_defined_further_down_is_resolved_when_it_is_needed() -> None:
    service = Service("S")
    handler = handler_from_callable(service.handler()(_takes_later))
    with pytest.raises(NameError, match=r"S/_takes_later at .*: the type of 'value' cannot be resolved"):
        _ = handler.io

    globals()["Later"] = Order
    try:
        assert handler.input_serde.deserialize(b'{"item": "tea"}') == Order("tea")
    finally:
        del globals()["Later"]


async def _takes_later(ctx: Context, value: list[Later] | Later) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Take what is not defined yet."""


def test_handler_is_not_found_on_other_functions() -> None:
    with pytest.raises(ValueError, match="Handler not found: plain is not decorated"):
        handler_from_callable(plain)


def _sync(ctx: Any) -> int:
    return 1


async def _none() -> None: ...


async def _many(ctx: Any, a: int, b: int) -> None: ...


async def _typed(ctx: Any, a: int, b: int = 2) -> None: ...


async def _star(ctx: Any, *rest: int) -> None: ...


async def _yields(ctx: Any) -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_sync, r"S/_sync at .*test_service.py:\d+ is a plain function; write `async def`"),
        (_none, "a handler takes the context, or the context and one input"),
        (_many, r"takes \(ctx.*Put several inputs into a dataclass"),
        (_typed, r"takes \(ctx, a, b=2\); a handler takes the context"),
        (_star, "a handler takes the context"),
        (_yields, "yields; a handler returns its one result"),
    ],
)
def test_function_that_cannot_be_a_handler_is_refused(function: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Service("S").handler()(function)


def test_partial_and_wrapped_functions_are_handlers() -> None:
    def logged(fn: Any) -> Any:
        @functools.wraps(fn)
        def wrapper(*args: Any) -> Any:
            return fn(*args)

        return wrapper

    service = Service("S")
    service.handler("partial")(functools.partial(_many, b=1))
    service.handler()(logged(plain))

    assert service.handlers["partial"].io.input_type is int
    assert service.handlers["plain"].arity == 1


def test_decorator_without_parentheses_is_explained() -> None:
    bare: Any = Service("S").handler

    with pytest.raises(TypeError, match=r"write `\.handler\(\)` with parentheses above plain"):
        bare(plain)


@pytest.mark.parametrize("name", ["Greeter", "_a", "a.b-c_d", "G2"])
def test_service_name_is_accepted(name: str) -> None:
    assert Service(name).name == name


@pytest.mark.parametrize(
    "name", ["", "_", "1a", "a b", "a/b", "ä", "restateX", "Restate", "openapi", "OpenAPI", None]
)
def test_service_name_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="service name"):
        Workflow(name)


@pytest.mark.parametrize("name", ["a-b", "a.b", "1a", "_", "a b", "ä"])
def test_handler_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a handler name"):
        Service("S").handler(name)(plain)


def test_second_handler_of_a_name_is_refused() -> None:
    service = Service("S")
    service.handler()(plain)

    with pytest.raises(ValueError, match="S already has a handler 'plain'"):
        service.handler()(plain)


def test_second_main_handler_is_refused() -> None:
    workflow = Workflow("W")
    workflow.main()(_any("run"))

    with pytest.raises(ValueError, match="W already has the main handler 'run'"):
        workflow.main()(_any("again"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"state_preload": True, "enable_lazy_state": False}, ValueError, "give state_preload only"),
        ({"state_preload": "key"}, TypeError, "True, False or a list"),
        (
            {"inactivity_timeout": "5"},
            TypeError,
            "inactivity_timeout is '5', of type str; give a datetime.timedelta",
        ),
        ({"inactivity_timeout": True}, TypeError, "inactivity_timeout is True, of type bool"),
        ({"journal_retention": timedelta.max}, ValueError, "which ends after the year 9999"),
        ({"abort_timeout": float("inf")}, ValueError, "abort_timeout is inf seconds"),
        (
            {"invocation_retry_policy": InvocationRetryPolicy(max_interval=timedelta.max)},
            ValueError,
            "invocation_retry_policy: max_interval is datetime.timedelta",
        ),
        (
            {"invocation_retry_policy": InvocationRetryPolicy(initial_interval=timedelta(days=366))},
            ValueError,
            "initial_interval is .*, and servers do not keep a retry for longer than 365 days",
        ),
        ({"abort_timeout": timedelta(seconds=-1)}, ValueError, "abort_timeout is negative"),
        ({"metadata": {"a": 1}}, TypeError, "metadata 'a': 1 is not text"),
        ({"metadata": "a"}, TypeError, "give a dict"),
        ({"ingress_private": "yes"}, TypeError, "give a bool"),
        ({"invocation_retry_policy": 3}, TypeError, "give an InvocationRetryPolicy"),
        (
            {"invocation_retry_policy": InvocationRetryPolicy(max_attempts=-1)},
            ValueError,
            "max_attempts is -1",
        ),
        (
            {"invocation_retry_policy": InvocationRetryPolicy(exponentiation_factor=0)},
            ValueError,
            "above zero",
        ),
        (
            {"invocation_retry_policy": InvocationRetryPolicy(on_max_attempts="stop")},  # type: ignore[arg-type]
            ValueError,
            "'pause' or 'kill'",
        ),
    ],
)
def test_option_no_runtime_would_take_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        VirtualObject("O", **options)
    with pytest.raises(error, match=f"O/add.*{message}"):
        VirtualObject("O").handler(**options)(_object_handler("add"))


@pytest.mark.parametrize("option", [{"accept": "json"}, {"content_type": "text/html; charset=utf-8"}])
def test_media_type_with_another_form_is_refused(option: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="give a media type without parameters"):
        Service("S").handler(**option)(plain)  # type: ignore[arg-type]


def test_public_handler_of_a_private_service_is_refused() -> None:
    with pytest.raises(ValueError, match="ingress_private=False has no effect in a private service"):
        Service("S", ingress_private=True).handler(ingress_private=False)(plain)


def test_kind_of_an_object_handler_is_checked() -> None:
    kind: Any = "workflow"

    with pytest.raises(ValueError, match="give 'exclusive' or 'shared'"):
        VirtualObject("O").handler(kind=kind)


def test_input_that_does_not_fit_raises_serde_error() -> None:
    service = Service("S")

    @service.handler()
    async def handle(ctx: Context, order: Order) -> None: ...

    assert isinstance(handler_from_callable(handle).input_serde, DefaultSerde)
    with pytest.raises(SerdeError, match=r"cannot read Order at \$\.item"):
        handler_from_callable(handle).input_serde.deserialize(b'{"item": 1}')


def _object_handler(name: str) -> Any:
    async def handler(ctx: ObjectContext) -> None: ...

    handler.__name__ = name
    return handler


def _any(name: str) -> Any:
    async def handler(ctx: Any) -> None: ...

    handler.__name__ = name
    return handler


@pytest.mark.parametrize("hint", [NoReturn, Never, None])
async def test_handler_that_never_returns_is_void(hint: Any) -> None:
    service = Service("S")

    async def fail(ctx: Context) -> Any:
        raise TerminalError("always")

    fail.__annotations__["return"] = hint
    service.handler()(fail)

    io = service.handlers["fail"].io
    assert io.is_output_void
    assert io.output_type is None
