"""The golden vectors from the runtime's side: it makes the same frames from their contents, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cut = Callable[[bytes], list[bytes]]
    Fields = dict[str, Any]

VECTORS = Path(__file__).parent / "vectors"


def attempts() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(VECTORS.glob("*.json")):
        for number, attempt in enumerate(json.loads(path.read_bytes()).get("attempts", [])):
            yield f"{path.stem}-{number}", attempt


ATTEMPTS = dict(attempts())


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def content(fields: Fields) -> bytes:
    """Read a payload of the vectors."""
    return bytes.fromhex(fields["hex"]) if "hex" in fields else fields["text"].encode()


def result(fields: Fields) -> _core.Result:
    """Read what a notification of the vectors carries."""
    if "value" in fields:
        return content(fields["value"]["content"])
    if "failure" in fields:
        return _core.Failure(fields["failure"]["code"], fields["failure"]["message"])
    invocation_id: str | None = fields.get("invocation_id")
    return invocation_id


def entry(step: dict[str, Any]) -> tuple[int, bytes]:
    """Make a journal entry from its fields; commands other than Input are kept as they were stored."""
    fields = step["fields"]
    match step["kind"], step["message"]:
        case "command", "Input":
            headers = [(header["key"], header["value"]) for header in fields.get("headers", [])]
            return _core.encode_input(headers, content(fields["value"]["content"]))
        case "notification", "Signal":
            return _core.encode_signal(fields["signal_id"], result(fields))
        case "notification", kind:
            return _core.encode_completion(kind, fields["completion_id"], result(fields))
    return int(step["code"], 16), bytes.fromhex(step["hex"])[8:]


class Host:
    """The runtime's side of one captured attempt."""

    def __init__(self, version: int) -> None:
        self.machine = _core.InvokerMachine(version)
        self.effects: list[_core.Effect] = []
        self.known_entries = 0

    def make(self, step: dict[str, Any]) -> bytes:
        """Tell the machine what this frame says, and return the frame that it makes of it."""
        fields = step["fields"]
        if step["message"] == "Start":
            self.start(fields)
        elif step["message"] == "ProposeRunCompletionAck":
            proposed = next(effect for effect in self.effects if isinstance(effect, _core.RunProposed))
            assert self.machine.notify(proposed.code, proposed.payload)
        elif self.known_entries:
            self.known_entries -= 1
            self.machine.replay(*entry(step))
        else:
            assert self.machine.notify(*entry(step))
        return self.machine.take_output()

    def start(self, fields: Fields) -> None:
        self.known_entries = fields["known_entries"]
        state = [(content(one["key"]).decode(), content(one["value"])) for one in fields.get("state_map", [])]
        self.machine.start(
            fields["debug_id"],
            known_entries=self.known_entries,
            key=fields.get("key", ""),
            state=state,
            is_state_partial=fields.get("partial_state", False),
            retry_count=fields.get("retry_count_since_last_stored_entry", 0),
            duration_since_last_stored_entry_ms=fields.get("duration_since_last_stored_entry", 0),
            idempotency_key=fields.get("idempotency_key"),
        )

    def take(self) -> list[_core.Effect]:
        taken = []
        while (effect := self.machine.take_effect()) is not None:
            taken.append(effect)
        self.effects += taken
        return taken


def test_all_vectors_are_there() -> None:
    assert len(ATTEMPTS) == 19


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize("name", ATTEMPTS)
def test_attempt_is_played_from_the_runtimes_side(name: str, cut: Cut) -> None:
    attempt = ATTEMPTS[name]
    host = Host(attempt["version"])
    for step in attempt["steps"]:
        data = bytes.fromhex(step.get("hex", ""))
        match step["direction"], data:
            case "to_endpoint", b"":
                host.machine.end_input()
            case "to_endpoint", frame:
                assert host.make(step) == frame
            case _, b"":
                host.machine.receive_end()
            case _, frame:
                for piece in cut(frame):
                    host.machine.receive(piece)
                [effect] = host.take()
                if step["kind"] == "command":
                    assert isinstance(effect, _core.RecordedCommand)
                    assert (effect.code, effect.payload) == (int(step["code"], 16), frame[8:])

    assert host.take() == []
    assert host.machine.is_closed()
    assert isinstance(host.effects[-1], _core.AttemptEnded | _core.AttemptSuspended)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_bytes_after_the_terminal_frame_are_ignored(name: str) -> None:
    attempt = ATTEMPTS[name]
    host = Host(attempt["version"])
    for step in attempt["steps"]:
        if "hex" in step and step["direction"] == "to_endpoint":
            host.make(step)
        elif "hex" in step:
            host.machine.receive(bytes.fromhex(step["hex"]))
            host.take()
    before = list(host.effects)

    host.machine.receive(b"\x04\x11\x00")
    host.machine.receive_end()

    assert host.take() == []
    assert isinstance(before[-1], _core.AttemptEnded | _core.AttemptSuspended)
