"""The golden vectors through the extension, as the Rust tests run them through the crate."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Cut = Callable[[bytes], list[bytes]]

VECTORS = Path(__file__).parent / "vectors"
AWAITING_ON = 0x0006


def files() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(VECTORS.glob("*.json"))}


def frames() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in files().items():
        steps = [step for attempt in content.get("attempts", []) for step in attempt["steps"]]
        for number, frame in enumerate(steps + content.get("frames", [])):
            if "hex" in frame:
                yield f"{name}-{number}-{frame['message']}", frame


def attempts() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in files().items():
        for number, attempt in enumerate(content.get("attempts", [])):
            yield f"{name}-{number}", attempt


FRAMES = dict(frames())
ATTEMPTS = dict(attempts())


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def test_all_vectors_are_there() -> None:
    assert len(FRAMES) == 147
    assert len(ATTEMPTS) == 19


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize("name", FRAMES)
def test_frame_decodes_and_encodes_back(name: str, cut: Cut) -> None:
    frame = FRAMES[name]
    data = bytes.fromhex(frame["hex"])
    decoder = _core.Decoder()

    messages: list[_core.Message] = []
    for chunk in cut(data):
        assert messages == []
        decoder.receive(chunk)
        message = decoder.take_message()
        if message is not None:
            messages.append(message)

    [message] = messages
    assert (message.code, message.name) == (int(frame["code"], 16), frame["message"])
    assert message.flags == int(frame["flags"], 16)
    assert message.payload == data[8:]
    assert message.encode() == data


@pytest.mark.parametrize("name", FRAMES)
def test_trailing_bytes_wait_for_the_rest_of_their_frame(name: str) -> None:
    data = bytes.fromhex(FRAMES[name]["hex"])
    decoder = _core.Decoder()

    decoder.receive(data + data[:5])

    first = decoder.take_message()
    assert first is not None
    assert first.encode() == data
    assert decoder.take_message() is None
    decoder.receive(data[5:])
    second = decoder.take_message()
    assert second is not None
    assert second.encode() == data


class Suspension(Exception):
    """Unwinds the handler of a test."""


class Cancellation(Exception):
    """Unwinds the handler of a test."""


class Rejection(Exception):
    """Unwinds the handler of a test."""

    def __init__(self, failure: _core.Failure) -> None:
        super().__init__()
        self.failure = failure


@dataclass
class Player:
    """One attempt: the runtime's side as recorded, the handler's side in a few lines."""

    machine: _core.EndpointMachine
    handler: str
    #: Chunks for the endpoint; None is the end of the input.
    inbound: list[bytes | None] = field(default_factory=list)
    expected: list[bytes] = field(default_factory=list)
    sleep_until: int = 99

    @classmethod
    def of(cls, attempt: dict[str, Any], cut: Cut) -> Player:
        player = cls(_core.EndpointMachine(attempt["version"]), attempt["path"].rsplit("/", 1)[1])
        for step in attempt["steps"]:
            data = bytes.fromhex(step.get("hex", ""))
            if step["direction"] == "to_endpoint":
                player.inbound.extend(cut(data) if data else [None])
            elif data and step["message"] != "AwaitingOn":
                player.expected.append(data)
                player.sleep_until = step["fields"].get("wake_up_time", player.sleep_until)
        return player

    def play(self) -> None:
        while not self.machine.is_ready():
            self.feed()
        body = self.machine.take_input().body
        try:
            self.machine.succeed(self.handle(body))
        except Rejection as rejection:
            self.machine.fail(rejection.failure)
        except Cancellation:
            self.machine.fail(_core.Failure(409, "cancelled"))
        except Suspension:
            pass
        while self.inbound:
            self.feed()
        assert self.machine.error is None
        assert self.machine.is_closed()
        assert list(self.written()) == self.expected

    def written(self) -> Iterator[bytes]:
        decoder = _core.Decoder()
        decoder.receive(self.machine.take_output())
        while (message := decoder.take_message()) is not None:
            if message.code != AWAITING_ON:
                yield message.encode()

    def handle(self, body: bytes) -> bytes:
        machine = self.machine
        match self.handler:
            case "hello":
                return json.dumps(f"Hello {json.loads(body)}!").encode()
            case "run":
                return self.wait(machine.run("r"), b"42")
            case "awk":
                return self.wait(machine.awakeable()[1])
            case "slp":
                self.wait(machine.sleep(self.sleep_until))
                return b'"ok"'
            case "both":
                seven = self.wait(machine.run("r"), b"7")
                self.wait(machine.sleep(self.sleep_until))
                return json.dumps(seven.decode()).encode()
            case "call":
                return self.wait(machine.call("G", "hello", body)[1])
            case "callawk":
                return self.wait(machine.call("G", "awk", body)[1])
            case "bump":
                before = machine.get_state("c")
                assert not isinstance(before, int), "the state is complete"
                after = json.dumps(json.loads(before or b"0") + json.loads(body)).encode()
                machine.set_state("c", after)
                return after
        pytest.fail(f"no handler {self.handler}")

    def wait(self, handle: int, run: bytes = b"") -> bytes:
        while True:
            match self.machine.progress(handle):
                case _core.Completed(done, result):
                    assert done == handle
                    if isinstance(result, _core.Failure):
                        raise Rejection(result)
                    assert result is None or isinstance(result, bytes)
                    return result or b""
                case _core.RunRequired(required):
                    self.machine.propose_run_value(required, run)
                case _core.InputRequired():
                    self.feed()
                case _core.Cancelled():
                    raise Cancellation
                case _core.Suspended():
                    raise Suspension
                case _core.Closed():
                    pytest.fail(str(self.machine.error))

    def feed(self) -> None:
        chunk = self.inbound.pop(0)
        if chunk is None:
            self.machine.receive_end()
        else:
            self.machine.receive(chunk)


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize("name", ATTEMPTS)
def test_attempt_gives_the_captured_output(name: str, cut: Cut) -> None:
    Player.of(ATTEMPTS[name], cut).play()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_unfinished_frame_before_the_end_changes_nothing(name: str) -> None:
    player = Player.of(ATTEMPTS[name], whole)
    player.inbound.insert(player.inbound.index(None), b"\x80\x11\x00")

    player.play()
