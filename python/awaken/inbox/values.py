"""Shows values of journals and states, and encodes new ones: through the application's codec, if it has one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from awaken.approvals import read_answered
from awaken.control.errors import UnavailableError
from awaken.inbox.timeline.values import Shown, ValueKind, show_bytes

if TYPE_CHECKING:
    from awaken.control.operations import Operations

__all__ = ["Values", "are_values_shown"]

#: Set to `off`, it hides all values.
_SETTING: Final = "AWAKEN_INBOX_VALUES"
#: How answers begin that doors of awaken write.
_ENVELOPE: Final = b'{"awaken-approval":'
_OFF: Final = frozenset(("off", "0", "false", "no"))


def are_values_shown() -> bool:
    """Return whether the operator lets pages show values of journals and states."""
    return os.environ.get(_SETTING, "").strip().lower() not in _OFF


class Values:
    """Reads and writes values for people.

    Args:
        operations: of the runtime, which knows the codecs of its applications.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self.are_shown = are_values_shown()

    async def show(self, service: str, value: bytes | Shown | None, size: int) -> Shown:
        """Return a value for people.

        Args:
            service: whose codec it is.
            value: as the runtime stores it; None if it was too large to read.
            size: in bytes, as stored.
        """
        if not self.are_shown:
            return Shown(ValueKind.EMPTY, note=f"Values are not shown here: {_SETTING} is off.")
        if value is None:
            return Shown(ValueKind.LARGE, size=size)
        codec = None if isinstance(value, Shown) or not value else self._operations.codec_of(service)
        if isinstance(value, Shown) or codec is None:
            return value if isinstance(value, Shown) else show_bytes(_without_envelope(value))
        try:
            return show_bytes(_without_envelope(await (await codec.get()).decode(value)))
        except Exception as error:  # the codec is the application's
            note = f"The application's journal value codec cannot decode it ({type(error).__name__})."
            return Shown(ValueKind.EMPTY, size=size, note=note)

    async def encode(self, service: str, value: bytes) -> bytes:
        """Return a value as the runtime stores it. Raises UnavailableError if the codec fails."""
        codec = self._operations.codec_of(service)
        if codec is None:
            return value
        try:
            return (await codec.get()).encode(value)
        except Exception as error:
            raise UnavailableError(
                f"the application's journal value codec failed, and nothing was changed ({type(error).__name__}: "
                f"{error}); try again later"
            ) from error


def _without_envelope(value: bytes) -> bytes:
    """Return the answer in what a door wrote for an approval: who gave it stands beside it. Other values stay."""
    if not value.startswith(_ENVELOPE):
        return value
    answer = read_answered(value).answer
    return value if answer is None else answer
