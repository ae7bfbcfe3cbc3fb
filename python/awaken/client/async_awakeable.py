"""An awakeable, seen from outside, on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from awaken.client.building import Builder
    from awaken.client.sending import AsyncSender
    from awaken.serde import Serde

__all__ = ["ClientAwakeable"]

T = TypeVar("T")


class ClientAwakeable(Generic[T]):
    """An awakeable of any invocation; `RestateClient.awakeable` makes one."""

    __slots__ = ("_build", "_sender", "_serde", "_type_hint", "id")

    def __init__(
        self,
        build: Builder,
        sender: AsyncSender,
        awakeable_id: str,
        serde: Serde[T],
        type_hint: type[T] | None,
    ) -> None:
        self._build = build
        self._sender = sender
        self._serde = serde
        self._type_hint = type_hint
        self.id = awakeable_id

    async def resolve(self, value: T) -> None:
        """Give the waiting handler its value; the first outcome counts.

        A server accepts the value whatever becomes of it: it does not tell whether the invocation is there.

        Raises:
            SerdeError: the value is not of the type; nothing is sent.
            HttpError: the runtime refused it.
        """
        await self._sender.send(self._build.resolve(self.id, value, self._serde, self._type_hint))

    async def reject(self, reason: str, code: int = 500) -> None:
        """Give the waiting handler a `TerminalError` with this reason; the first outcome counts.

        Args:
            reason: the message of the error.
            code: of the error. An ingress carries none but 500.

        Raises:
            ValueError: another code; nothing is sent.
            HttpError: the runtime refused it.
        """
        await self._sender.send(self._build.reject(self.id, reason, code))
