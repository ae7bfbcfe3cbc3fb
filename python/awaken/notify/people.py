"""Where a person or group of an approval is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.approvals.people import GROUP
from awaken.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.approvals import ApprovalMessage

__all__ = ["Groups"]


class Groups:
    """The addresses of groups.

    Args:
        addresses: by the name of the group, with or without `group:` in front.
        notifier: whose they are, for messages.
        example: an address.
    """

    def __init__(self, addresses: Mapping[str, str] | None, notifier: str, example: str) -> None:
        self._addresses = {_key(name): address for name, address in (addresses or {}).items()}
        self._notifier = notifier
        self._example = example

    def resolve(self, message: ApprovalMessage) -> str:
        """Return the person of a message, or the address of the group.

        Raises:
            UsageError: the message is for nobody in particular, or for a group without an address.
        """
        person = message.person.strip()
        if not person:
            raise UsageError(
                f'"{message.title}" is for nobody in particular, so {self._notifier} cannot send it; name approvers, '
                f"or a group: ctx.approve(..., approvers=['{GROUP}finance']) and "
                f"{self._notifier}(..., groups={{'{GROUP}finance': '{self._example}'}})"
            )
        if not person.casefold().startswith(GROUP):
            return person
        address = self._addresses.get(_key(person))
        if address is None:
            known = ", ".join(sorted(self._addresses)) or "none"
            raise UsageError(
                f"{person} has no address (known groups: {known}); give it one: "
                f"{self._notifier}(..., groups={{{person!r}: '{self._example}'}})"
            )
        return address


def _key(name: str) -> str:
    return name.strip().casefold().removeprefix(GROUP)
