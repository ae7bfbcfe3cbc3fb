"""The Python interface of the runtime's side: effects, entries, ids, and what a host must not do."""

from __future__ import annotations

import gc
import json

import pytest
from awaken import _core
from awaken.errors import InvalidIdError, LocalProtocolError, RemoteProtocolError

from tests.frames import blob, frame, number

ID = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"
AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
INPUT = _core.encode_input([("a", "b")], b"body")


def opened(version: int = 6, *entries: tuple[int, bytes]) -> _core.InvokerMachine:
    """Return a machine that has replayed Input and these entries, with its bytes taken."""
    machine = _core.InvokerMachine(version)
    machine.start(ID, known_entries=1 + len(entries), is_state_partial=True)
    for code, payload in (INPUT, *entries):
        machine.replay(code, payload)
    return machine


def joined(version: int = 6) -> tuple[_core.InvokerMachine, _core.EndpointMachine]:
    """Return both sides of a fresh attempt."""
    invoker, endpoint = opened(version), _core.EndpointMachine(version)
    endpoint.receive(invoker.take_output())
    endpoint.take_input()
    return invoker, endpoint


def effects(invoker: _core.InvokerMachine, endpoint: _core.EndpointMachine) -> list[_core.Effect]:
    """Carry what the endpoint wrote to the invoker, and return what follows from it."""
    invoker.receive(endpoint.take_output())
    taken = []
    while (effect := invoker.take_effect()) is not None:
        taken.append(effect)
    return taken


def one(invoker: _core.InvokerMachine, endpoint: _core.EndpointMachine) -> _core.Effect:
    (effect,) = effects(invoker, endpoint)
    return effect


def test_start_tells_the_endpoint_everything() -> None:
    invoker, endpoint = _core.InvokerMachine(7), _core.EndpointMachine(7)
    invoker.start(
        ID,
        known_entries=1,
        key="k",
        state=[("a", b"1"), ("b", b"")],
        retry_count=2,
        duration_since_last_stored_entry_ms=3,
        random_seed=4,
        scope="s",
        limit_key="l",
        idempotency_key="i",
    )
    invoker.replay(*INPUT)

    endpoint.receive(invoker.take_output())

    given = endpoint.take_input()
    assert (given.invocation_id, given.key, given.headers, given.body) == (ID, "k", [("a", "b")], b"body")
    assert (given.random_seed, given.retry_count) == (4, 2)
    assert (given.scope, given.limit_key, given.idempotency_key) == ("s", "l", "i")
    assert endpoint.get_state_keys() == ["a", "b"]
    assert (endpoint.get_state("b"), endpoint.get_state("c")) == (b"", None)


def test_start_tells_scopes_to_version_7_only() -> None:
    invoker, endpoint = _core.InvokerMachine(6), _core.EndpointMachine(6)
    invoker.start(ID, known_entries=1, scope="s", limit_key="l", idempotency_key="i")
    invoker.replay(*INPUT)

    endpoint.receive(invoker.take_output())

    given = endpoint.take_input()
    assert (given.scope, given.limit_key, given.idempotency_key) == (None, None, None)
    assert given.random_seed == _core.random_seed(ID)


def test_commands_are_matched_by_class_and_fields() -> None:
    invoker, endpoint = joined(7)
    options = {"headers": [("h", "v")], "idempotency_key": "ik", "scope": "s", "limit_key": "l"}
    endpoint.call("S", "h", b"p", key="k", name="n", **options)  # type: ignore[arg-type]
    endpoint.send("S", "h", b"p", invoke_time_ms=9, **options)  # type: ignore[arg-type]
    endpoint.sleep(5, "nap")
    endpoint.set_state("a", b"1")
    endpoint.clear_state("a")
    endpoint.clear_all_state()
    endpoint.resolve_awakeable(AWAKEABLE, b"v")
    endpoint.resolve_signal(ID, "sig", b"v")
    endpoint.reject_signal(ID, "sig", _core.Failure(400, "no"))
    endpoint.cancel_invocation(ID)
    endpoint.get_promise("p")
    endpoint.peek_promise("p")
    endpoint.resolve_promise("p", b"v")
    endpoint.attach_invocation(ID)
    endpoint.run("r")

    taken = effects(invoker, endpoint)

    assert [effect.index for effect in taken if isinstance(effect, _core.RecordedCommand)] == list(
        range(1, 16)
    )
    match taken:
        case [
            _core.CallCommand(1, 2, "S", "h", "k", b"p", [("h", "v")], "ik", "s", "l", name="n", code=0x040D),
            _core.OneWayCallCommand(3, 9, "S", "h", "", b"p", [("h", "v")], "ik", "s", "l"),
            _core.SleepCommand(4, 5, name="nap", payload=b"\x08\x05\x58\x04\x62\x03nap"),
            _core.SetStateCommand("a", b"1"),
            _core.ClearStateCommand("a"),
            _core.ClearAllStateCommand(),
            _core.CompleteAwakeableCommand(awakeable, awaited, 17, b"v"),
            _core.SendSignalCommand(target, "sig", b"v"),
            _core.SendSignalCommand(_, "sig", _core.Failure(code=400, message="no")),
            _core.SendSignalCommand(_, 1, None),
            _core.GetPromiseCommand(5, "p"),
            _core.PeekPromiseCommand(6, "p"),
            _core.CompletePromiseCommand(7, "p", b"v"),
            _core.AttachInvocationCommand(8, _core.InvocationTarget(attached)),
            _core.RunCommand(9, name="r", is_ack_requested=False),
        ]:
            assert (awakeable, awaited, target, attached) == (AWAKEABLE, ID, ID, ID)
        case _:
            pytest.fail(repr(taken))


