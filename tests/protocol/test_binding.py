"""What the extension adds to the crate: conversions, exceptions, types."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from awaken import _core
from awaken.errors import (
    AttemptClosedError,
    InvalidIdError,
    JournalMismatchError,
    LocalProtocolError,
    RemoteProtocolError,
    SdkInternalBaseException,
    TerminalError,
    UnsupportedFeatureError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RAW = bytes.fromhex("b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615")
ID = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"
AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"


def frame(code: int, payload: bytes = b"") -> bytes:
    return code.to_bytes(2, "big") + b"\0\0" + len(payload).to_bytes(4, "big") + payload


def start(known_entries: int = 1, rest: bytes = b"\x28\x01") -> bytes:
    payload = b"\x0a\x18" + RAW + b"\x12\x26" + ID.encode() + b"\x18" + bytes([known_entries]) + rest
    return frame(0x0000, payload)


def processing(version: int = 6, *entries: bytes, rest: bytes = b"\x28\x01") -> _core.EndpointMachine:
    machine = _core.EndpointMachine(version)
    machine.receive(start(1 + len(entries), rest) + frame(0x0400) + b"".join(entries))
    machine.take_input()
    return machine


def test_constants_and_content_types() -> None:
    assert (_core.MIN_PROTOCOL_VERSION, _core.MAX_PROTOCOL_VERSION) == (5, 7)
    assert _core.DEFAULT_MAX_MESSAGE_SIZE <= _core.DEFAULT_MAX_JOURNAL_SIZE == 256 * 1024 * 1024
    assert _core.content_type(6) == "application/vnd.restate.invocation.v6"
    for version in (4, 8):
        with pytest.raises(ValueError, match=f"protocol version {version} is not supported"):
            _core.content_type(version)
        with pytest.raises(ValueError, match=f"protocol version {version} is not supported"):
            _core.EndpointMachine(version)


def test_importing_the_extension_imports_nothing_else_of_the_package() -> None:
    script = (
        "import sys, importlib.machinery, importlib.util\n"
        f"loader = importlib.machinery.ExtensionFileLoader('_core', {_core.__file__!r})\n"
        "spec = importlib.util.spec_from_loader('_core', loader)\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "loader.exec_module(module)\n"
        "print([name for name in sys.modules if name.startswith('awaken')])\n"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"


def test_ids_round_trip() -> None:
    assert _core.format_invocation_id(RAW) == ID
    assert _core.parse_invocation_id(ID) == RAW
    assert _core.format_awakeable_id(RAW, 17) == AWAKEABLE
    for text, is_legacy in ((AWAKEABLE, False), (AWAKEABLE.replace("sign_1", "prom_1"), True)):
        parsed = _core.parse_awakeable_id(text)
        assert (parsed.invocation_id, parsed.index, parsed.is_legacy) == (ID, 17, is_legacy)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: _core.format_invocation_id(b"short"),
        lambda: _core.parse_awakeable_id(_core.format_awakeable_id(b"short", 17)).invocation_id,
        lambda: _core.parse_invocation_id("inv_1"),
        lambda: _core.parse_awakeable_id("prom_1"),
    ],
)
def test_wrong_ids_raise(attempt: Callable[[], object]) -> None:
    with pytest.raises(InvalidIdError) as caught:
        attempt()
    assert isinstance(caught.value, TerminalError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.status_code == 400
    assert caught.value.message == str(caught.value)


def test_decoder_names_unknown_codes_with_nothing() -> None:
    decoder = _core.Decoder()
    decoder.receive(frame(0x040F, b"?"))
    message = decoder.take_message()
    assert message is not None
    assert (message.code, message.name, message.payload) == (0x040F, "", b"?")
    assert message.encode() == frame(0x040F, b"?")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (frame(0x0008), "unknown control message 0x0008"),
        (frame(0xFC01), "custom message 0xFC01"),
        (frame(0x0000, b"\xff"), "cannot decode Start message"),
        (frame(0x0400, bytes(11)), "exceeds max_message_size 10"),
    ],
)
def test_decoder_stays_broken(data: bytes, text: str) -> None:
    decoder = _core.Decoder(max_message_size=10)
    decoder.receive(data)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match=text):
            decoder.take_message()
    decoder.receive(frame(0x0003))
    with pytest.raises(RemoteProtocolError, match=text):
        decoder.take_message()


def test_input_carries_what_start_told() -> None:
    machine = _core.EndpointMachine(7)
    fields = b"\x32\x01k\x38\x03\x48\x2a\x52\x01s\x5a\x01l\x62\x01i"
    body = b"\x0a\x06\x0a\x01a\x12\x01b\x72\x03\x0a\x01x"
    machine.receive(start(rest=fields) + frame(0x0400, body))
    taken = machine.take_input()
    assert taken.invocation_id == machine.invocation_id == ID
    assert (taken.key, taken.headers, taken.body) == ("k", [("a", "b")], b"x")
    assert (taken.random_seed, taken.retry_count) == (42, 3)
    assert (taken.scope, taken.limit_key, taken.idempotency_key) == ("s", "l", "i")


def test_optional_facts_are_none_and_an_absent_body_is_empty() -> None:
    machine = _core.EndpointMachine(6)
    machine.receive(start() + frame(0x0400))
    taken = machine.take_input()
    assert (taken.body, taken.headers, taken.key) == (b"", [], "")
    assert (taken.scope, taken.limit_key, taken.idempotency_key) == (None, None, None)


def test_zero_length_input_is_nothing() -> None:
    machine = _core.EndpointMachine(6)
    machine.receive(b"")
    assert (machine.state, machine.invocation_id, machine.take_output()) == ("bootstrapping", "", b"")
    assert machine.last_command == (0, "", "")


def test_state_is_told_at_each_stage() -> None:
    machine = _core.EndpointMachine(6)
    assert (machine.state, machine.is_ready(), machine.is_input_open()) == ("bootstrapping", False, True)
    run = frame(0x0411, b"\x58\x01\x62\x01r")
    machine.receive(start(2) + frame(0x0400) + run)
    assert (machine.state, machine.is_ready(), machine.is_replaying()) == ("replaying", True, True)
    assert machine.unacknowledged_limit(2 * (8 + len(run))) == 2 * (8 + len(run))
    machine.take_input()
    machine.run("r")
    assert (machine.state, machine.is_replaying(), machine.unacknowledged_limit(2)) == (
        "processing",
        False,
        0,
    )
    assert machine.last_command == (1, "Run", "r")
    machine.receive_end()
    machine.succeed(b"")
    assert (machine.state, machine.is_closed(), machine.is_input_open()) == ("closed", True, False)
    assert machine.is_output_pending()
    assert machine.take_output() == frame(0x0401, b"\x72\x00") + frame(0x0003)
    assert not machine.is_output_pending()


def test_every_kind_of_result_has_its_type() -> None:
    machine = processing(6)
    sleep = machine.sleep(1)
    child, called = machine.call("S", "h", b"")
    keys = machine.get_state_keys()
    assert isinstance(keys, int)
    failing = machine.run("r")
    for data in (
        frame(0x800C, b"\x08\x01\x22\x00"),
        frame(0x800E, b"\x08\x02\x82\x01\x26" + ID.encode()),
        frame(0x800D, b"\x08\x03\x2a\x03\x0a\x01v"),
        frame(0x8006, b"\x08\x04\x8a\x01\x06\x0a\x01b\x0a\x01a"),
        frame(0x8011, b"\x08\x05\x32\x0e\x08\x90\x03\x12\x01t\x1a\x06\x0a\x01a\x12\x01b"),
    ):
        machine.receive(data)

    every = _core.Awaiting(2, [failing, keys, _core.Awaiting(1, (called, child)), sleep])
    seen = {}
    for _ in range(5):
        progress = machine.progress(every)
        assert isinstance(progress, _core.Completed)
        seen[progress.handle] = progress.result

    failure = seen.pop(failing)
    assert isinstance(failure, _core.Failure)
    assert (failure.code, failure.message, failure.metadata) == (400, "t", [("a", "b")])
    assert seen == {sleep: None, child: ID, called: b"v", keys: ["b", "a"]}
    assert list(seen) == [sleep, child, called, keys], "journal order"


def test_variants_without_facts_are_always_the_same_object() -> None:
    first, second = processing(6), processing(6)
    assert first.progress(first.sleep(1)) is second.progress(second.sleep(1))
    assert repr(first.progress(0)) == "InputRequired()"
    assert isinstance(first.progress(0), _core.Progress)


def test_eager_state_is_bytes_or_none_and_lazy_state_a_handle() -> None:
    eager = processing(6, rest=b"\x22\x06\x0a\x01a\x12\x011\x22\x05\x0a\x01b\x12\x00")
    assert (eager.get_state("a"), eager.get_state("b"), eager.get_state("c")) == (b"1", b"", None)
    assert eager.get_state_keys() == ["a", "b"]
    assert processing(6).get_state("a") == 0


def test_mismatch_unwinds_the_handler() -> None:
    machine = processing(6, frame(0x040C, b"\x58\x01\x62\x09cool-down"))
    with pytest.raises(JournalMismatchError) as caught:
        machine.call("Greeter", "greet", b"")
    assert not isinstance(caught.value, Exception)
    assert isinstance(caught.value, SdkInternalBaseException)
    text = (
        'entry 1: recorded sleep "cool-down", attempted call Greeter/greet; '
        "register the changed handler as a new deployment; if it did not change, it uses a clock, a random number or "
        "other outside data: take those from ctx.time(), ctx.random(), ctx.uuid() or a run"
    )
    assert str(caught.value) == text
    assert machine.error == (570, text)
    with pytest.raises(AttemptClosedError, match="failed with 570"):
        machine.sleep(1)
    assert isinstance(machine.progress(0), _core.Closed)


def test_error_can_be_explained_while_its_frame_is_in_the_output() -> None:
    machine = processing(6)
    machine.retry(500, "boom", "")
    assert machine.explain("S/h at app.py:3: ", "line 3")
    assert machine.error == (500, "S/h at app.py:3: boom")
    assert b"S/h at app.py:3: boom" in machine.take_output()
    assert not machine.explain("late", "")


def test_a_payload_mismatch_can_be_allowed() -> None:
    journal = start(2) + frame(0x0400) + frame(0x0403, b"\x0a\x01k\x1a\x03\x0a\x01x")
    strict = _core.EndpointMachine(6, reveal_payloads=True)
    lenient = _core.EndpointMachine(6, verify_payloads=False)
    for machine in (strict, lenient):
        machine.receive(journal)
        machine.take_input()
    lenient.set_state("k", b"y")
    with pytest.raises(JournalMismatchError, match='recorded value "x", attempted "y"'):
        strict.set_state("k", b"y")


def test_missing_features_raise() -> None:
    with pytest.raises(UnsupportedFeatureError, match="failure metadata needs protocol version 6"):
        processing(5).fail(_core.Failure(400, "t", [("a", "b")]))
    machine = processing(6)
    with pytest.raises(UnsupportedFeatureError, match="a scope needs protocol version 7"):
        machine.call("S", "h", b"", scope="s")
    assert machine.error is not None
    assert machine.error[0] == 573


def test_refused_calls_raise_and_change_nothing() -> None:
    machine = processing(7)
    with pytest.raises(InvalidIdError, match="refusing legacy awakeable id"):
        machine.resolve_awakeable(AWAKEABLE.replace("sign_1", "prom_1"), b"")
    with pytest.raises(InvalidIdError):
        machine.cancel_invocation("inv_CHILD")
    with pytest.raises(LocalProtocolError, match="idempotency_key of send S/h is empty"):
        machine.send("S", "h", b"", idempotency_key="")
    with pytest.raises(LocalProtocolError, match="no scope"):
        machine.call("S", "h", b"", limit_key="l")
    with pytest.raises(LocalProtocolError, match="handle 9 is unknown"):
        machine.progress(9)
    with pytest.raises(LocalProtocolError, match="not an executing run"):
        machine.propose_run_value(9, b"")
    with pytest.raises(LocalProtocolError, match="the peer accepts 33816575"):
        machine.set_state("k", bytes(33_816_576))
    assert machine.take_output() == b""
    assert machine.run("r") == 0
    assert machine.take_output() == frame(0x0411, b"\x58\x01\x62\x01r")


@pytest.mark.parametrize("wrong", ["text", None, 1.5, [1]])
def test_awaiting_something_else_is_a_type_error(wrong: object) -> None:
    machine = processing(6)
    with pytest.raises(TypeError, match="await a handle or an Awaiting"):
        machine.progress(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="await a handle or an Awaiting"):
        _core.Awaiting(1, [wrong])  # type: ignore[list-item]


def test_numbers_out_of_range_are_errors_and_not_wrapped() -> None:
    machine = processing(6)
    with pytest.raises(OverflowError):
        machine.progress(-1)
    with pytest.raises(OverflowError):
        machine.sleep(-1)
    with pytest.raises(ValueError, match="combinator 5 is not between 0 and 4"):
        _core.Awaiting(5, [])


def test_trees_too_deep_are_refused() -> None:
    def nest(levels: int) -> None:
        tree = _core.Awaiting(1, [0])
        for _ in range(levels):
            tree = _core.Awaiting(1, [tree])

    nest(90)
    with pytest.raises(LocalProtocolError, match="levels deep"):
        nest(200)


def test_retry_run_tells_whether_the_policy_gave_up() -> None:
    def failed(policy: _core.RetryPolicy | None) -> tuple[bool, bytes]:
        machine = processing(6)
        run = machine.run("r")
        assert isinstance(machine.progress(run), _core.RunRequired)
        machine.take_output()
        gave_up = machine.retry_run(run, 500, "boom", "st", attempt_duration_ms=10, policy=policy)
        return gave_up, machine.take_output()

    assert failed(_core.RetryPolicy(max_attempts=1)) == (
        True,
        bytes.fromhex("000500000000000d08017a0908f4031204626f6f6d"),
    )
    assert failed(_core.RetryPolicy(initial_interval_ms=50, factor=2.0)) == (
        False,
        bytes.fromhex("000200000000001708f4031204626f6f6d1a02737420012a01723091084032"),
    )
    assert failed(None)[1].hex().endswith("309108"), "no delay without a policy"


def test_retry_works_before_anything_arrived() -> None:
    machine = _core.EndpointMachine(7)
    machine.retry(503, "draining", next_retry_delay_ms=50, pause=True)
    assert machine.error == (503, "draining")
    assert machine.take_output() == frame(0x0002, b"\x08\xf7\x03\x12\x08draining\x40\x32\x48\x01")


def test_limits_are_arguments() -> None:
    machine = _core.EndpointMachine(6, max_message_size=100, max_journal_size=10)
    machine.receive(start() + frame(0x0400, b"\x72\x03\x0a\x01x"))
    assert machine.error is not None
    assert machine.error[0] == 413
    assert "max_journal_size 10" in machine.error[1]


def test_a_protocol_error_never_raises() -> None:
    machine = _core.EndpointMachine(6)
    machine.receive(frame(0x0003))
    assert machine.error == (571, "unexpected End message (0x0003) while bootstrapping")
    machine.receive(b"ignored from now on")
    machine.receive_end()
    with pytest.raises(AttemptClosedError):
        machine.take_input()


def test_bytes_given_in_are_let_go_with_the_machine() -> None:
    data = start() + frame(0x0400, b"\x72\x03\x0a\x01x")
    references = sys.getrefcount(data)
    machine = _core.EndpointMachine(6)
    machine.receive(data)
    machine.take_input()
    del machine
    gc.collect()
    assert sys.getrefcount(data) == references
