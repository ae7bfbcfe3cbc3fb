"""Edits of the state of a key: in their turn, and only of the version that they were made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.control.errors import ConflictError
from awaken.control.state_version import state_version
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, awakeable_of
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def version_of(total: int) -> str:
    return state_version([("total", b"%d" % total)])


@pytest.mark.parametrize(
    ("state", "version"),
    [
        # As the official command line 1.7.12 sent them for these states on a server 1.7.12.
        ({}, NOTHING),
        ({"name": b"bob"}, "tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM"),
        ({"name": b'"bob"'}, "vaLDiIHVVy0OrHuos1qoQ5KMwrR3XHmn-0ICMirt4AA"),
        ({"name": b'"bob"', "age": b"3"}, "ZJ_v9J2FCWqfXa4SjO0Y7BIB-xP-c7kqsh61mUFqfXk"),
        ({"é日": b'"\\u00fc"', "b": b'""'}, "4ir_p9zElukIAWDUYQBTkjNqffFIWM3X6nwXYxiCHp8"),
        ({"e": b"", "a": b"\x00\xff\x01"}, "xk3BCSATL2cJfZeJG_f4uYnMQ9Gmo_z5kstdFjYUna0"),
    ],
)
def test_versions_are_those_of_the_server(state: dict[str, bytes], version: str) -> None:
    assert state_version(state.items()) == version


@pytest.mark.parametrize("service", ["Counter", "Approval"])
async def test_edit_replaces_the_version_it_was_made_for(harness: Harness, service: str) -> None:
    await harness.runtime.edit_state(service, "a", {"x": b"1", "total": b"1"}, NOTHING)
    await harness.runtime.edit_state(
        service, "a", {"total": b"2"}, state_version([("total", b"1"), ("x", b"1")])
    )
    await harness.runtime.edit_state(service, "b", {"total": b"7"})

    assert harness.rows("SELECT key, name, value FROM state ORDER BY key") == [
        ("a", "total", b"2"),
        ("b", "total", b"7"),
    ]


@pytest.mark.parametrize("service", ["Counter", "Approval"])
@pytest.mark.parametrize("version", [NOTHING, "of long ago", "", version_of(1).upper()])
async def test_edit_of_another_version_is_refused(harness: Harness, service: str, version: str) -> None:
    await harness.runtime.edit_state(service, "a", {"total": b"1"})

    with pytest.raises(ConflictError, match=f"'{service}/a' was not changed.*{version_of(1)}"):
        await harness.runtime.edit_state(service, "a", {"total": b"100"}, version)

    assert harness.rows("SELECT value FROM state") == [(b"1",)]


async def test_edit_waits_for_its_turn(harness: Harness) -> None:
    holder = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    behind = await harness.send("Counter/a/add", 1)

    await harness.runtime.edit_state("Counter", "a", {"total": b"100"})
    await harness.runtime.edit_state("Counter", "a", {"total": b"200"}, version_of(100))
    last = await harness.send("Counter/a/add", 1)
    assert await harness.call("Counter/a/total") == 1
    await harness.runtime.resolve_awakeable(awakeable_of(holder), b'"go"')

    assert await harness.result(behind) == 2
    assert await harness.result(last) == 201
    assert harness.rows("SELECT 1 FROM inbox") == []


async def test_edit_that_an_earlier_one_makes_stale_is_refused_at_once(harness: Harness) -> None:
    holder = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    await harness.runtime.edit_state("Counter", "a", {"total": b"100"}, version_of(1))

    with pytest.raises(ConflictError, match=f"after the edit that waits for its turn is '{version_of(100)}'"):
        await harness.runtime.edit_state("Counter", "a", {"total": b"5"}, version_of(1))

    await harness.runtime.kill(holder)
    assert await harness.call("Counter/a/total") == 100


async def test_edit_that_handlers_have_made_stale_is_dropped_and_reported(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    holder = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    await harness.send("Counter/a/add", 1)
    await harness.runtime.edit_state("Counter", "a", {"total": b"100"}, version_of(1))
    last = await harness.send("Counter/a/add", 1)

    await harness.runtime.resolve_awakeable(awakeable_of(holder), b'"go"')

    assert await harness.result(last) == 3
    (report,) = [each.getMessage() for each in caplog.records if "edit of the state" in each.getMessage()]
    assert report.startswith("an edit of the state of Counter/a that waited for its turn changes nothing")
    assert version_of(1) in report
    assert version_of(2) in report


async def test_edit_of_a_workflow_does_not_wait_for_its_run(harness: Harness) -> None:
    run = await harness.send("Approval/a/run")
    await harness.until_status(run, "running")

    await harness.runtime.edit_state("Approval", "a", {"total": b"1"}, NOTHING)

    assert harness.rows("SELECT value FROM state") == [(b"1",)]


@pytest.mark.slow
async def test_edits_among_a_thousand_invocations_keep_their_places_through_a_crash(tmp_path: Path) -> None:
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    holder = await harness.send("Counter/a/add_then_wait", 0)
    await harness.until_waiting()
    expected = 0
    sent = []
    for number in range(1000):
        sent.append(await harness.send("Counter/a/add", 1))
        expected += 1
        if number % 100 == 99:
            await harness.runtime.edit_state("Counter", "a", {"total": b"%d" % (number * 1000)})
            expected = number * 1000
    harness.runtime.crash()
    await harness.start()
    (pending,) = await harness.until_waiting()

    await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"go"')

    assert pending.invocation_id == holder
    assert await harness.result(sent[99]) == 100
    assert await harness.result(sent[150]) == 99 * 1000 + 51
    assert await harness.result(sent[999]) == 899 * 1000 + 100
    assert await harness.call("Counter/a/total") == expected
    await harness.stop()
