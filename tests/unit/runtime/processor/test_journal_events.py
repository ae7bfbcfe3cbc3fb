"""What happened between the entries of journals. The rows are compared with the server's in `tests/unchanged/sql`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from awaken.runtime.attempt_failure import AttemptFailure
from awaken.runtime.clock import SystemClock
from awaken.runtime.store import Store
from awaken.runtime.tables.journal_events import EVENTS, JournalEvents

from tests.unit.runtime.services import ENTERED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.runtime.harness import Harness


def failure(message: str = "no luck", **more: Any) -> AttemptFailure:
    return AttemptFailure(code=500, message=message, reason="RT0007", **more)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "db")
    yield store
    store.close()


def rows(store: Store, columns: str = "kind, event_json") -> list[Any]:
    return store.fetch(f"SELECT {columns} FROM journal_event ORDER BY invocation, number").fetchall()


def append_entry(store: Store, index: int) -> None:
    store.write("INSERT INTO journal VALUES (1, ?, 1024, x'', 0, NULL, NULL)", (index,))


async def test_a_failure_that_repeats_is_noted_once_at_each_entry(store: Store) -> None:
    events = JournalEvents(store, SystemClock())
    append_entry(store, 0)
    for _ in range(3):
        events.add_failure(1, failure())
    append_entry(store, 1)
    events.add_failure(1, failure())
    events.add_failure(1, failure("another"))
    events.add_failure(1, failure())

    assert rows(store, "after_idx, event_json ->> 'error_message'") == [
        (0, "no luck"),
        (1, "no luck"),
        (1, "another"),
        (1, "no luck"),
    ]


async def test_an_event_has_what_the_server_shows(store: Store) -> None:
    events = JournalEvents(store, SystemClock())

    events.add_failure(1, failure("é" * 10_000, stacktrace="t" * 40_000, command_index=2, command_type="Run"))
    events.add_pause(1, None, is_backing_off=True)
    events.add_pause(2, failure())
    events.add_pause(3, None)

    described = {
        "error_code": 500,
        "error_message": "é" * 8_192,
        "error_stacktrace": "t" * 32_768,
        "restate_doc_error_code": "RT0007",
        "related_command_index": 2,
        "related_command_type": "Run",
    }
    plain = {"error_code": 500, "error_message": "no luck", "restate_doc_error_code": "RT0007"}
    assert [(kind, json.loads(event)) for kind, event in rows(store)] == [
        ("TransientError", {"ty": "TransientError", **described}),
        ("Paused", {"ty": "Paused", "last_failure": described}),
        ("Paused", {"ty": "Paused", "last_failure": plain}),
        ("Paused", {"ty": "Paused"}),
    ]


async def test_the_last_events_are_kept(store: Store) -> None:
    events = JournalEvents(store, SystemClock())
    for number in range(EVENTS + 50):
        events.add_failure(1, failure(str(number)))
    events.add_failure(2, failure("other"))

    kept = rows(store, "event_json ->> 'error_message'")
    assert len(kept) == EVENTS + 1
    assert kept[0] == ("50",)
    assert kept[-1] == ("other",)

    events.delete(1)
    assert rows(store, "invocation") == [(2,)]


@pytest.mark.parametrize("damage", [b"\xff", "{", "[]", 5, "[" * 100_000])
async def test_a_damaged_event_keeps_none_from_pausing(store: Store, damage: Any) -> None:
    events = JournalEvents(store, SystemClock())
    events.add_failure(1, failure())
    store.write("UPDATE journal_event SET event_json = ?", (damage,))

    events.add_pause(1, None, is_backing_off=True)

    assert rows(store)[-1] == ("Paused", '{"ty":"Paused"}')


async def test_events_outlive_the_failure_and_go_with_the_journal(harness: Harness) -> None:
    ENTERED.clear()
    invocation_id = await harness.send("Failing/fail_until", 3, idempotency_key="k")
    for attempt in (1, 2):
        await harness.until(partial(has_entered, attempt))
        await harness.until_status(invocation_id, "backing-off")
        harness.advance(1_000)
    assert await harness.result(invocation_id) == "at last"

    texts = [text for (text,) in harness.rows("SELECT event_json ->> 'error_message' FROM journal_event")]
    assert texts == ["ValueError('attempt 1')", "ValueError('attempt 2')"]

    await harness.runtime.purge_journal(invocation_id)
    assert harness.rows("SELECT * FROM journal_event") == []


def has_entered(times: int) -> bool:
    return ENTERED["fail_until"] == times
