"""Numbers and names that whoever completes awakeables and whoever runs handlers have to agree on."""

from __future__ import annotations

from typing import Final

__all__ = ["CANCEL", "FIRST_AWAKEABLE", "OUTCOME_HEADER"]

#: The built-in signal that cancels an invocation.
CANCEL: Final = 1

#: Index of the first awakeable of an invocation; signals below are the runtime's own.
FIRST_AWAKEABLE: Final = 17

#: Header in which the embedded runtime tells what became of a result; a server has none.
OUTCOME_HEADER: Final = "x-awaken-outcome"
