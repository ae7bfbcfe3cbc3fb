"""The stand-ins for the machine accept every command, and the codec sees every value."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import _core
from awaken.context import commands
from awaken.context.commands import Commands
from awaken.endpoint.aftermath import DISCARDED_COMMANDS
from awaken.endpoint.forwarded_commands import ForwardedCommands
from awaken.endpoint.journal_codec import EncodedCommands
from awaken.telemetry.propagation import TracedCommands

if TYPE_CHECKING:
    from collections.abc import Callable

#: Methods that take or return bytes of the stream, which are not values.
STREAM = {"receive", "take_output"}

#: An argument and a result of each type; a type that is missing here is a question for the codec.
SAMPLES: dict[str, Any] = {
    "bytes": b"value",
    "str": "text",
    "int": 7,
    "str | None": "text",
    "Failure": _core.Failure(500, "no"),
    "Sequence[tuple[str, str]]": [("name", "text")],
    "None": None,
    "tuple[int, int]": (7, 8),
    "tuple[str, int]": ("text", 7),
    "list[str] | int": ["text"],
    "bytes | int | None": b"E:value",
}


def methods_of(path: Path, name: str) -> dict[str, ast.FunctionDef]:
    [found] = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}


MACHINE = methods_of(Path(awaken.__file__).with_name("_core.pyi"), "EndpointMachine")
COMMANDS = methods_of(Path(commands.__file__), "Commands")


def parameters_of(method: ast.FunctionDef) -> dict[str, str]:
    """Return the type of each parameter by its name."""
    listed = [*method.args.args, *method.args.kwonlyargs]
    return {each.arg: ast.unparse(each.annotation) for each in listed if each.annotation is not None}


def result_of(method: ast.FunctionDef) -> str:
    assert method.returns is not None
    return ast.unparse(method.returns)


class Recorder:
    """Takes every command, keeps its arguments, and answers by the declared type."""

    def __init__(self) -> None:
        self.taken: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def take(*positional: Any, **named: Any) -> Any:
            signature = inspect.signature(getattr(Commands, name))
            self.taken = dict(signature.bind(None, *positional, **named).arguments)
            self.taken.pop("self")
            return SAMPLES[result_of(COMMANDS[name])]

        return take


class Marking(awaken.JournalValueCodec):
    """Puts a mark in front of every value."""

    def encode(self, buf: bytes) -> bytes:
        return b"E:" + buf

    async def decode(self, buf: bytes) -> bytes:
        return buf.removeprefix(b"E:")


def issue(stand_in: Any, name: str) -> tuple[dict[str, Any], Any]:
    """Call a command with a sample for each parameter; return the samples and the answer."""
    given = {parameter: SAMPLES[kind] for parameter, kind in parameters_of(COMMANDS[name]).items()}
    return given, getattr(stand_in, name)(**given)


def test_whatever_carries_a_value_is_a_command() -> None:
    carrying = {
        name
        for name, method in MACHINE.items()
        if any("bytes" in kind for kind in (*parameters_of(method).values(), result_of(method)))
    }

    assert carrying - STREAM <= COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_the_signature_of_the_machine(name: str) -> None:
    assert ast.unparse(COMMANDS[name].args) == ast.unparse(MACHINE[name].args)
    assert result_of(COMMANDS[name]) == result_of(MACHINE[name])


@pytest.mark.parametrize("name", COMMANDS)
def test_codec_encodes_every_value_and_nothing_else(name: str) -> None:
    machine: Any = Recorder()
    stand_in = EncodedCommands(machine, Marking())

    given, answer = issue(stand_in, name)

    assert machine.taken == {
        parameter: b"E:value" if kind == "bytes" else given[parameter]
        for parameter, kind in parameters_of(COMMANDS[name]).items()
    }
    if "bytes" in result_of(COMMANDS[name]):
        assert stand_in.held == {answer: b"E:value"}  # until it is awaited, and decoded
    else:
        assert answer == SAMPLES[result_of(COMMANDS[name])]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("kind", [ForwardedCommands, TracedCommands])
def test_command_passes_through(kind: type[ForwardedCommands], name: str) -> None:
    machine: Any = Recorder()

    given, answer = issue(kind(machine), name)

    assert machine.taken == given
    assert answer == SAMPLES[result_of(COMMANDS[name])]


@pytest.mark.parametrize("name", COMMANDS)
def test_discarded_command_answers_in_the_declared_form(name: str) -> None:
    _, answer = issue(DISCARDED_COMMANDS, name)

    declared = SAMPLES[result_of(COMMANDS[name])]
    if isinstance(declared, tuple):
        assert [type(each) for each in answer] == [type(each) for each in declared]
    else:
        assert answer == (None if declared is None else 0)
