"""An awakeable as seen from outside, on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from awaken.client.async_sender import AsyncSender
    from awaken.client.awakeable_status import AwakeableStatus
    from awaken.client.building import Builder
    from awaken.outcomes import AwakeableOutcome
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

    async def resolve(self, value: T) -> AwakeableOutcome:
        """Give the waiting handler its value; the first outcome counts.

        The embedded runtime says what became of the value. A server only says that it accepted it.

        Raises:
            SerdeError: the value is not of the type; nothing is sent.
            HttpError: the runtime refused the request.
        """
        return await self._sender.send(self._build.resolve(self.id, value, self._serde, self._type_hint))

    async def reject(self, reason: str, code: int = 500) -> AwakeableOutcome:
        """Give the waiting handler a `TerminalError` with this reason; the first outcome counts.

        Args:
            reason: the message of the error.
            code: the code of the error. Over HTTP it can only be 500.

        Raises:
            ValueError: the code is another one; nothing is sent.
            HttpError: the runtime refused the request.
        """
        return await self._sender.send(self._build.reject(self.id, reason, code))

    async def status(self) -> AwakeableStatus:
        """Ask the admin API for the status of the awakeable, which may change at any moment.

        Raises:
            ValueError: the client was opened without an admin address.
            HttpError: the admin API refused the request.
        """
        return await self._sender.send(self._build.status(self.id))
