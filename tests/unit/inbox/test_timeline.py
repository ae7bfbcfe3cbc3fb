"""The rows of a timeline, from the entries of a journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from awaken._core import format_awakeable_id, parse_invocation_id
from awaken.approvals import Answered, ApprovalFacts, Via, write_answered
from awaken.inbox.timeline.attempts import AttemptEnd, read_attempts, read_awaited, waits_since
from awaken.inbox.timeline.entries import read_entries, read_ms
from awaken.inbox.timeline.picture import WIDTH, draw
from awaken.inbox.timeline.rows import Row, RowState, Surroundings, build_rows
from awaken.inbox.timeline.values import ValueKind, show_bytes, value_of
from awaken.links.description import CallbackDescription, describe_callback

CHILD = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
START_MS = read_ms("2026-11-24T20:00:00Z") or 0
CALLEE = {
    "VirtualObject": {
        "name": "Tally",
        "key": "a/b",
        "handler": "add",
        "handler_ty": "Exclusive",
        "scope": None,
    }
}


def entry(index: int, kind: str, second: int, fields: Any = None, name: str = "") -> dict[str, Any]:
    side, _, short = kind.partition(": ")
    content = {"Command": {short: fields or {}}} if side == "Command" else {"Notification": fields or {}}
    return {
        "index": index,
        "entry_type": kind,
        "name": name,
        "appended_at": f"2026-11-24T20:00:{second:02}.000Z",
        "entry_lite_json": json.dumps(content),
        "raw_length": 10,
    }


def completion(index: int, kind: str, second: int, number: int, result: str = "Success") -> dict[str, Any]:
    told = {"ty": {"Completion": kind}, "id": {"CompletionId": number}, "result": result}
    return entry(index, f"Notification: {kind}", second, told)


def signal(index: int, second: int, number: int | str, result: str = "Success") -> dict[str, Any]:
    name = "SignalIndex" if isinstance(number, int) else "SignalName"
    return entry(
        index, "Notification: Signal", second, {"ty": "Signal", "id": {name: number}, "result": result}
    )


def callback(index: int, second: int, number: int, description: CallbackDescription) -> dict[str, Any]:
    fields = {"wake_up_time": START_MS + 86_400_000, "completion_id": number}
    return entry(index, "Command: Sleep", second, fields, describe_callback(description))


def rows_of(journal: list[dict[str, Any]], around: Surroundings | None = None) -> list[Row]:
    return build_rows(read_entries(journal), [], around or Surroundings())


def spans(rows: list[Row]) -> list[tuple[str, int | None, RowState]]:
    return [
        (
            f"{row.aim.verb} {row.aim.target}".strip(),
            None if row.end_ms is None else (row.end_ms - row.start_ms) // 1000,
            row.state,
        )
        for row in rows
    ]


def test_commands_last_until_their_completions() -> None:
    journal = [
        entry(0, "Command: Input", 0),
        entry(1, "Command: SetState", 0, {"key": "total"}),
        entry(2, "Command: Run", 1, {"completion_id": 1, "name": "pay"}, "pay"),
        completion(3, "Run", 3, 1),
        entry(
            4,
            "Command: Sleep",
            3,
            {"wake_up_time": START_MS + 9000, "completion_id": 2, "name": "rest"},
            "rest",
        ),
        entry(
            5,
            "Command: Call",
            4,
            {
                "invocation_id": CHILD,
                "invocation_target": CALLEE,
                "invocation_id_completion_id": 3,
                "result_completion_id": 4,
            },
        ),
        completion(6, "CallInvocationId", 5, 3, "InvocationId"),
        completion(7, "Call", 11, 4, "Failure"),
    ]

    rows = rows_of(journal)

    assert spans(rows) == [
        ("Start", 0, RowState.DONE),
        ("Set total", 0, RowState.DONE),
        ("Run pay", 2, RowState.DONE),
        ("Sleep rest", None, RowState.WAITING),
        ("Call Tally/a/b/add", 7, RowState.FAILED),
    ]
    assert rows[3].aim.due_ms == START_MS + 9000
    assert rows[4].aim.invocation_id == CHILD
    assert [row.values for row in rows] == [
        (("Input", 0),),
        (("Value", 1),),
        (("Result", 3),),
        (),
        (("Argument", 5), ("Failure", 7)),
    ]


def test_callback_is_one_row_that_ends_with_its_signal() -> None:
    described = CallbackDescription(18, "ok?", "", labels={"team": "red"})
    journal = [
        callback(1, 1, 1, described),
        signal(2, 6, 18),
        entry(3, "Command: Output", 7, {"result": "Success"}),
    ]

    rows = rows_of(journal, Surroundings(ended_ms=START_MS + 60_000))

    assert spans(rows) == [("Callback ok?", 5, RowState.DONE), ("Return", 0, RowState.DONE)]
    assert rows[0].values == (("Answer", 2),)
    assert rows[0].description == described


def test_callback_that_nobody_answered_ends_with_its_timer() -> None:
    journal = [callback(1, 1, 1, CallbackDescription(17, "ok?", "")), completion(2, "Sleep", 9, 1, "Void")]

    assert spans(rows_of(journal)) == [("Callback ok?", 8, RowState.EXPIRED)]


def test_awakeable_waits_from_when_it_is_known_to_be_awaited_to_its_signal() -> None:
    journal = [
        entry(0, "Command: Input", 0),
        entry(1, "Command: SetState", 2, {"key": "id"}),
        signal(2, 9, 17),
    ]

    vague = rows_of(journal)
    known = rows_of(journal, Surroundings(since={17: START_MS + 4000}))
    waiting = rows_of(journal[:2], Surroundings(pending={17: START_MS + 3000}))

    assert spans(vague)[-1] == ("Awakeable 17", 7, RowState.DONE)
    assert vague[-1].is_start_vague
    assert spans(known)[-1] == ("Awakeable 17", 5, RowState.DONE)
    assert not known[-1].is_start_vague
    assert spans(waiting)[-1] == ("Awakeable 17", None, RowState.WAITING)


def test_approval_is_one_row_with_its_answers() -> None:
    facts = ApprovalFacts(3, quorum=2, verdict_field="approved", approvers=("a@x", "b@x"))
    journal = [
        callback(1, 1, 1, CallbackDescription(17, "Pay?", "", approval=facts)),
        signal(2, 3, 17),
        signal(3, 8, 18),
        signal(4, 20, "named"),
    ]
    values = {
        index: write_answered(Answered(b'{"approved": true}', by=person, via=Via.LINK))
        for index, person in ((2, "a@x"), (3, "b@x"))
    }

    undecided = rows_of(journal[:2], Surroundings(values=values))
    decided = rows_of(journal, Surroundings(values=values))

    assert spans(undecided) == [("Approval Pay?", None, RowState.WAITING)]
    assert spans(decided) == [("Approval Pay?", 7, RowState.DONE), ("Signal named", 0, RowState.DONE)]
    assert [answer.by for answer in decided[0].answers] == ["a@x", "b@x"]
    assert (undecided[0].is_approved, decided[0].is_approved) == (None, True)


def test_only_what_is_awaited_waits() -> None:
    journal = [
        entry(1, "Command: Run", 1, {"completion_id": 1}, "slow"),
        entry(2, "Command: GetPromise", 1, {"key": "vehicle", "completion_id": 2}),
    ]
    awaited = read_awaited(
        '{"FirstCompleted":[{"Single":{"SignalIndex":1}},{"Unknown":[{"Single":{"CompletionId":2}}]}]}'
    )

    rows = rows_of(journal, Surroundings(awaited=awaited))
    ended = rows_of(journal, Surroundings(ended_ms=START_MS + 5000, awaited=awaited))

    assert [row.state for row in rows] == [RowState.OPEN, RowState.WAITING]
    assert spans(ended) == [("Run slow", 4, RowState.LEFT), ("Await promise vehicle", 4, RowState.LEFT)]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("SendSignal", {"target_invocation_id": CHILD, "signal_id": {"Index": 1}}, f"Cancel {CHILD}"),
        ("SendSignal", {"target_invocation_id": CHILD, "signal_id": {"Name": "go"}}, f"Signal go of {CHILD}"),
        ("AttachInvocation", {"target": {"InvocationId": CHILD}, "completion_id": 1}, f"Attach to {CHILD}"),
        (
            "GetInvocationOutput",
            {"target": {"Workflow": {"name": "Trip", "key": "rome"}}},
            "Ask for the result of Trip/rome",
        ),
        (
            "CompleteAwakeable",
            {"id": format_awakeable_id(parse_invocation_id(CHILD), 17), "result": "Failure"},
            f"Reject awakeable 17 of {CHILD}",
        ),
        ("CompleteAwakeable", {"id": "<garbage>"}, "Complete <garbage>"),
        ("OneWayCall", {"invocation_target": CALLEE}, "Send Tally/a/b/add"),
        ("CompletePromise", {"key": "vehicle"}, "Complete promise vehicle"),
        ("ClearAllState", {}, "Clear all state"),
        ("FromTheFuture", {"x": 1}, "FromTheFuture"),
    ],
)
def test_rows_say_what_commands_were_aimed_at(kind: str, fields: Any, expected: str) -> None:
    row = rows_of([entry(1, f"Command: {kind}", 1, fields)])[0]

    assert f"{row.aim.verb} {row.aim.target}".strip() == expected


def test_damaged_rows_are_shown_as_far_as_they_can_be() -> None:
    journal: list[dict[str, Any]] = [
        {"index": 0, "entry_type": "Command: Input", "appended_at": "yesterday", "entry_lite_json": "{"},
        {"index": 1, "entry_type": None},
        {"index": 2, "entry_type": "Command: Call", "entry_lite_json": '{"Command": {"Call": [1]}}'},
        {
            "index": 3,
            "entry_type": "Notification: Signal",
            "entry_lite_json": '{"Notification": {"id": {"SignalIndex": []}}}',
        },
        {"entry_type": "Command: Run"},
    ]

    rows = rows_of(journal)

    assert [row.index for row in rows] == [0, 1, 2]


def test_attempts_are_bands_with_their_errors() -> None:
    failure = {
        "ty": "TransientError",
        "error_message": "no\nmore",
        "related_command_type": "Run",
        "related_command_name": "pay",
    }
    awaited = {"FirstCompleted": [{"Single": {"SignalIndex": 1}}, {"Single": {"SignalIndex": 17}}]}
    events = [
        {
            "appended_at": "2026-11-24T20:00:05Z",
            "event_type": "TransientError",
            "event_json": json.dumps(failure),
        },
        {
            "appended_at": "2026-11-24T20:00:08Z",
            "event_type": "Suspended",
            "event_json": json.dumps({"awaiting_on": awaited}),
        },
        {
            "appended_at": "2026-11-24T20:00:09Z",
            "event_type": "Paused",
            "event_json": json.dumps({"last_failure": failure}),
        },
        {"appended_at": "2026-11-24T20:00:10Z", "event_type": "TransientError", "event_json": "[["},
    ]

    attempts = read_attempts(events, START_MS, START_MS + 20_000, "running")

    assert [(one.end, (one.end_ms - one.start_ms) // 1000, one.error) for one in attempts] == [
        (AttemptEnd.FAILED, 5, "no"),
        (AttemptEnd.SUSPENDED, 3, ""),
        (AttemptEnd.PAUSED, 1, "no"),
        (AttemptEnd.FAILED, 1, ""),
        (AttemptEnd.OPEN, 10, ""),
    ]
    assert attempts[0].related == "Run pay"
    assert waits_since(events) == {1: START_MS + 8000, 17: START_MS + 8000}


def test_only_the_last_failure_of_one_that_fails_is_current() -> None:
    event = {"event_type": "TransientError", "event_json": '{"error_message": "no"}'}
    events = [{**event, "appended_at": f"2026-11-24T20:00:0{second}Z"} for second in (3, 6)]
    rows = rows_of([entry(1, "Command: Run", 1, {"completion_id": 1}, "pay")])
    attempts = read_attempts(events, START_MS, START_MS + 9000, "backing-off")

    failing = draw(rows, attempts, START_MS + 9000, is_failing=True)
    recovered = draw(rows, attempts, START_MS + 9000, is_failing=False)

    assert [band.is_current for band in failing.bands] == [False, True]
    assert [band.is_current for band in recovered.bands] == [False, False]
    assert (failing.lines[0].start, failing.lines[0].end, failing.lines[0].took) == (0, WIDTH, "8.0 s")


def test_picture_of_nothing_is_empty() -> None:
    assert draw([], [], START_MS, is_failing=False).lines == []


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (b'{"a":1.10,"b":123456789012345678901234567890}', ValueKind.JSON, '"a": 1.10'),
        (b"plain", ValueKind.TEXT, "plain"),
        (b"\xff\x00", ValueKind.BINARY, "ff 00"),
        (b"a\x00b", ValueKind.BINARY, "61 00 62"),
        (b"", ValueKind.EMPTY, ""),
        (b"x" * 300_000, ValueKind.LARGE, ""),
        (b"[" * 50_000, ValueKind.TEXT, "[[["),
    ],
)
def test_values_are_shown_as_what_they_are(value: bytes, kind: ValueKind, text: str) -> None:
    shown = show_bytes(value)

    assert shown.kind is kind
    assert text in shown.text


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"Command": {"Input": {"headers": [], "payload": [34, 34], "name": ""}}}, b'""'),
        ({"Command": {"Call": {"request": {"invocation_id": "x", "parameter": [49]}}}}, b"1"),
        ({"Command": {"SetState": {"key": "k", "value": [50]}}}, b"2"),
        ({"Notification": {"Completion": {"Run": {"completion_id": 2, "result": {"Success": [51]}}}}}, b"3"),
        ({"Notification": {"Signal": {"id": {"Index": 17}, "result": {"Success": [52]}}}}, b"4"),
        ({"Notification": {"Signal": {"id": {"Index": 17}, "result": "Void"}}}, b""),
        ({"Command": {"Sleep": {"wake_up_time": 1}}}, None),
    ],
)
def test_values_are_found_in_entries(document: Any, value: bytes | None) -> None:
    assert value_of(json.dumps(document)) == value


def test_failures_in_entries_are_shown() -> None:
    failed = {
        "Notification": {
            "Completion": {
                "Call": {"result": {"Failure": {"code": 409, "message": "no", "metadata": {"a": "b"}}}}
            }
        }
    }

    shown = value_of(json.dumps(failed))

    assert shown is not None
    assert not isinstance(shown, bytes)
    assert (shown.kind, shown.text) == (ValueKind.FAILURE, "[409] no\na: b")
