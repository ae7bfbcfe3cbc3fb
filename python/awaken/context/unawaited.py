"""Helpful errors for a forgotten `await`.

Forgetting an `await` is the most common mistake in a handler. By itself, Python would complain about a class that the
author has never seen, or not complain at all.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Coroutine
from opcode import opmap
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from awaken.errors import UnknownAttributeError, UsageError
from awaken.handler import advice

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Unawaited", "UnawaitedCoroutine", "refuse_attribute"]

T = TypeVar("T")

#: The instruction with which `yield from` gets an iterator.
_YIELD_FROM = opmap.get("GET_YIELD_FROM_ITER")


class Unawaited:
    """Raises an error that points out the missing `await` when a durable result is used like its value."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        raise NotImplementedError

    if TYPE_CHECKING:

        def __await__(self) -> Generator[Any, None, Any]: ...

    def _give_up(self) -> None:
        """Note that its misuse is told now."""

    def __iter__(self) -> Generator[Any, None, Any]:
        """Support `yield from` in an `__await__` method. Any other iteration is a forgotten `await`."""
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] != _YIELD_FROM:
            raise UsageError(_describe(self))
        return self.__await__()

    if not TYPE_CHECKING:  # type checkers know the attributes and reject others

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)
            raise UnknownAttributeError(f"{_describe(self)}; its attribute {name!r} was read")


class UnawaitedCoroutine(Unawaited, Coroutine[Any, Any, T]):
    """A coroutine that cannot be taken for its value: `if ctx.approve(...)` without `await` would always be true.

    Args:
        coroutine: does the work, once this is awaited, or made a task.
        subject: describes it, for error texts.
    """

    __slots__ = ("_coroutine", "_subject")

    def __init__(self, coroutine: Coroutine[Any, Any, T], subject: str) -> None:
        self._coroutine = coroutine
        self._subject = subject

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return self._subject

    def __await__(self) -> Generator[Any, Any, T]:
        return (yield from self._coroutine.__await__())  # this frame shows that what is awaited is durable

    def __bool__(self) -> bool:
        raise UsageError(_describe(self))

    def _give_up(self) -> None:
        if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_CREATED:  # and in no task that goes on
            self.close()  # or Python would complain that it was never awaited, as well

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            if name.startswith("cr_") or name in ("__name__", "__qualname__"):
                return getattr(
                    self._coroutine, name
                )  # asyncio shows them of a task, in its repr and its stack
            return super().__getattr__(name)

    def send(self, value: Any) -> Any:
        """Continue it with a value, as for every coroutine."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error in it, as for every coroutine."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End it, as for every coroutine."""
        self._coroutine.close()


def refuse_attribute(owner: object, name: str) -> NoReturn:
    """Raise for an attribute that an awaitable of this package does not have; used as `__getattr__`."""
    kind = type(owner).__name__
    if name.startswith("_"):
        raise AttributeError(f"{kind} has no attribute {name!r}", name=name, obj=owner)
    if kind == "SendHandle":
        hint = f"a send has no result, only an id: {advice.INSTEAD[kind]}"
    elif hasattr(asyncio.Future, name):
        hint = "asyncio takes its durable future, which is its `.future`"
    else:
        import difflib

        known = [each for each in dir(type(owner)) if not each.startswith("_")]
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]}?" if close else advice.AWAIT
    raise UnknownAttributeError(f"{kind} has no {name!r}; {hint}")


def _describe(result: Unawaited) -> str:
    result._give_up()
    return f"{result.subject} was used before it was awaited; {advice.AWAIT}"


def _forbid(name: str) -> None:
    """Make an operation raise the error. Values may support it, and futures never do."""

    def refuse(self: Unawaited, *_: object) -> NoReturn:
        raise UsageError(_describe(self))

    setattr(Unawaited, name, refuse)


# Equality and truth are not among these: libraries compare and test futures.
for _name in (
    *(
        "add",
        "radd",
        "sub",
        "rsub",
        "mul",
        "rmul",
        "truediv",
        "rtruediv",
        "floordiv",
        "rfloordiv",
        "mod",
        "rmod",
    ),
    *("pow", "rpow", "neg", "abs", "and", "rand", "or", "ror", "lt", "le", "gt", "ge"),
    *("int", "float", "index", "getitem", "setitem", "delitem", "contains"),
):
    _forbid(f"__{_name}__")
