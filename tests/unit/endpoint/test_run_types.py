"""What a run's result is read as: the type its function declares, however the function is wrapped."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine  # noqa: TC003  # evaluated by what is tested
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import awaken
import pytest
from awaken.handler.signatures import return_type_of
from awaken.serde import DefaultSerde

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from tests.unit.endpoint.world import World


@dataclass
class Book:
    title: str


class Poem:
    pass


@dataclass
class Film:
    title: str


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@logged
def book() -> Book:
    return Book("Emma")


@logged
def film() -> Film:
    return Film("Emma")


@logged
@logged
async def awaited_film() -> Film:
    return Film("Emma")


def titled(title: str) -> Film:
    return Film(title)


def promised() -> Awaitable[Film]:
    return awaited_film()  # type: ignore[no-any-return]


def promised_coroutine() -> Coroutine[Any, Any, Film]:
    return awaited_film()  # type: ignore[no-any-return]


class Studio:
    def __call__(self) -> Film:
        return Film("Emma")

    def release(self) -> Film:
        return self()


class AsyncStudio:
    async def __call__(self) -> Film:
        return Film("Emma")


def local() -> Callable[[], Any]:
    @dataclass
    class Local:
        title: str

    def make() -> Local:
        return Local("Emma")

    return make


def for_checkers() -> World:
    return {"title": "Emma"}  # type: ignore[return-value]


def described() -> "the film of the book":  # type: ignore[valid-type] # noqa: F722
    return {"title": "Emma"}


def twin_in_another_module(result_type: type) -> Callable[[], Any]:
    """Return a function whose code is equal to that of every other twin, with globals of its own."""
    text = "from __future__ import annotations\ndef make() -> Result: return Result('Emma')"
    names: dict[str, Any] = {"Result": result_type, "__name__": f"makes_{result_type.__name__}"}
    exec(compile(text, "twin.py", "exec"), names)
    return names["make"]  # type: ignore[no-any-return]


async def type_read(action: Any, *args: Any) -> str:
    """Return the name of the type that a recorded result is read as."""
    service = awaken.Service("S")

    @service.handler()
    async def h(ctx: awaken.Context) -> str:
        return type(await ctx.run_typed("make", action, awaken.RunOptions(), *args)).__name__

    call = Call(service, "h")
    journal = frames.run_command(1, "make"), frames.run_completion(1, b'{"title": "Emma"}')
    call.send(frames.request(b"", *journal))
    await call.until_ended()
    output = frames.fields(frames.read(call.exchange.body)[0].payload)
    return str(frames.fields(output[14])[1], "ascii").strip('"')  # type: ignore[arg-type]


async def test_decorated_functions_have_types_of_their_own() -> None:
    assert [await type_read(action) for action in (book, film, awaited_film, book)] == [
        "Book",
        "Film",
        "Film",
        "Book",
    ]


async def test_functions_with_equal_code_have_types_of_their_own() -> None:
    one, other = twin_in_another_module(Book), twin_in_another_module(Film)
    assert one.__code__ == other.__code__
    assert [await type_read(action) for action in (one, other, one)] == ["Book", "Film", "Book"]


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(functools.partial(titled, "Emma"), id="partial"),
        pytest.param(functools.partial(functools.partial(titled), title="Emma"), id="partial of a partial"),
        pytest.param(functools.partial(awaited_film), id="partial of a coroutine function"),
        pytest.param(Studio(), id="object"),
        pytest.param(AsyncStudio(), id="async object"),
        pytest.param(Studio().release, id="method"),
        pytest.param(logged(Studio().release), id="decorated method"),
        pytest.param(promised, id="function that returns an awaitable"),
        pytest.param(promised_coroutine, id="function that returns a coroutine"),
        pytest.param(functools.lru_cache(film), id="cached function"),
    ],
)
async def test_what_can_be_called_has_the_type_it_declares(action: Any) -> None:
    assert await type_read(action) == "Film"


async def test_class_gives_its_own_type() -> None:
    assert await type_read(Film, "Emma") == "Film"


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(local(), id="type of a local scope"),
        pytest.param(for_checkers, id="type for checkers alone"),
        pytest.param(described, id="text that is not a type"),
        pytest.param(lambda: None, id="lambda"),
        pytest.param(dict, id="builtin"),
    ],
)
async def test_type_that_is_not_known_leaves_the_value_as_it_is(action: Any) -> None:
    assert await type_read(action) == "dict"


def test_type_parameter_of_one_function_is_no_type_of_another() -> None:
    def poem() -> Poem:
        raise NotImplementedError

    def plain() -> Poem:
        raise NotImplementedError

    generic: Any = poem
    parameter = TypeVar("Poem")  # type: ignore[misc]  # as in `def poem[Poem]() -> Poem`
    generic.__type_params__ = (parameter,)

    assert [return_type_of(each) for each in (generic, plain, generic)] == [parameter, Poem, parameter]


async def test_serde_of_the_options_counts_for_each_run() -> None:
    class Shouting(DefaultSerde[Any]):
        def read(self, buf: bytes, *_: Any, **__: Any) -> Any:
            return buf.decode().upper()

    async def act():  # type: ignore[no-untyped-def]
        return None

    seen: list[Any] = []

    async def handler(ctx: awaken.Context) -> None:
        each = (awaken.RunOptions[Any](), awaken.RunOptions[Any](serde=Shouting()), awaken.RunOptions[Any]())
        seen.extend([await ctx.run_typed("r", act, options) for options in each])

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    runs = [(frames.run_command(each, "r"), frames.run_completion(each, b'"a"')) for each in (1, 2, 3)]
    call.send(frames.request(b"", *(frame for run in runs for frame in run)))
    await call.until_ended()
    assert seen == ["a", '"A"', "a"]


async def test_closures_of_one_function_keep_their_own_result_types() -> None:
    def make(kind: Any) -> Any:
        async def act() -> Any:
            return None

        act.__annotations__["return"] = kind  # as in modules that evaluate annotations
        return act

    seen: list[Any] = []

    async def handler(ctx: awaken.Context) -> None:
        seen.extend([await ctx.run_typed("r", make(kind)) for kind in (set[int], list[int], set[int])])

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    runs = [(frames.run_command(each, "r"), frames.run_completion(each, b"[1]")) for each in (1, 2, 3)]
    call.send(frames.request(b"", *(frame for run in runs for frame in run)))
    await call.until_ended()
    assert seen == [{1}, [1], {1}]
