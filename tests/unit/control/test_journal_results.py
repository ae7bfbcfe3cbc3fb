"""Results in rows of `sys_journal`, which a runtime may show damaged."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from awaken.control.journal_results import completion_of, read_result, read_results, signal_of
from awaken.control.operations import Failure

ID = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"


def signal(result: Any) -> str:
    return json.dumps({"Notification": {"Signal": {"id": {"Index": 17}, "result": result}}})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (signal({"Success": [34, 97, 34]}), b'"a"'),
        (signal({"Success": []}), b""),
        (signal("Void"), b""),
        (signal({"Failure": {"code": 409, "message": "no"}}), Failure(409, "no")),
        (signal({"Failure": "no"}), Failure(500, "no")),
        ('{"Notification":{"Completion":{"Run":{"completion_id":1,"result":{"Success":[49]}}}}}', b"1"),
        (None, None),
        ("{", None),
        ("[" * 100_000, None),
        (signal({"Success": [256]}), None),
        (signal({"Success": 10**12}), None),
        (signal({"Failure": {"code": "x", "message": "no"}}), None),
        (signal({"Failure": {"code": float("inf"), "message": "no"}}), None),
        (signal([]), None),
        ('{"Notification":{"Completion":{}}}', None),
        ('{"Notification":{"Completion":[]}}', None),
        ("[1]", None),
    ],
)
def test_result_is_read_or_none(entry: str | None, expected: object) -> None:
    assert read_result(entry) == expected


@pytest.mark.parametrize("entry", [None, "{", "[]", '{"Notification":3}', '{"Notification":{"id":7}}'])
def test_row_without_an_id_has_none(entry: str | None) -> None:
    assert signal_of({"entry_lite_json": entry}) is completion_of({"entry_lite_json": entry}) is None


def test_ids_of_signals_and_completions_differ() -> None:
    named = {"entry_lite_json": '{"Notification":{"ty":"Signal","id":{"SignalName":"a"}}}'}
    indexed = {"entry_lite_json": '{"Notification":{"ty":"Signal","id":{"SignalIndex":17}}}'}
    completion = {"entry_lite_json": '{"Notification":{"ty":{"Completion":"Run"},"id":{"CompletionId":3}}}'}

    assert [signal_of(one) for one in (named, indexed, completion)] == [None, 17, None]
    assert [completion_of(one) for one in (named, indexed, completion)] == [None, None, 3]


async def test_large_values_are_read_alone_and_larger_ones_not_at_all() -> None:
    asked = []

    class Tables:
        async def ask(self, sql: str) -> list[dict[str, Any]]:
            indexes = sql.partition("IN (")[2].partition(")")[0]
            asked.append(indexes)
            return [{"id": ID, "index": int(n), "entry_json": signal("Void")} for n in indexes.split(", ")]

    lengths = [10, 20, 900_000, 900_000, 3_000_000, 10, 9_000_000]
    rows = [{"id": ID, "index": n, "raw_length": length} for n, length in enumerate(lengths)]

    found = await read_results(Tables(), rows, 4_000_000)

    assert asked == ["0, 1, 2", "3", "4", "5"]
    assert (found[ID, 6], len(found)) == (None, 7)


async def test_large_values_are_read_one_at_a_time() -> None:
    reading = {"large": 0, "small": 0}
    most = dict(reading)

    class Tables:
        async def ask(self, sql: str) -> list[dict[str, Any]]:
            size = "large" if "IN (0)" in sql else "small"
            reading[size] += 1
            most[size] = max(most[size], reading[size])
            await asyncio.sleep(0)
            reading[size] -= 1
            return []

    large, small = ({"id": ID, "index": n, "raw_length": size} for n, size in enumerate([3_000_000, 10]))
    await asyncio.gather(*(read_results(Tables(), [row]) for row in [large, small] * 5))

    assert most == {"large": 1, "small": 5}
