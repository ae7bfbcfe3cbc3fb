"""Lines of steps, whatever names and keys they have."""

from __future__ import annotations

import io

from awaken.hosting.event_lines import EventLines
from awaken.runtime.attempt_failure import AttemptFailure
from awaken.runtime.events import Event, EventKind


def test_a_key_of_megabytes_leaves_a_line() -> None:
    printed = io.StringIO()

    EventLines(printed).note(Event(EventKind.ACCEPTED, "inv_1", f"Warehouse/{'k' * 10_000_000}/reserve"))

    assert len(printed.getvalue()) < 2000
    assert "Warehouse/kkk" in printed.getvalue()
    assert "inv_1" in printed.getvalue()


def failed(identifier: str, code: int) -> Event:
    failure = AttemptFailure(code=code, message="recorded sleep, attempted run", reason="RT0016")
    return Event(EventKind.BACKING_OFF, identifier, "Orders/place", "50 ms: it failed", failure=failure)


def test_a_journal_of_older_code_is_explained_once() -> None:
    printed = io.StringIO()
    lines = EventLines(printed, is_code_edited=True)

    for event in (failed("inv_1", 500), failed("inv_1", 570), failed("inv_1", 570), failed("inv_2", 570)):
        lines.note(event)

    advice = [line for line in printed.getvalue().splitlines() if line.startswith("awaken: ")]
    assert len(advice) == 2
    assert "bring the old code back" in advice[0]
    assert advice[0].endswith("awaken invocations kill inv_1 && awaken invocations restart inv_1")


def test_where_versions_have_deployments_nothing_is_explained() -> None:
    printed = io.StringIO()

    EventLines(printed).note(failed("inv_1", 570))

    assert printed.getvalue().count("\n") == 1


def test_commands_that_are_suggested_name_an_admin_api_elsewhere() -> None:
    printed = io.StringIO()
    lines = EventLines(printed, is_code_edited=True)
    lines.admin_option = " --admin http://127.0.0.1:9071"

    lines.note(failed("inv_1", 570))

    assert printed.getvalue().endswith(
        "awaken invocations kill inv_1 --admin http://127.0.0.1:9071 && "
        "awaken invocations restart inv_1 --admin http://127.0.0.1:9071\n"
    )
