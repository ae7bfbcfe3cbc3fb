"""The functions of the server's dialect that SQLite does not have, or has with another meaning, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.runtime.query.kinds import Kind, Type

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FUNCTIONS", "Function", "as_bytes", "as_text", "declare"]


class Function(NamedTuple):
    """A function, as questions see it."""

    function: Callable[..., Any]
    #: Of its result.
    type: Type
    #: Whether it is called with NULL, too.
    takes_null: bool = False
    #: Whether questions may name it; others stand for operators.
    is_public: bool = True


FUNCTIONS: Final[dict[str, Function]] = {}


def declare(
    kind: Kind, *names: str, item: Kind | None = None, takes_null: bool = False, is_public: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function under these names.

    Args:
        kind: of its result.
        names: in SQLite they have `df_` before them.
        item: of a list, the kind of the items.
        takes_null: whether it is called with NULL, too.
        is_public: whether questions may name it.
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            FUNCTIONS[name] = Function(function, Type(kind, item), takes_null, is_public)
        return function

    return add


def as_text(value: Any) -> str:
    """Return an argument as text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def as_bytes(value: Any) -> bytes:
    """Return an argument as bytes."""
    return value if isinstance(value, bytes) else as_text(value).encode()
