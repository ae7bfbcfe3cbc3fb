"""Awakeables, derived from what the admin API returns about a waiting invocation."""

from __future__ import annotations

from awaken import _core
from awaken.control.server_awakeables import pending_awakeables

INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
ROW = {
    "id": INVOCATION,
    "target_service_name": "Approvals",
    "target_handler_name": "submit",
    "status": "suspended",
    "modified_at": "2026-11-22T09:48:21.213Z",
}


def test_ids_are_rebuilt_from_signal_indexes() -> None:
    waiting = '{"Unknown":[{"Single":{"SignalIndex":1}},{"Single":{"SignalIndex":18}},{"Single":{"SignalIndex":17}}]}'

    found = list(pending_awakeables({**ROW, "suspended_waiting_future_json": waiting}))

    raw = _core.parse_invocation_id(INVOCATION)
    assert [one.awakeable_id for one in found] == [
        _core.format_awakeable_id(raw, index) for index in (17, 18)
    ]
    assert [one.beside for one in found] == [("awakeable 18",), ("awakeable 17",)]


def test_nested_trees_and_other_leaves_are_told() -> None:
    waiting = (
        '{"FirstCompleted":[{"AllCompleted":[{"Single":{"SignalIndex":17}},{"Single":{"CompletionId":4}}]},'
        '{"Single":{"SignalIndex":1}}]}'
    )

    (found,) = pending_awakeables({**ROW, "last_awaiting_on_future_json": waiting, "target_service_key": "k"})

    assert (found.index, found.target.key, found.beside) == (17, "k", ("CompletionId 4",))


def test_who_waits_for_no_awakeable_has_none() -> None:
    sleeping = {**ROW, "suspended_waiting_future_json": '{"Single":{"CompletionId":1}}'}

    assert list(pending_awakeables(ROW)) == []
    assert list(pending_awakeables(sleeping)) == []