def test_targets_that_other_endpoints_name_are_matched_by_class_and_fields() -> None:
    invoker, endpoint = joined(7)
    workflow = blob(1, "W") + blob(2, "k") + blob(3, "s")
    call = blob(1, "S") + blob(2, "k") + blob(3, "h") + blob(4, "ik")

    invoker.receive(frame(0x0412, blob(4, workflow) + number(11, 1)))
    invoker.receive(frame(0x0412, blob(3, call) + number(11, 2)))
    invoker.receive(frame(0x0413, blob(1, ID) + number(11, 3)))
    invoker.receive(frame(0x0413, blob(4, workflow) + number(11, 4)))
    invoker.receive(frame(0x0413, blob(3, call) + number(11, 5)))

    match effects(invoker, endpoint):
        case [
            _core.AttachInvocationCommand(1, _core.WorkflowTarget("W", "k", "s")),
            _core.AttachInvocationCommand(2, _core.IdempotentTarget("S", "h", "ik", "k", None)),
            _core.GetInvocationOutputCommand(3, _core.InvocationTarget(asked)),
            _core.GetInvocationOutputCommand(4, _core.WorkflowTarget("W", "k", "s")),
            _core.GetInvocationOutputCommand(5, _core.IdempotentTarget("S", "h", "ik", "k", None)),
        ]:
            assert asked == ID
        case taken:
            pytest.fail(repr(taken))


@pytest.mark.parametrize("version", [5, 6, 7])
def test_run_is_proposed_stored_and_told(version: int) -> None:
    invoker, endpoint = joined(version)
    run = endpoint.run("r")
    assert endpoint.progress(run) is not None
    endpoint.propose_run_value(run, b"42")
    command, proposed, *rest = effects(invoker, endpoint)
    assert isinstance(command, _core.RunCommand)
    assert isinstance(proposed, _core.RunProposed)
    assert (proposed.completion_id, rest) == (1, [])
    assert (proposed.code, proposed.payload) == _core.encode_completion("Run", 1, b"42")

    assert invoker.notify(proposed.code, proposed.payload)

    output = invoker.take_output()
    assert output[:2] == (b"\x00\x07" if version == 7 else b"\x80\x11")
    endpoint.receive(output)
    assert endpoint.progress(run).result == b"42"  # type: ignore[union-attr]


def test_end_of_an_invocation() -> None:
    invoker, endpoint = joined()
    endpoint.succeed(b"done")

    match effects(invoker, endpoint):
        case [_core.OutputCommand(b"done"), _core.AttemptEnded()]:
            assert invoker.is_closed()
            assert not invoker.is_input_open()
        case other:
            pytest.fail(repr(other))


def test_terminal_failure_is_an_output() -> None:
    invoker, endpoint = joined()
    endpoint.fail(_core.Failure(409, "cancelled", [("a", "b")]))

    match effects(invoker, endpoint):
        case [_core.OutputCommand(_core.Failure(code=409, metadata=[("a", "b")])), _core.AttemptEnded()]:
            pass
        case other:
            pytest.fail(repr(other))


def test_error_frame_is_an_attempt_that_failed() -> None:
    invoker, endpoint = joined(7)
    run = endpoint.run("r")
    endpoint.progress(run)
    endpoint.retry_run(run, 500, "boom", "trace", attempt_duration_ms=1, policy=_core.RetryPolicy(factor=2.0))

    failed = effects(invoker, endpoint)[-1]

    assert isinstance(failed, _core.AttemptFailed)
    assert (failed.code, failed.message, failed.stacktrace) == (500, "boom", "trace")
    assert (failed.related_command_index, failed.related_command_name) == (1, "r")
    assert (failed.related_command_type, failed.next_retry_delay_ms) == ("Run", 50)
    assert (failed.behavior, failed.is_violation) == ("retry", False)


