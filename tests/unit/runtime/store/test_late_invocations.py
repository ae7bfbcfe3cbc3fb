"""A row that is written once has the values of one that is written in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.control.operations import Failure, Success
from awaken.runtime.schema import HandlerSchema
from awaken.runtime.store import Store
from awaken.runtime.tables import invocations, journal
from awaken.runtime.tables.invocations import NewInvocation
from awaken.runtime.tables.tables import Tables
from awaken.testing.manual_clock import ManualClock
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000


class Steps:
    """Writes an invocation, and commits after each step or only at the end."""

    def __init__(self, path: Path, *, is_late: bool, commits: bool) -> None:
        self.store = Store(path)
        self.tables = Tables(self.store, ManualClock())
        self.is_late = is_late
        self.commits = commits

    def of(self, new: NewInvocation, result: Success | Failure, pinned: tuple[str, int] | None) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if not self.is_late:
                patch.setattr(invocations, "_is_plain", lambda _: False)
                for module in (invocations, journal):
                    patch.setattr(module, "LATE_SIZE", -1)
            self.tables.invocations.insert(1, new, "invoked", 1000, None)
            self._end_step()
            self.tables.journal.begin(1, *new.input)
            self._end_step()
            assert self.tables.journal.append(1, 0x8000, b"signal", 17) == 1
            assert self.tables.journal.append(1, 0x0401, b"output") == 2
            self._end_step()
            self.tables.invocations.set_completed(1, result, 2000, pinned)
            self._end_step()

    def _end_step(self) -> None:
        if self.commits:
            self.store.commit()

    def rows(self) -> list[list[tuple[Any, ...]]]:
        self.store.commit()
        tables = ("invocation", "journal", "payload")
        return [self.store.fetch(f"SELECT * FROM {table}").fetchall() for table in tables]


@pytest.mark.parametrize("pinned", [("dp_1", 6), None])
@pytest.mark.parametrize(
    "result", [Success(b"result"), Success(b""), Success(b"x" * 100_000), Failure(500, "failed", {"a": "b"})]
)
@pytest.mark.parametrize("retention", [(DAY, 2 * DAY), (2 * DAY, DAY), (1, 0), (2 * LAST_MS, 3 * LAST_MS)])
async def test_rows_are_the_same(
    tmp_path: Path,
    retention: tuple[int, int],
    result: Success | Failure,
    pinned: tuple[str, int] | None,
) -> None:
    new = NewInvocation(
        invocation_id="inv_1",
        handler=HandlerSchema("Greeter", "greet"),
        key=None,
        input=(0x0400, b"input"),
        invoked_by="ingress",
        completion_retention_ms=retention[0],
        journal_retention_ms=retention[1],
    )
    written = []
    for number, (is_late, commits) in enumerate([(False, True), (True, False), (True, True)]):
        steps = Steps(tmp_path / f"{number}", is_late=is_late, commits=commits)
        steps.of(new, result, pinned)
        written.append(steps.rows())
        steps.store.close()

    assert written[1] == written[0], "written once"
    assert written[2] == written[0], "written in steps, late"
    assert len(written[0][0]) == 1
    assert len(written[0][1]) == 3


@pytest.mark.parametrize(
    "special",
    [
        {"handler": HandlerSchema("Counter", "add", "exclusive"), "key": "k"},
        {"idempotency_key": "once"},
        {"scope": "s", "limit_key": "l"},
        {"invoked_by": "service", "invoked_by_id": "inv_0", "invoked_by_target": "A/b"},
        {"invoked_by": "restart_as_new", "restarted_from": "inv_0"},
    ],
)
async def test_what_is_not_plain_keeps_all_it_has(tmp_path: Path, special: dict[str, Any]) -> None:
    plain: dict[str, Any] = {
        "invocation_id": "inv_1",
        "handler": HandlerSchema("Greeter", "greet"),
        "key": None,
        "input": (0x0400, b"input"),
        "invoked_by": "ingress",
        "completion_retention_ms": DAY,
        "journal_retention_ms": DAY,
    }
    written = []
    for number, is_late in enumerate((False, True)):
        steps = Steps(tmp_path / f"{number}", is_late=is_late, commits=False)
        steps.of(NewInvocation(**{**plain, **special}), Success(b"x"), ("dp_1", 6))
        written.append(steps.rows())
        steps.store.close()

    assert written[1] == written[0]
