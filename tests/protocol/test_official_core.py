"""Our endpoint machine beside the official core: the same commands and input give the same output, byte for byte.

What may differ, and why:

- the time in a Sleep: the official core reads the clock itself, ours gets the time from its caller;
- state keys after a clear: the official core still names a key of the input's state that was cleared in this attempt;
  ours does not, as a server that is asked would not;
- AwaitingOn (version 7): a hint for people, which the peer may leave out; the official SDK sends it at other moments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from awaken import _core
from hypothesis import given, settings
from hypothesis import strategies as st
from restate._internal import (  # type: ignore[import-not-found]  # compiled, without types
    PyDoProgressAnyCompleted,
    PyDoProgressExecuteRun,
    PyFailure,
    PyHeader,
    PyStateKeys,
    PySuspended,
    PyUnresolvedFuture,
    PyVM,
    PyVoid,
)

from tests import frames

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
STATE = {"a": b"1", "b": b""}
STEPS = (
    *("sleep", "run", "awakeable", "signal", "call", "send", "get a", "get c", "keys", "set", "clear"),
    *(
        "get promise",
        "peek promise",
        "resolve promise",
        "reject promise",
        "resolve awakeable",
        "reject awakeable",
    ),
    *("resolve signal", "reject signal", "cancel", "attach", "wait", "wait", "wait"),
)


class Suspended(Exception):
    """The side suspended."""


class Ours:
    def __init__(self, version: int, data: bytes) -> None:
        self.machine = _core.EndpointMachine(version)
        self.machine.receive(data)
        self.machine.receive_end()
        self.machine.take_input()

    def do(self, step: str) -> Any:
        machine = self.machine
        does: dict[str, Callable[[], Any]] = {
            "sleep": lambda: machine.sleep(5, "nap"),
            "run": lambda: machine.run("r"),
            "awakeable": lambda: machine.awakeable()[1],
            "signal": lambda: machine.signal("s"),
            "call": lambda: machine.call("S", "h", b"x", key="k", headers=[("a", "b")])[1],
            "send": lambda: machine.send("S", "h", b"x", idempotency_key="i"),
            "get a": lambda: machine.get_state("a"),
            "get c": lambda: machine.get_state("c"),
            "keys": machine.get_state_keys,
            "set": lambda: machine.set_state("c", b"3"),
            "clear": lambda: machine.clear_state("a"),
            "get promise": lambda: machine.get_promise("p"),
            "peek promise": lambda: machine.peek_promise("p"),
            "resolve promise": lambda: machine.resolve_promise("p", b"1"),
            "reject promise": lambda: machine.reject_promise("p", _core.Failure(409, "no")),
            "resolve awakeable": lambda: machine.resolve_awakeable(AWAKEABLE, b"1"),
            "reject awakeable": lambda: machine.reject_awakeable(AWAKEABLE, _core.Failure(409, "no")),
            "resolve signal": lambda: machine.resolve_signal(frames.INVOCATION_ID, "s", b"1"),
            "reject signal": lambda: machine.reject_signal(
                frames.INVOCATION_ID, "s", _core.Failure(409, "no")
            ),
            "cancel": lambda: machine.cancel_invocation(frames.INVOCATION_ID),
            "attach": lambda: machine.attach_invocation(frames.INVOCATION_ID),
        }
        result = does[step]()
        return (result,) if step in ("get a", "get c", "keys") and not isinstance(result, int) else result

    def wait(self, handle: Any) -> Any:
        if isinstance(handle, tuple):
            return handle[0]
        while True:
            match progress := self.machine.progress(handle):
                case _core.Completed(_, result):
                    if isinstance(result, _core.Failure):
                        return result.code, result.message
                    return result
                case _core.RunRequired(run):
                    self.machine.propose_run_value(run, b"r")
                case _core.Suspended():
                    raise Suspended
                case _:
                    raise AssertionError(progress, self.machine.error)

    def end(self) -> None:
        self.machine.succeed(b"done")

    def output(self) -> bytes:
        return self.machine.take_output()


class Theirs:
    def __init__(self, version: int, data: bytes) -> None:
        self.vm = PyVM([("content-type", f"application/vnd.restate.invocation.v{version}")], False, False)
        self.vm.notify_input(data)
        self.vm.notify_input_closed()
        assert self.vm.is_ready_to_execute()
        self.vm.sys_input()

    def do(self, step: str) -> Any:
        vm, failure = self.vm, PyFailure(409, "no")
        does: dict[str, Callable[[], Any]] = {
            "sleep": lambda: vm.sys_sleep(5, "nap"),
            "run": lambda: vm.sys_run("r").handle,
            "awakeable": lambda: vm.sys_awakeable()[1],
            "signal": lambda: vm.sys_signal("s"),
            "call": lambda: (
                vm.sys_call("S", "h", b"x", "k", None, [PyHeader("a", "b")], None, None).result_handle
            ),
            "send": lambda: vm.sys_send("S", "h", b"x", None, None, "i", [], None, None),
            "get a": lambda: vm.sys_get_state("a", None),
            "get c": lambda: vm.sys_get_state("c", None),
            "keys": lambda: vm.sys_get_state_keys(None),
            "set": lambda: vm.sys_set_state("c", b"3", None),
            "clear": lambda: vm.sys_clear_state("a", None),
            "get promise": lambda: vm.sys_get_promise("p"),
            "peek promise": lambda: vm.sys_peek_promise("p"),
            "resolve promise": lambda: vm.sys_complete_promise_success("p", b"1"),
            "reject promise": lambda: vm.sys_complete_promise_failure("p", failure),
            "resolve awakeable": lambda: vm.sys_complete_awakeable_success(AWAKEABLE, b"1"),
            "reject awakeable": lambda: vm.sys_complete_awakeable_failure(AWAKEABLE, failure),
            "resolve signal": lambda: vm.sys_complete_signal_success(frames.INVOCATION_ID, "s", b"1"),
            "reject signal": lambda: vm.sys_complete_signal_failure(frames.INVOCATION_ID, "s", failure),
            "cancel": lambda: vm.sys_cancel(frames.INVOCATION_ID),
            "attach": lambda: vm.attach_invocation(frames.INVOCATION_ID),
        }
        return does[step]()

    def wait(self, handle: Any) -> Any:
        while True:
            progress = self.vm.do_progress(PyUnresolvedFuture.single(handle))
            if isinstance(progress, PySuspended):
                raise Suspended
            if isinstance(progress, PyDoProgressExecuteRun):
                self.vm.propose_run_completion_success(progress.handle, b"r")
                continue
            assert isinstance(progress, PyDoProgressAnyCompleted), progress
            result = self.vm.take_notification(handle)
            if isinstance(result, PyFailure):
                return result.code, result.message
            if isinstance(result, PyStateKeys):
                return result.keys
            return None if isinstance(result, PyVoid) else result

    def end(self) -> None:
        self.vm.sys_write_output_success(b"done")
        self.vm.sys_end()

    def output(self) -> bytes:
        return bytes(self.vm.take_output() or b"")


class Said(NamedTuple):
    """What a side answered and what its handler saw."""

    frames: list[tuple[str, bytes, int]]
    seen: list[Any]


def play(side: Ours | Theirs, steps: list[str]) -> Said:
    """Do the steps; a wait is for the oldest result not waited for yet."""
    handles: list[Any] = []
    seen: list[Any] = []
    try:
        for step in steps:
            if step != "wait":
                handle = side.do(step)
                if handle is not None:
                    handles.append(handle)
            elif handles:
                seen.append(side.wait(handles.pop(0)))
        side.end()
    except Suspended:
        seen.append("suspended")
    said = [
        (frame.name, _timeless(frame), frame.flags)
        for frame in frames.read(side.output())
        if frame.name != "AwaitingOn"
    ]
    return Said(said, seen)


def _timeless(frame: frames.Frame) -> bytes:
    if frame.name != "Sleep":
        return frame.payload
    number = frames.fields(frame.payload)[11]
    assert isinstance(number, int)
    return frames.number(1, 5) + frames.number(11, number) + frames.blob(12, "nap")


CODES = {
    "GetLazyState": 0x0402,
    "SetState": 0x0403,
    "ClearState": 0x0404,
    "GetLazyStateKeys": 0x0406,
    "GetEagerState": 0x0407,
    "GetEagerStateKeys": 0x0408,
    "GetPromise": 0x0409,
    "PeekPromise": 0x040A,
    "CompletePromise": 0x040B,
    "Sleep": 0x040C,
    "Call": 0x040D,
    "OneWayCall": 0x040E,
    "SendSignal": 0x0410,
    "Run": 0x0411,
    "AttachInvocation": 0x0412,
    "CompleteAwakeable": 0x0414,
}
VALUE, VOID = frames.blob(5, frames.value(b"7")), frames.blob(4, b"")
#: By command: the field with the id of the notification, its code, and what it carries.
ANSWERS: dict[str, list[tuple[int, int, bytes]]] = {
    "GetLazyState": [(11, 0x8002, VALUE)],
    "GetLazyStateKeys": [(11, 0x8006, frames.blob(17, frames.blob(1, "a")))],
    "GetPromise": [(11, 0x8009, VALUE)],
    "PeekPromise": [(11, 0x800A, VOID)],
    "CompletePromise": [(11, 0x800B, VOID)],
    "Sleep": [(11, 0x800C, VOID)],
    "Call": [
        (10, 0x800E, frames.blob(16, frames.INVOCATION_ID)),
        (11, 0x800D, frames.blob(6, frames.number(1, 418) + frames.blob(2, "no"))),
    ],
    "OneWayCall": [(10, 0x800E, frames.blob(16, frames.INVOCATION_ID))],
    "Run": [(11, 0x8011, VALUE)],
    "AttachInvocation": [(11, 0x8012, VALUE)],
}


def journal_of(said: Said, awakeables: int, dice: random.Random) -> list[bytes]:
    """Return the commands a side issued, and some of the results they may have."""
    journal: list[bytes] = []
    results = [frames.signal(17 + number, b"9") for number in range(awakeables)]
    for name, payload, _ in said.frames:
        if name not in CODES:
            continue
        journal.append(frames.frame(CODES[name], payload))
        content = frames.fields(payload)
        for field, code, outcome in ANSWERS.get(name, ()):
            number = content[field]
            assert isinstance(number, int)
            results.append(frames.frame(code, frames.number(1, number) + outcome))
    dice.shuffle(results)
    return journal + results[: dice.randint(0, len(results))]


@pytest.mark.slow
@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=25),
    version=st.sampled_from((5, 6, 7)),
    is_partial=st.booleans(),
    dice=st.randoms(use_true_random=False),
)
def test_same_commands_and_input_give_the_same_output(
    steps: list[str], version: int, is_partial: bool, dice: random.Random
) -> None:
    if "clear" in steps:
        first = steps.index("clear")
        steps = steps[:first] + [step for step in steps[first:] if step != "keys"]
    options: dict[str, Any] = {"key": "k", "state": STATE, "partial_state": is_partial}
    journal: list[bytes] = []
    for _ in range(4):  # each attempt knows more than the one before
        data = frames.request(b"x", *journal, **options)
        ours, theirs = play(Ours(version, data), steps), play(Theirs(version, data), steps)
        assert ours == theirs
        fresh = journal_of(ours, steps.count("awakeable"), dice)
        if not fresh:
            break
        journal += fresh
