"""Reads of a runtime that need more than one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from awaken import _core
from awaken.control.operations import AwakeablePage, AwakeableState, AwakeableView, Target
from awaken.control.reads import find_awakeable

if TYPE_CHECKING:
    from awaken.control.operations import Operations

INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
INDEXES = range(17, 22)


def awakeable(index: int) -> AwakeableView:
    awakeable_id = _core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), index)
    return AwakeableView(awakeable_id, INVOCATION, Target("Desk", "sign"), "running")


class ShortPages:
    """A runtime with one invocation, whose pages have one awakeable each."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        row = {"target_service_name": "Desk", "target_handler_name": "sign", "status": "running"}
        return [row] if "sys_invocation" in sql else []

    async def awakeables(self, *, invocation_id: str, after: str | None = None, **_: object) -> AwakeablePage:
        self.asked.add(invocation_id)
        index = int(after or INDEXES.start)
        following = str(index + 1) if index + 1 in INDEXES else None
        return AwakeablePage((awakeable(index),), following)


async def test_awakeable_is_found_on_every_page() -> None:
    runtime = ShortPages()
    operations = cast("Operations", runtime)

    found = [await find_awakeable(operations, awakeable(index).awakeable_id) for index in INDEXES]
    other = await find_awakeable(operations, awakeable(INDEXES.stop).awakeable_id)

    assert found == [awakeable(index) for index in INDEXES]
    assert other.state is AwakeableState.NOT_AWAITED
    assert runtime.asked == {INVOCATION}
