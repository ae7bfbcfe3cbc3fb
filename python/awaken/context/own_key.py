"""A call of an exclusive handler to another one of its own key, which waits until the caller has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from awaken.context.futures import RestateDurableCallFuture
from awaken.diagnostics import development

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OwnKeyCallFuture"]

T = TypeVar("T")


class OwnKeyCallFuture(RestateDurableCallFuture[T]):
    """The result of such a call. Nothing is wrong unless the handler waits for it, which is warned of."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, T]:
        self._warn()
        return super().__await__()

    def _watch(self) -> None:
        self._warn()
        super()._watch()

    def _warn(self) -> None:
        development.warn(
            "the handler holds its own key until it ends, so this call has no result as long as the handler waits for "
            "it; send instead, call the function directly with this context, or make one of the two "
            'kind="shared"',
            place=f"{self.subject} in {self._driver.target}",
        )
