"""What extensions keep with one attempt of a handler, under the name that the official SDK gives this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.errors import DisconnectedException
from awaken.extensions import current_context

if TYPE_CHECKING:
    from awaken.context import Context

__all__ = [
    "DisconnectedException",
    "clear_extension_data",
    "current_context",
    "get_extension_data",
    "set_extension_data",
]


def set_extension_data(ctx: Context, key: str, value: Any) -> None:
    """Keep a value with this attempt of the handler.

    It is gone on the next attempt, and nothing of it is journaled. When the attempt is over, however it ended, a method
    `__close__()` of the value is called.

    Args:
        ctx: of the handler.
        key: name of the value; prefix it with the name of your library.
        value: anything.
    """
    ctx._extension_data()[key] = value


def get_extension_data(ctx: Context, key: str) -> Any:
    """Return a value kept with this attempt, or None."""
    return ctx._extension_data().get(key)


def clear_extension_data(ctx: Context, key: str) -> None:
    """Forget a value, without closing it; a key that is not there is no mistake."""
    ctx._extension_data().pop(key, None)