def test_pause_and_violations_are_told_apart() -> None:
    invoker, endpoint = joined(7)
    endpoint.retry(500, "later", pause=True)
    paused = one(invoker, endpoint)
    assert isinstance(paused, _core.AttemptFailed)
    assert (paused.behavior, paused.is_violation) == ("pause", False)

    invoker = opened()
    invoker.receive(b"\x00\x03\0\0\0\0\0\0")
    broken = invoker.take_effect()
    assert isinstance(broken, _core.AttemptFailed)
    assert (broken.code, broken.is_violation) == (571, True)
    assert broken.message == "End without an Output command: the invocation would have no result"


def test_response_that_ends_early_is_an_attempt_that_failed() -> None:
    invoker = opened()
    invoker.receive_end()

    failed = invoker.take_effect()

    assert isinstance(failed, _core.AttemptFailed)
    assert (failed.code, failed.is_violation) == (500, False)


@pytest.mark.parametrize(
    ("version", "future"),
    [
        (6, {"Unknown": [{"Single": {"SignalIndex": 17}}, {"Single": {"SignalIndex": 1}}]}),
        (7, {"FirstCompleted": [{"Single": {"SignalIndex": 17}}, {"Single": {"SignalIndex": 1}}]}),
    ],
)
def test_suspension_names_what_is_awaited(version: int, future: object) -> None:
    invoker, endpoint = joined(version)
    _, handle = endpoint.awakeable()
    endpoint.receive_end()
    invoker.end_input()
    endpoint.progress(handle)

    suspended = one(invoker, endpoint)

    assert isinstance(suspended, _core.AttemptSuspended)
    assert (suspended.completions, suspended.signals, suspended.named_signals) == ([], [17, 1], [])
    assert json.loads(suspended.future_json) == future
    resolved = _core.encode_signal(17, b"v")
    assert not _core.can_resume(suspended.future, [])
    assert not _core.can_resume(suspended.future, [INPUT, _core.encode_signal("17", b"v")])
    assert _core.can_resume(suspended.future, [INPUT, resolved])
    assert not invoker.notify(*resolved)


def test_awaiting_is_told_while_the_input_is_open() -> None:
    invoker, endpoint = joined(7)
    handle = endpoint.signal("go")
    endpoint.progress(handle)

    hint = one(invoker, endpoint)

    assert isinstance(hint, _core.AwaitingOn)
    assert json.loads(hint.future_json) == {
        "FirstCompleted": [{"Single": {"SignalIndex": 1}}, {"Single": {"SignalName": "go"}}]
    }


def test_stored_entries_replay() -> None:
    invoker, endpoint = joined()
    endpoint.call("S", "h", b"p")
    endpoint.get_state("a")
    stored = [(e.code, e.payload) for e in effects(invoker, endpoint) if isinstance(e, _core.RecordedCommand)]
    stored += [
        _core.encode_completion("CallInvocationId", 1, ID),
        _core.encode_completion("Call", 2, _core.Failure(400, "no", [("a", "b")])),
        _core.encode_completion("GetLazyState", 3, None),
    ]

    again, endpoint = opened(6, *stored), _core.EndpointMachine(6)
    endpoint.receive(again.take_output())
    endpoint.take_input()

    child, result = endpoint.call("S", "h", b"p")
    lazy = endpoint.get_state("a")
    assert isinstance(lazy, int)
    assert endpoint.progress(child).result == ID  # type: ignore[union-attr]
    failure = endpoint.progress(result).result  # type: ignore[union-attr]
    assert isinstance(failure, _core.Failure)
    assert (failure.code, failure.metadata) == (400, [("a", "b")])
    assert endpoint.progress(lazy).result is None  # type: ignore[union-attr]


def test_entries_are_encoded_as_on_a_server() -> None:
    assert _core.encode_input([], b"") == (0x0400, b"\x72\x00")
    assert _core.encode_signal(1, None) == (0xFBFF, b"\x10\x01\x22\x00")
    assert _core.encode_signal("foo", b"v") == (0xFBFF, b"\x1a\x03foo\x2a\x03\x0a\x01v")
    assert _core.encode_completion("Sleep", 1, None) == (0x800C, b"\x08\x01\x22\x00")
    assert _core.encode_completion("GetLazyStateKeys", 2, ["a"]) == (0x8006, b"\x08\x02\x8a\x01\x03\x0a\x01a")


