"""The lines about endpoints that are away: few, and with what an operator needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.invoker.unreached import UnreachedLog

if TYPE_CHECKING:
    import pytest

WHY = "127.0.0.1:9080: cannot connect: refused"


def test_flood_is_a_line_in_ten_seconds_for_each_deployment(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    unreached = UnreachedLog(lambda: now)

    for _ in range(160):  # for 20 s
        unreached.note("dp_1", WHY)
        now += 0.125
    unreached.note("dp_2", "10.0.0.1:9080: the connection was lost")

    assert [record.getMessage() for record in caplog.records] == [
        f"an attempt on dp_1 failed, and is repeated: {WHY}",
        f"80 attempts on dp_1 failed in 10 s, and are repeated: {WHY}",
        "an attempt on dp_2 failed, and is repeated: 10.0.0.1:9080: the connection was lost",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_one_failure_now_and_then_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    unreached = UnreachedLog(lambda: now)

    for _ in range(3):
        unreached.note("dp_1", WHY)
        now += 3600

    assert len(caplog.records) == 3
