"""Lines of steps, whatever names and keys they have."""

from __future__ import annotations

import io

from awaken.hosting.event_lines import EventLines
from awaken.runtime.events import Event, EventKind


def test_a_key_of_megabytes_leaves_a_line() -> None:
    printed = io.StringIO()

    EventLines(printed).note(Event(EventKind.ACCEPTED, "inv_1", f"Warehouse/{'k' * 10_000_000}/reserve"))

    assert len(printed.getvalue()) < 2000
    assert "Warehouse/kkk" in printed.getvalue()
    assert "inv_1" in printed.getvalue()