def test_entries_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match='unknown completion "Nap"'):
        _core.encode_completion("Nap", 1, None)
    with pytest.raises(ValueError, match="Sleep completes with void"):
        _core.encode_completion("Sleep", 1, b"")
    with pytest.raises(ValueError, match="state keys"):
        _core.encode_signal(17, ["a"])
    with pytest.raises(TypeError, match="not float"):
        _core.encode_signal(17, 1.5)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        _core.encode_signal(-1, None)
    with pytest.raises(RemoteProtocolError):
        _core.can_resume(b"\xff", [])
    with pytest.raises(RemoteProtocolError):
        _core.can_resume(b"", [(0x800C, b"")])


def test_host_errors_are_raised_and_change_nothing() -> None:
    machine = _core.InvokerMachine(6)
    with pytest.raises(InvalidIdError):
        machine.start("inv_1", known_entries=1)
    with pytest.raises(LocalProtocolError, match="start first"):
        machine.replay(*INPUT)
    with pytest.raises(LocalProtocolError, match="at least its Input"):
        machine.start(ID, known_entries=0)
    assert (machine.state, machine.is_output_pending()) == ("idle", False)

    machine.start(ID, known_entries=1)
    with pytest.raises(LocalProtocolError, match="replay all known entries first"):
        machine.notify(*_core.encode_signal(1, None))
    machine.replay(*INPUT)
    machine.take_output()

    for entry, reason in (
        (_core.encode_completion("Sleep", 1, None), "no command took this id"),
        ((0x800C, b""), "carries no id"),
    ):
        with pytest.raises(LocalProtocolError, match=reason):
            machine.notify(*entry)
    with pytest.raises(LocalProtocolError, match="more entries than known_entries"):
        machine.replay(*INPUT)
    with pytest.raises(LocalProtocolError, match="start once"):
        machine.start(ID, known_entries=1)
    assert (machine.state, machine.is_output_pending()) == ("open", False)


def test_ids_are_made_of_their_parts() -> None:
    random = _core.random_invocation_id(bytes(24), "Obj", key="k")
    workflow = _core.workflow_invocation_id("Obj", "k")
    idempotent = _core.idempotent_invocation_id("Obj", "h", "i", key="k")
    raw = [_core.parse_invocation_id(one_id) for one_id in (random, workflow, idempotent)]

    assert len({one_raw[:8] for one_raw in raw}) == 1
    assert len(set(raw)) == 3
    assert raw[0][8:] == bytes(16)
    assert _core.random_invocation_id(bytes(24), "S") == _core.format_invocation_id(bytes(24))
    assert (
        workflow
        == _core.workflow_invocation_id("Obj", "k")
        != _core.workflow_invocation_id("Obj", "k", scope="s")
    )
    assert _core.random_seed("inv_1hiS7NJ04H3C6TVtDCP1YdcwM2skNJPxCN") == 1377581273651997547
    with pytest.raises(InvalidIdError):
        _core.random_invocation_id(bytes(23), "S")


def test_effects_outlive_their_machine_and_the_bytes() -> None:
    invoker, endpoint = joined()
    endpoint.set_state("a", b"x" * 10_000)
    invoker.receive(bytes(bytearray(endpoint.take_output())))
    effect = invoker.take_effect()
    del invoker, endpoint
    gc.collect()

    assert isinstance(effect, _core.SetStateCommand)
    assert effect.value == b"x" * 10_000
    assert repr(effect) == '<entry 1: set state "a">'


def test_stored_entries_are_described() -> None:
    entry = _core.describe_entry(*_core.encode_signal(17, b"v"))
    assert (entry.entry_type, entry.name, entry.completion_ids) == ("Notification: Signal", None, [])
    assert _core.describe_entry(*_core.encode_completion("Sleep", 3, None)).completion_ids == [3]
    assert json.loads(entry.json) == {
        "Notification": {"Signal": {"id": {"Index": 17}, "result": {"Success": [118]}}}
    }
    assert json.loads(entry.lite_json) == {
        "Notification": {"ty": "Signal", "id": {"SignalIndex": 17}, "result": "Success"}
    }

    call = _core.describe_entry(
        0x040D, b"\x0a\x01S\x12\x01h\x2a\x01k", callee_id=ID, service_type="Workflow", handler_type="Shared"
    )
    assert (call.entry_type, call.name) == ("Command: Call", "")
    assert json.loads(call.lite_json)["Command"]["Call"] == {
        "invocation_id": ID,
        "invocation_target": {
            "Workflow": {"name": "S", "key": "k", "handler": "h", "handler_ty": "Shared", "scope": None}
        },
        "invocation_id_completion_id": 0,
        "result_completion_id": 0,
    }

    with pytest.raises(RemoteProtocolError):
        _core.describe_entry(0x0415, b"")
