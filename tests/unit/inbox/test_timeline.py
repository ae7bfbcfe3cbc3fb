"""The timeline of a journal."""

from __future__ import annotations

import json
from typing import Any

from awaken.inbox.timeline import draw, rows_of
from awaken.links.description import CallbackDescription, describe_callback


def entry(index: int, kind: str, second: int, content: Any = None, name: str = "") -> dict[str, Any]:
    return {
        "index": index,
        "entry_type": kind,
        "name": name,
        "appended_at": f"2026-11-24T20:00:{second:02}Z",
        "entry_lite_json": json.dumps(content),
    }


JOURNAL = [
    entry(0, "Command: Input", 0),
    entry(
        1,
        "Command: Sleep",
        1,
        {"Command": {"Sleep": {"completion_id": 1}}},
        describe_callback(CallbackDescription(17, "ok?", "")),
    ),
    entry(
        2,
        "Command: Call",
        2,
        {"Command": {"Call": {"invocation_id_completion_id": 2, "result_completion_id": 3}}},
    ),
    entry(
        3, "Notification: CallInvocationId", 3, {"Notification": {"Completion": {"X": {"completion_id": 2}}}}
    ),
    entry(
        4,
        "Notification: Call",
        9,
        {"Notification": {"ty": {"Completion": "Call"}, "id": {"CompletionId": 3}}},
    ),
    entry(5, "Notification: Signal", 10, {"Notification": {"Signal": {"id": {"Index": 17}}}}),
]


def test_commands_last_until_their_completions() -> None:
    rows = rows_of(JOURNAL)

    spans = [(row.label, None if row.end is None else row.end - row.start) for row in rows]
    assert spans == [("Input", 0), ("Callback ok?", None), ("Call", 7), ("Signal", 0)]


def test_picture_escapes_names_and_marks_what_waits() -> None:
    evil = entry(6, "Command: Run", 11, {"Command": {"Run": {"completion_id": 4}}}, "<script>")
    rows = rows_of([*JOURNAL, evil])

    picture = draw(rows, failures=[rows[0].start + 5], now=rows[0].start + 20)

    assert "<script" not in picture
    assert picture.count('class="command waiting"') == 2
    assert picture.count("<title>attempt ") == 2


def test_empty_journal_says_so() -> None:
    assert "empty" in draw([], [], 0)


def test_picture_of_the_end_of_a_journal_says_how_much_is_missing() -> None:
    assert "1 entries before these are not shown" in draw(rows_of(JOURNAL[1:]), [], 1e9)
    assert "not shown" not in draw(rows_of(JOURNAL), [], 1e9)
