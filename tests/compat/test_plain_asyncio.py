"""Ordinary asyncio over durable operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.compat.side import Side

#: Long enough for a response on a busy machine; if none comes, the test waits no longer than this.
PATIENCE_S = 5


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        ("gathered", [1, None]),
        ("one_after_the_other", [1, 2]),
        ("out_of_time", "TimeoutError"),
        ("left_in_a_run", ["unset"]),
    ],
    ids=["gathered", "one_after_the_other", "out_of_time", "left_in_a_run"],
)
def test_asyncio_completes(side: Side, handler: str, answer: Any) -> None:
    invocation = side.send(f"PlainAsyncio/{handler}")
    try:
        eventually(
            lambda: side.client.is_completed(invocation), within=PATIENCE_S, what=f"the end of {handler}"
        )
    except TimeoutError:
        side.client.kill(invocation)
        raise

    assert side.attach(invocation) == answer
