"""The official core as an endpoint of our invoker machine: for any handler, the invocation ends in the same way.

The host here has a journal and nothing else. It answers commands at once where it can, and resolves what the handler
waits for when that suspends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from hypothesis import given, settings
from hypothesis import strategies as st
from restate._internal import (  # type: ignore[import-not-found]  # compiled, without types
    PyDoProgressAnyCompleted,
    PyDoProgressExecuteRun,
    PyFailure,
    PyStateKeys,
    PySuspended,
    PyUnresolvedFuture,
    PyVM,
    PyVoid,
)

from tests import frames
from tests.protocol.test_official_core import STEPS, Suspended, Theirs

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = frames.INVOCATION_ID
MAX_ATTEMPTS = 80
CANCEL = 1


class Host:
    """The journal of one invocation."""

    def __init__(self, version: int, *, is_bidirectional: bool, is_partial: bool) -> None:
        self.version = version
        self.is_bidirectional = is_bidirectional
        self.is_partial = is_partial
        self.entries: list[tuple[int, bytes]] = [_core.encode_input([("h", "v")], b"x")]
        #: Completions of unresolved promises; the machine gets them when the handler suspends on them.
        self.waiting: dict[int, str] = {}
        self.result: object = None

    def run(self, steps: list[str]) -> list[Any]:
        """Make attempts until the invocation ends; return what its handler saw in the last one."""
        for _ in range(MAX_ATTEMPTS):
            seen = Attempt(self).play(steps)
            if seen is not None:
                return seen
        pytest.fail(f"no end after {MAX_ATTEMPTS} attempts: {self.entries}")

    def answers(self, command: _core.RecordedCommand) -> Iterator[tuple[int, bytes]]:
        match command:
            case _core.GetLazyStateCommand(completion_id):
                yield _core.encode_completion("GetLazyState", completion_id, None)
            case _core.GetLazyStateKeysCommand(completion_id):
                yield _core.encode_completion("GetLazyStateKeys", completion_id, ["a"])
            case _core.GetPromiseCommand(completion_id):
                self.waiting[completion_id] = "GetPromise"
            case _core.PeekPromiseCommand(completion_id):
                yield _core.encode_completion("PeekPromise", completion_id, None)
            case _core.CompletePromiseCommand(completion_id, _, result):
                failure = _core.Failure(409, "taken") if isinstance(result, _core.Failure) else None
                yield _core.encode_completion("CompletePromise", completion_id, failure)
            case _core.SleepCommand(completion_id):
                self.waiting[completion_id] = "Sleep"
            case _core.CallCommand(invocation_id_completion_id, completion_id):
                yield _core.encode_completion("CallInvocationId", invocation_id_completion_id, ID)
                yield _core.encode_completion("Call", completion_id, _core.Failure(418, "no"))
            case _core.OneWayCallCommand(invocation_id_completion_id):
                yield _core.encode_completion("CallInvocationId", invocation_id_completion_id, ID)
            case _core.AttachInvocationCommand(completion_id, _core.InvocationTarget(target)):
                yield _core.encode_completion("AttachInvocation", completion_id, target.encode())
            case _core.OutputCommand(result):
                self.result = result

    def happens(self, suspended: _core.AttemptSuspended) -> Iterator[tuple[int, bytes]]:
        """What the handler waits for."""
        for completion_id in suspended.completions:
            if kind := self.waiting.pop(completion_id, None):
                yield _core.encode_completion(kind, completion_id, None if kind == "Sleep" else b"kept")
        for signal in suspended.signals:
            if signal != CANCEL:
                yield _core.encode_signal(signal, b"resolved")
        for name in suspended.named_signals:
            yield _core.encode_signal(name, b"sent")


class Attempt(Theirs):
    """One attempt: the official core joined to our machine."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.invoker = _core.InvokerMachine(host.version)
        self.sent = len(host.entries)
        self.suspended: _core.AttemptSuspended | None = None
        self.invoker.start(
            ID, known_entries=self.sent, key="k", state=[("a", b"1")], is_state_partial=host.is_partial
        )
        for code, payload in host.entries:
            self.invoker.replay(code, payload)
        self.vm = PyVM([("content-type", _core.content_type(host.version))], False, False)
        self.vm.notify_input(self.invoker.take_output())
        if not host.is_bidirectional:
            self.end_input()
        assert self.vm.is_ready_to_execute()
        self.vm.sys_input()

    def play(self, steps: list[str]) -> list[Any] | None:
        """Do the steps, then wait for everything; return what was seen, or None when it suspended."""
        handles: list[Any] = []
        seen: list[Any] = []
        try:
            for step in steps:
                handle = None if step == "wait" else self.do(step)
                if handle is not None:
                    handles.append(handle)
                elif step == "wait" and handles:
                    seen.append(self.wait(handles.pop(0)))
            seen += [self.wait(handle) for handle in handles]
            self.end()
        except Suspended:
            self.pump()
            assert self.suspended is not None
            self.wake(self.suspended)
            return None
        self.pump()
        assert self.invoker.is_closed()
        return seen

    def wait(self, handle: Any) -> Any:
        while True:
            progress = self.vm.do_progress(PyUnresolvedFuture.single(handle))
            if isinstance(progress, PySuspended):
                raise Suspended
            if isinstance(progress, PyDoProgressExecuteRun):
                self.vm.propose_run_completion_success(progress.handle, b"r")
            elif isinstance(progress, PyDoProgressAnyCompleted):
                result = self.vm.take_notification(handle)
                if isinstance(result, PyFailure):
                    return result.code, result.message
                if isinstance(result, PyStateKeys):
                    return result.keys
                return None if isinstance(result, PyVoid) else result
            elif not self.pump():
                self.end_input()

    def pump(self) -> bool:
        """Carry bytes both ways; return whether there were any."""
        written = self.output()
        self.invoker.receive(written)
        while (effect := self.invoker.take_effect()) is not None:
            self.apply(effect)
        output = self.invoker.take_output()
        if output:
            self.vm.notify_input(output)
        return bool(output)

    def end_input(self) -> None:
        self.invoker.end_input()
        self.vm.notify_input_closed()

    def apply(self, effect: _core.Effect) -> None:
        match effect:
            case _core.RecordedCommand(code=code, payload=payload):
                self.host.entries.append((code, payload))
                for entry in self.host.answers(effect):
                    self.send_entry(*entry)
            case _core.RunProposed(code=code, payload=payload):
                self.send_entry(code, payload)
            case _core.AttemptSuspended():
                self.suspended = effect
            case _core.AttemptFailed():
                pytest.fail(f"{effect.code} {effect.message}")
            case _core.AwaitingOn() | _core.AttemptEnded():
                pass

    def send_entry(self, code: int, payload: bytes) -> None:
        self.host.entries.append((code, payload))
        if self.invoker.notify(code, payload):
            self.sent = len(self.host.entries)

    def wake(self, suspended: _core.AttemptSuspended) -> None:
        """Let something happen that the handler waits for, unless it has."""
        entries = self.host.entries
        if not _core.can_resume(suspended.future, entries[self.sent :]):
            entries += self.host.happens(suspended)
            assert _core.can_resume(suspended.future, entries[self.sent :])


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.sampled_from(STEPS), max_size=25),
    version=st.sampled_from((5, 6, 7)),
    is_bidirectional=st.booleans(),
    is_partial=st.booleans(),
)
def test_any_handler_comes_to_its_end(
    steps: list[str], version: int, is_bidirectional: bool, is_partial: bool
) -> None:
    host = Host(version, is_bidirectional=is_bidirectional, is_partial=is_partial)

    seen = host.run(steps)

    assert host.result == b"done"
    assert "suspended" not in seen


@pytest.mark.parametrize("is_bidirectional", [True, False])
@pytest.mark.parametrize("version", [5, 6, 7])
def test_every_step_works_in_every_version_and_mode(version: int, is_bidirectional: bool) -> None:
    steps = [step for step in STEPS if step != "wait"]
    host = Host(version, is_bidirectional=is_bidirectional, is_partial=True)

    seen = host.run(steps)

    assert host.result == b"done"
    assert {b"r", b"resolved", b"sent", b"kept", ID, ID.encode(), (418, "no"), (409, "taken")} <= {
        tuple(one) if isinstance(one, list) else one for one in seen
    }
