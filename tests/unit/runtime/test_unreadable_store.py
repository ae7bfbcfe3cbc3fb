"""A part of the file that cannot be read: whoever needs it fails and tries again, and everybody else goes on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.unit.runtime.harness import Harness


@contextmanager
def unreadable(harness: Harness, table: str) -> Iterator[None]:
    store = harness.runtime.store
    store.write(f"ALTER TABLE {table} RENAME TO gone")
    store.commit()
    yield
    store.write(f"ALTER TABLE gone RENAME TO {table}")
    store.commit()


async def test_attempt_that_cannot_read_its_state_backs_off(harness: Harness) -> None:
    with unreadable(harness, "state"):
        counting = await harness.send("Counter/k/add", 1)
        await harness.until_status(counting, "backing-off")
        assert await harness.call("Echo/echo", "x") == "x"
    harness.advance(60_000)

    assert await harness.result(counting) == 1


async def test_attempt_that_needs_what_cannot_be_read_fails(harness: Harness) -> None:
    with unreadable(harness, "promise"):
        run = await harness.send("Approval/w/run")
        await harness.until_status(run, "backing-off")
    harness.advance(60_000)
    await harness.until_status(run, "running")

    await harness.call("Approval/w/decide", "yes")

    assert "yes" in await harness.result(run)


async def test_timers_that_cannot_be_read_are_late(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    napping = await harness.send("Echo/nap", 1_000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])
    with unreadable(harness, "timer"):
        harness.advance(1_000)
        assert "looked at again" in caplog.text
    harness.advance(1_000)

    assert await harness.result(napping) == "rested"
