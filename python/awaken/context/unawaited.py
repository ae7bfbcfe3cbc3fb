"""What durable results refuse: to be used like the value that awaiting them gives.

Forgetting an `await` is the most common mistake in a handler. Without this, Python would complain of a class that its
author never wrote, or not at all.
"""

from __future__ import annotations

import asyncio
import difflib
import sys
from opcode import opmap
from typing import TYPE_CHECKING, Any, NoReturn

from awaken.errors import UnknownAttributeError, UsageError
from awaken.handler import advice

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Unawaited", "refuse_attribute"]

#: The instruction by which `yield from` asks for an iterator.
_YIELD_FROM = opmap.get("GET_YIELD_FROM_ITER")


class Unawaited:
    """Names the `await` that is missing where a durable result is used like its value."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """What this is, for error texts."""
        raise NotImplementedError

    if TYPE_CHECKING:

        def __await__(self) -> Generator[Any, None, Any]: ...

    def __iter__(self) -> Generator[Any, None, Any]:
        """Await this by `yield from`, as in an `__await__` of the author's; anything else forgot to await."""
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] != _YIELD_FROM:
            raise UsageError(_describe(self))
        return self.__await__()

    if not TYPE_CHECKING:  # type checkers know the attributes, and refuse others

        def __getattr__(self, name):
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}", name=name, obj=self)
            raise UnknownAttributeError(f"{_describe(self)}; it was asked for its {name!r}")


def refuse_attribute(owner: object, name: str) -> NoReturn:
    """Raise for an attribute that what a handler awaits does not have."""
    kind = type(owner).__name__
    if name.startswith("_"):
        raise AttributeError(f"{kind} has no attribute {name!r}", name=name, obj=owner)
    if kind == "SendHandle":
        told = f"a send has no result, only an id: {advice.INSTEAD[kind]}"
    elif hasattr(asyncio.Future, name):
        told = "asyncio takes its durable future, which is its `.future`"
    else:
        known = [each for each in dir(type(owner)) if not each.startswith("_")]
        close = difflib.get_close_matches(name, known, 1)
        told = f"did you mean {close[0]}?" if close else advice.AWAIT
    raise UnknownAttributeError(f"{kind} has no {name!r}; {told}")


def _describe(result: Unawaited) -> str:
    return f"{result.subject} was used before it was awaited; {advice.AWAIT}"


def _forbid(name: str) -> None:
    """Have an operation that every value may have, and no future, name the `await` that is missing."""

    def refuse(self: Unawaited, *_: object) -> NoReturn:
        raise UsageError(_describe(self))

    setattr(Unawaited, name, refuse)


# Not of these: comparing for equality and asking for truth, which libraries do with futures.
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
