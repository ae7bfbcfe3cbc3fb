"""How invocations end when something goes wrong, without affecting others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane


@pytest.mark.parametrize("code", [409, 418, 500, 999])
def test_terminal_error_carries_message_code_and_metadata(client: Client, code: int) -> None:
    metadata = {"n": "2", "ä": "ö"}

    failure = client.failure(
        client.send("Failing/terminal", {"message": "nö", "code": code, "metadata": metadata})
    )

    assert (failure.code, failure.message, failure.source) == (code, "nö", "invocation")
    assert failure.metadata == metadata


def test_terminal_error_as_a_cause_ends_the_invocation(client: Client) -> None:
    failure = client.failure(client.send("Failing/wrapped"))

    assert (failure.code, failure.message) == (419, "the cause")


def test_retryable_error_is_tried_again_after_its_delay(client: Client, effects: Effects) -> None:
    request = {"effects": effects.path, "attempts": 3, "delay_ms": 20}

    assert client.call("Failing/retryable", request) == 3
    assert len(effects.values("attempt")) == 3


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("exit_process", "SystemExit"),
        ("interrupt", "KeyboardInterrupt"),
        ("unserialisable", "Lock"),
        ("crash", "an ordinary mistake"),
    ],
)
def test_hostile_handler_fails_alone_and_says_why(lane: Lane, handler: str, reason: str) -> None:
    client, pid = lane.client, lane.endpoint.pid

    failure = client.failure(client.send(f"Hostile/{handler}"))

    assert failure.code == 500
    assert reason in failure.message
    assert client.call("Greeter/greet", "next") == "Hello next!"
    assert lane.endpoint.is_alive()
    assert lane.endpoint.pid == pid


def test_runtime_shows_the_authors_frames_and_none_of_this_package(client: Client) -> None:
    invocation = client.send("Patient/mistaken")

    row = eventually(
        lambda: client.invocation(invocation),
        lambda row: row.get("status") == "backing-off",
        what="a failed attempt",
    )
    client.kill(invocation)

    assert re.findall(r'File "\S+/(\w+)\.py", line \d+, in (\w+)', row["last_failure"]) == [
        ("failures", "mistaken"),
        ("failures", "divide"),
    ]


def test_changed_handler_shows_as_a_journal_mismatch(client: Client, effects: Effects) -> None:
    invocation = client.send("Patient/changed", effects.path)

    row = eventually(
        lambda: client.invocation(invocation),
        lambda row: row.get("last_failure_error_code") == "RT0016",
        what="a journal mismatch",
    )
    client.kill(invocation)

    assert row["status"] == "backing-off"
    assert "action 1" in row["last_failure"]
    assert "action 2" in row["last_failure"]
    assert re.search(r"Patient/changed at \S+failures\.py:\d+: entry 1: ", row["last_failure"])
    assert len(effects.values("action")) == 1


def test_value_that_changes_is_told_without_it_and_blamed_on_the_code(
    client: Client, effects: Effects
) -> None:
    invocation = client.send("Patient/unsteady", effects.path)

    row = eventually(
        lambda: client.invocation(invocation),
        lambda row: row.get("last_failure_error_code") == "RT0016",
        what="a journal mismatch",
    )
    client.kill(invocation)

    assert "secret" not in row["last_failure"]
    assert (
        "entry 1: send Greeter/greet: recorded parameter of 10 bytes (sha256 10a97abe...), "
        "attempted of 10 bytes (sha256 1f33f104...); the same code issued both, so it uses a clock"
    ) in row["last_failure"]


def test_cancelled_parent_compensates_and_its_child_ends_too(client: Client, effects: Effects) -> None:
    parent = client.send("Failing/parent", effects.path)
    child = effects.wait_for_one("child")
    effects.wait_for_one("id")

    client.cancel(parent)

    assert client.failure(parent).code == 409
    assert client.failure(child).code == 409
    assert effects.values("compensated") == ["409"]


def test_handler_cancels_another_invocation(client: Client, effects: Effects) -> None:
    invocation = client.send("Awaiting/value", effects.path)
    effects.wait_for_one("id")

    client.call("Failing/cancels", invocation)

    assert client.failure(invocation).code == 409


def test_killed_invocation_stops_its_handler(client: Client, effects: Effects) -> None:
    invocation = client.send("Failing/stubborn", effects.path)
    effects.wait_for("busy")

    client.kill(invocation)

    assert client.failure(invocation).code == 409
    effects.wait_for("stopped")
    assert effects.values("finished") == []
    assert len(effects.values("busy")) == 1
