"""What makes journals of the two SDKs interchangeable, rule by rule; see also test_handover.py.

Order of draws from chance, and everything else about replays, is in test_handover.py; the texts of failures are in
test_failures.py and test_waits.py.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.e2e.effects import Effects

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compat.side import Side


def names(side: Side, invocation_id: str, entry_type: str) -> list[str]:
    entries = side.journal(invocation_id)
    return [entry.get("name", "") for entry in entries if entry["entry_type"] == f"Command: {entry_type}"]


def test_time_is_a_run_and_names_are_unchanged(side: Side, effects: Effects) -> None:
    clock = side.send("Journey/clock", effects.path)
    side.client.resolve(effects.wait_for_one("gate"))
    side.attach(clock)
    asleep = side.send("Journey/asleep", effects.path)
    side.attach(asleep)

    assert names(side, clock, "Run") == ["timestamp", "before", "hand out", "timestamp"]
    assert names(side, asleep, "Sleep") == ["short", "long"]


def test_commands_are_recorded_when_they_are_called(side: Side, effects: Effects) -> None:
    invocation = side.send("Journey/at_call_time", effects.path)
    side.client.resolve(effects.wait_for_one("gate"))
    side.attach(invocation)

    commands = [entry["entry_type"] for entry in side.journal(invocation)]
    assert [command.removeprefix("Command: ") for command in commands if command.startswith("Command")] == [
        *("Input", "Sleep", "Run", "Call", "OneWayCall", "Run", "Output"),
    ]


@pytest.mark.parametrize(
    ("target", "how"),
    [
        ("Journey/actions", "gate"),
        ("Journey/at_call_time", "gate"),
        ("Journey/combined", "gate"),
        ("Journey/own_awakeable", "gate"),
        ("Journey/signalled", "signal"),
        ("Keeper/KEY/keep", "gate"),
        ("LazyKeeper/KEY/keep", "gate"),
        ("Saga/KEY/run", "promise"),
        ("Completing/whole_workflow", "key"),
    ],
)
def test_both_write_the_same_bytes(sides: dict[str, Side], tmp_path: Path, target: str, how: str) -> None:
    journals = {}
    for sdk, side in sides.items():
        key = uuid4().hex
        effects = Effects(tmp_path / sdk)
        invocation = side.send(target.replace("KEY", key), key if how == "key" else effects.path)
        if how == "gate":
            side.client.resolve(effects.wait_for_one("gate"), b'{"n": 1}')
        elif how == "signal":
            side.call("Journey/signal", effects.wait_for_one("gate"))
        elif how == "promise":
            effects.wait_for_one("gate")
            side.call(f"Saga/{key}/finish", 7)
        side.attach(invocation)
        journals[sdk] = normalised(side, invocation, key, effects.path)

    official, awaken = journals["official"], journals["awaken"]
    assert official[0] == awaken[0]
    assert official[1] == awaken[1]


def normalised(side: Side, invocation: str, *own: str) -> tuple[list[str], list[str]]:
    """Return the commands in order and the notifications in any order, without what differs between invocations.

    The input is left out: an ingress writes it.
    """
    commands: list[str] = []
    notifications: list[str] = []
    for entry in side.journal(invocation)[1:]:
        text = re.sub(r"(inv_1|sign_1)[\w-]+", r"\1...", json.dumps(_texts(json.loads(entry["entry_json"]))))
        text = re.sub(r'"(wake_up_time|invoke_time)": \d+', r'"\1": 0', text)
        for word in (*own, side.serving.prefix):
            text = text.replace(word, "...")
        is_command = entry["entry_type"].startswith("Command")
        (commands if is_command else notifications).append(f"{entry['entry_type']} {text}")
    return commands, sorted(notifications)


def _texts(value: Any) -> Any:
    """Show lists of bytes as text, so that ids in them can be found."""
    if isinstance(value, dict):
        return {name: _texts(member) for name, member in value.items() if name != "span_relation"}
    if isinstance(value, list) and value and all(isinstance(member, int) for member in value):
        return bytes(value).decode("latin-1")
    return [_texts(member) for member in value] if isinstance(value, list) else value


def test_output_without_annotation_is_void_in_the_manifest_and_travels_all_the_same(side: Side) -> None:
    service = side.client.admin.get(f"/services/{side.serving.prefix}Runs").json()
    handlers = {handler["name"]: handler for handler in service["handlers"]}
    response = side.post("Runs/unpromised", b"", "")

    assert handlers["unpromised"]["output_description"] == "none"
    assert "content-type" not in response.headers
    assert response.content == b'{"returned": true}'


def test_plain_actions_run_in_a_thread_with_context_variables(side: Side) -> None:
    plain, awaited = side.call("Runs/surroundings")

    assert plain == ["Ada", False]
    assert awaited == ["Ada", True]
