"""What a process remembers of unfinished invocations: which entries its own code recorded, and where.

A journal differs from what the handler does for one of two reasons: the code has changed, or it is not deterministic.
If this process recorded the entry, it is the second one, and the error says so. In development mode it also names the
line that issued the recorded entry.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from awaken.endpoint import code_location

if TYPE_CHECKING:
    from awaken._core import EndpointMachine

__all__ = ["MAX_INVOCATIONS", "MAX_LOCATIONS", "AttemptMemory", "note_location"]

#: How many invocations are remembered, in about 1 MB. The one whose last attempt is the oldest is forgotten first.
MAX_INVOCATIONS: Final = 4096

#: How many locations are remembered of one invocation: those of its first commands.
MAX_LOCATIONS: Final = 1000


def note_location(locations: dict[int, str], machine: EndpointMachine) -> None:
    """Note which line is about to issue the next command.

    Args:
        locations: of the attempt, by command index.
        machine: of the attempt.
    """
    if len(locations) < MAX_LOCATIONS and (location := code_location.caller()) is not None:
        locations[machine.last_command[0] + 1] = str(location)


#: The locations of an invocation of which none are known; never modified.
_NOWHERE: Final[dict[int, str]] = {}


class _Trail(NamedTuple):
    commands: int
    locations: dict[int, str]


class AttemptMemory:
    """Remembers the unfinished invocations of one endpoint."""

    def __init__(self) -> None:
        self._trails: OrderedDict[str, _Trail] = OrderedDict()

    def recall(self, machine: EndpointMachine) -> None:
        """Give the machine of a new attempt what is remembered of its invocation."""
        if self._trails and (trail := self._trails.get(machine.invocation_id)) is not None:
            machine.remember(trail.commands, trail.locations)

    def keep(self, machine: EndpointMachine, locations: dict[int, str] | None) -> None:
        """Remember an attempt that is over, or forget its invocation if that is over as well.

        Args:
            machine: of the attempt.
            locations: where it issued its commands, by command index; None outside of development mode.
        """
        if machine.has_output():
            if self._trails:
                self._trails.pop(machine.invocation_id, None)
            return
        index, kind, _ = machine.last_command
        if not kind:
            return  # before its input
        invocation = machine.invocation_id
        before = self._trails.pop(invocation, None)
        commands = index + 1
        known = _NOWHERE
        if locations:
            # The last location may be that of a command which met another one in the journal.
            known = {at: location for at, location in locations.items() if at < commands}
        if before is not None:
            commands = max(commands, before.commands)
            if before.locations:
                known = {**known, **before.locations}  # what was recorded first is in the journal
        self._trails[invocation] = _Trail(commands, known)
        if len(self._trails) > MAX_INVOCATIONS:
            self._trails.popitem(last=False)
