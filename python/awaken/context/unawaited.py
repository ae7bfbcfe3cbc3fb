"""Helpful errors for a forgotten `await`.

Forgetting an `await` is the most common mistake in a handler. By itself, Python would complain about a class that the
author has never seen, or not complain at all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from opcode import opmap
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from awaken.diagnostics import development
from awaken.errors import UnknownAttributeError, UsageError
from awaken.handler import advice

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import CodeType, FrameType

__all__ = ["Unawaited", "UnawaitedCoroutine", "note_truth", "place_of", "refuse_attribute"]

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
        is_awaited: bool

        def __await__(self) -> Generator[Any, None, Any]: ...

    def __iter__(self) -> Generator[Any, None, Any]:
        """Support `yield from` in an `__await__` method. Any other iteration is a forgotten `await`."""
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] != _YIELD_FROM:
            raise UsageError(_describe(self))
        return self.__await__()

    def __bool__(self) -> bool:
        note_truth(self.subject, is_awaited=self.is_awaited)
        return True

    if not TYPE_CHECKING:  # type checkers know the attributes and reject others

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)
            raise UnknownAttributeError(f"{_describe(self)}; its attribute {name!r} was read")


class UnawaitedCoroutine(Unawaited, Coroutine[Any, Any, T]):
    """A coroutine that cannot be taken for its value: `if ctx.approve(...)` without `await` would always be true.

    Args:
        begin: returns the coroutine that does the work. It is called once this is awaited, or the task of it starts:
            Python would complain of a coroutine that is not awaited, with neither the line nor what it means.
        method: of the context, which returns this; tasks show it.
        subject: describes it, for error texts.
        harm: what does not happen if it is never awaited.
        frame: the frame of the handler that asks for it.
    """

    __slots__ = ("_begin", "_code", "_coroutine", "_instruction", "_method", "_subject", "harm")

    def __init__(
        self,
        begin: Callable[[], Coroutine[Any, Any, T]],
        method: str,
        subject: str,
        harm: str,
        frame: FrameType,
    ) -> None:
        self._begin = begin
        self._coroutine: Coroutine[Any, Any, T] | None = None
        self._method = method
        self._subject = subject
        self.harm = harm
        self._code = frame.f_code
        self._instruction = frame.f_lasti

    @property
    def subject(self) -> str:
        """A description of the result, for error texts."""
        return self._subject

    @property
    def place(self) -> str:
        """Where the handler asked for it, as `file:line`."""
        return place_of(self._code, self._instruction)

    @property
    def has_begun(self) -> bool:
        """Whether it was awaited, or its task has started, or it was closed."""
        return self._coroutine is not None

    def __await__(self) -> Generator[Any, Any, T]:
        return (yield from self._begun().__await__())  # this frame shows that what is awaited is durable

    def __bool__(self) -> bool:
        raise UsageError(_describe(self))

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            if name in ("__name__", "__qualname__"):
                return self._method if name == "__name__" else f"Context.{self._method}"
            if name.startswith("cr_") and self._coroutine is not None:
                return getattr(
                    self._coroutine, name
                )  # asyncio shows them of a task, in its repr and its stack
            return super().__getattr__(name)

    def send(self, value: Any) -> Any:
        """Continue it with a value, as for every coroutine."""
        return self._begun().send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error in it, as for every coroutine."""
        return self._begun().throw(*error)

    def close(self) -> None:
        """End it, as for every coroutine."""
        self._begun().close()

    def _begun(self) -> Coroutine[Any, Any, T]:
        if self._coroutine is None:
            self._coroutine = self._begin()
        return self._coroutine


def note_truth(subject: str, *, is_awaited: bool) -> None:
    """Warn in development mode that a result is tested for its truth before it was awaited: it is always true.

    That is no error, because libraries, and code that may have no future, test futures as well.
    """
    if is_awaited or not development.is_enabled():
        return
    frame = sys._getframe(2)
    development.warn(
        f"the if, and, or or not at this line is always true: {subject} was not awaited. {advice.AWAIT.capitalize()}; "
        "to ask whether there is a future at all, write `is not None`",
        place=place_of(frame.f_code, frame.f_lasti),
    )


def place_of(code: CodeType, instruction: int) -> str:
    """Return the line of an instruction, as `file:line`. Finding it is expensive."""
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            return f"{code.co_filename}:{line}"
    return code.co_filename


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
    return f"{result.subject} was used before it was awaited; {advice.AWAIT}"


def _forbid(name: str) -> None:
    """Make an operation raise the error. Values may support it, and futures never do."""

    def refuse(self: Unawaited, *_: object) -> NoReturn:
        raise UsageError(_describe(self))

    setattr(Unawaited, name, refuse)


# Equality and truth are not among these: libraries compare and test futures. See `note_truth`.
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
