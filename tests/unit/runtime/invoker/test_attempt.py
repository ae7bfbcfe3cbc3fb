"""Attempts against endpoints that misbehave, or are slow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken import _core
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, awakeable_of
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from awaken.exchange import Dialer

V7 = _core.content_type(7)


class Line:
    """An `awaken.exchange.Outgoing` whose other end is the test."""

    def __init__(self, on_change: Callable[[], None], credit: int) -> None:
        self.status: int | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.credit = credit
        self.is_ended = False
        self.is_reset = False
        self.failure: str | None = None
        self.is_joining = True
        self.sent = b""
        self.is_request_ended = False
        self.is_disconnected = False
        self._received = b""
        self._on_change = on_change

    def send(self, data: bytes) -> None:
        assert not self.is_request_ended
        assert len(data) <= self.credit, "sent beyond the credit"
        self.credit -= len(data)
        self.sent += data

    def end(self) -> None:
        self.is_request_ended = True

    def disconnect(self) -> None:
        self.is_disconnected = True

    def take(self) -> bytes:
        data, self._received = self._received, b""
        return data

    def answer(
        self,
        status: int = 200,
        body: bytes = b"",
        *,
        content_type: str = V7,
        is_ended: bool = True,
    ) -> None:
        self.status = status
        self.headers = (("content-type", content_type),)
        self._received += body
        self.is_ended = is_ended
        self._on_change()

    def break_off(self, failure: str) -> None:
        self.is_reset = True
        self.failure = failure
        self._on_change()

    def give_credit(self, size: int) -> None:
        self.credit += size
        self._on_change()


class Lines:
    """Stands in for the way to an endpoint once it is switched on; discovery goes to the real one."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self.opened: list[Line] = []
        self.paths: list[str] = []
        self.request_headers: list[Mapping[str, str]] = []
        self.credit = 1 << 20

    def open(
        self, method: str, path: str, headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> object:
        if method == "GET":
            return self._dialer.open(method, path, headers, on_change)
        line = Line(on_change, self.credit)
        self.opened.append(line)
        self.paths.append(path)
        self.request_headers.append(headers)
        return line

    def has_opened(self, count: int) -> bool:
        return len(self.opened) >= count

    async def close(self) -> None:
        await self._dialer.close()


class LinesHarness(Harness):
    lines: Lines

    def _dial(self, uri: str, *, use_http_11: bool) -> Dialer:
        if not hasattr(self, "lines"):
            self.lines = Lines(super()._dial(uri, use_http_11=use_http_11))
        return self.lines  # type: ignore[return-value]


@pytest_asyncio.fixture
async def lines_harness(tmp_path: Path) -> AsyncIterator[LinesHarness]:
    harness = LinesHarness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop(grace_s=0)


async def started(
    harness: LinesHarness, target: str = "Echo/echo", argument: object = "x"
) -> tuple[str, Line]:
    before = len(harness.lines.opened)
    invocation_id = await harness.send(target, argument)
    await harness.until(lambda: len(harness.lines.opened) > before)
    return invocation_id, harness.lines.opened[-1]


def failure_of(harness: Harness, invocation_id: str) -> tuple[str, str]:
    ((code, text),) = harness.rows(
        "SELECT last_failure_code, last_failure FROM invocation WHERE id = ?", invocation_id
    )
    return code, text


async def test_request_is_what_endpoints_expect(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)

    assert lines_harness.lines.paths == ["/invoke/Echo/echo"]
    assert dict(lines_harness.lines.request_headers[0]) == {
        "content-type": V7,
        "accept": V7,
        "x-restate-invocation-id": invocation_id,
        "x-restate-cluster-name": "localcluster",
    }
    decoder = _core.Decoder()
    decoder.receive(line.sent)
    names = []
    while (message := decoder.take_message()) is not None:
        names.append(message.name)
    assert names == ["Start", "Input"]
    assert not line.is_request_ended


async def test_request_to_a_key_names_it(lines_harness: LinesHarness) -> None:
    await lines_harness.send("Counter/a b\u00e9/add", 1)
    await lines_harness.until(lambda: len(lines_harness.lines.request_headers) == 1)

    headers = dict(lines_harness.lines.request_headers[0])
    assert headers["x-restate-service-key"] == "a%20b%C3%A9"


@pytest.mark.parametrize(
    ("status", "content_type", "reason"),
    [
        (404, "text/plain", "RT0012"),
        (415, "text/plain", "RT0015"),
        (429, "text/plain", "RT0023"),
        (502, "text/plain", "RT0010"),
        (503, "text/plain", "RT0023"),
        (200, "text/html", "RT0012"),
    ],
)
async def test_unexpected_answer_fails_the_attempt(
    lines_harness: LinesHarness, status: int, content_type: str, reason: str
) -> None:
    invocation_id, line = await started(lines_harness)

    line.answer(status, b"what is this?", content_type=content_type)
    await lines_harness.until_status(invocation_id, "backing-off")

    code, text = failure_of(lines_harness, invocation_id)
    assert code == reason
    assert "what is this?" in text


async def test_lost_connection_fails_the_attempt(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)

    line.break_off("connection refused")
    await lines_harness.until_status(invocation_id, "backing-off")

    code, text = failure_of(lines_harness, invocation_id)
    assert code == "RT0010"
    assert "connection refused" in text


@pytest.mark.parametrize("body", [b"", b"\x00\x00", b"\x7f\xff\x00\x00\x00\x00\x00\x00", b"\xff" * 64])
async def test_broken_protocol_fails_the_attempt(lines_harness: LinesHarness, body: bytes) -> None:
    invocation_id, line = await started(lines_harness)

    line.answer(200, body)
    await lines_harness.until_status(invocation_id, "backing-off")

    assert failure_of(lines_harness, invocation_id)[0] in ("RT0007", "RT0012")
    assert lines_harness.rows("SELECT idx FROM journal") == [(0,)]


async def test_no_more_is_sent_than_there_is_credit_for(lines_harness: LinesHarness) -> None:
    lines_harness.lines.credit = 100
    _, line = await started(lines_harness, argument="x" * 1000)
    await lines_harness.until(lambda: len(line.sent) == 100)

    line.give_credit(300)
    await lines_harness.until(lambda: len(line.sent) == 400)
    line.give_credit(10_000)
    await lines_harness.until(lambda: len(line.sent) > 1000)

    assert not line.is_request_ended


async def test_end_of_the_request_waits_for_credit(lines_harness: LinesHarness) -> None:
    lines_harness.lines.credit = 100
    _, line = await started(lines_harness, f"Impatient/{'x' * 1000}/wait", None)

    lines_harness.advance(1000)
    assert not line.is_request_ended
    line.give_credit(10_000)

    await lines_harness.until(lambda: line.is_request_ended)


async def test_response_left_open_after_its_end_is_cut_off(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)

    line.answer(200, output_and_end(b'"done"'), is_ended=False)

    assert await lines_harness.result(invocation_id) == "done"
    assert not line.is_disconnected
    lines_harness.advance(5000)
    assert line.is_disconnected


async def test_request_ends_with_the_response_that_ended_the_attempt(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)

    line.answer(200, output_and_end(b'"done"'))

    assert await lines_harness.result(invocation_id) == "done"
    assert line.is_request_ended
    assert not line.is_disconnected


@pytest.mark.parametrize(("status", "body"), [(500, b"broken"), (200, b"\xff" * 8)])
async def test_request_ends_with_an_answer_that_fails_the_attempt(
    lines_harness: LinesHarness, status: int, body: bytes
) -> None:
    invocation_id, line = await started(lines_harness)

    line.answer(status, body)

    await lines_harness.until_status(invocation_id, "backing-off")
    assert line.is_request_ended


async def test_output_without_its_end_is_replayed(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)
    output, end = split(output_and_end(b'"done"'))
    line.answer(200, output, is_ended=False)
    await lines_harness.until(lambda: len(lines_harness.rows("SELECT 1 FROM journal")) == 2)
    line.break_off("gone")
    await lines_harness.until_status(invocation_id, "backing-off")

    lines_harness.advance(1000)
    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 2)
    lines_harness.lines.opened[1].answer(200, end)

    assert await lines_harness.result(invocation_id) == "done"


async def test_only_so_many_attempts_are_open(tmp_path: Path) -> None:
    harness = LinesHarness(
        tmp_path / "data", SERVICES, clock=ManualClock(), settings=RuntimeSettings(max_open_attempts=2)
    )
    await harness.start()
    ids = [await harness.send("Echo/echo", "x") for _ in range(5)]
    await harness.until(lambda: len(harness.lines.opened) == 2)

    for index in range(5):
        await harness.until(partial(harness.lines.has_opened, index + 1))
        assert len(harness.lines.opened) <= index + 2
        harness.lines.opened[index].answer(200, output_and_end(b"1"))

    assert [await harness.result(one) for one in ids] == [1] * 5
    await harness.stop(grace_s=0)


async def test_those_that_wait_make_room_for_those_that_are_due(tmp_path: Path) -> None:
    settings = RuntimeSettings(max_open_attempts=2)
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), settings=settings)
    await harness.start()
    waiting = [await harness.send("Echo/wait") for _ in range(5)]
    await harness.until_waiting(2)

    for count in (4, 5):
        harness.advance(50)
        await harness.until_waiting(count)

    assert [harness.status(one) for one in waiting].count("suspended") >= 3
    for one in waiting:
        await harness.runtime.resolve_awakeable(awakeable_of(one), b'"x"')
    for one in waiting:
        assert await harness.result(one) == "x"
    await harness.stop()


async def test_long_messages_are_sent_in_small_pieces_at_little_cost(lines_harness: LinesHarness) -> None:
    lines_harness.lines.credit = 1000
    text = "x" * 8_000_000
    _, line = await started(lines_harness, argument=text)

    for _ in range(100):
        line.give_credit(100_000)
        await lines_harness.until(lambda: line.credit == 0 or len(line.sent) > len(text))

    assert len(line.sent) > len(text)


async def test_suspension_that_nobody_asked_for_loses_no_notification(lines_harness: LinesHarness) -> None:
    """An endpoint that stops suspends on its own, and may not have read the last message."""
    invocation_id, line = await started(lines_harness, "Echo/wait", None)
    await lines_harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"sent in vain"')

    line.answer(200, suspension_on_17())

    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 2)
    decoder = _core.Decoder()
    decoder.receive(lines_harness.lines.opened[1].sent)
    names = []
    while (message := decoder.take_message()) is not None:
        names.append(message.name)
    assert names == ["Start", "Input", "Signal"]


#: Any error that a statement of ours can have.
REFUSE_COMPLETION = (
    "CREATE TEMP TRIGGER bad BEFORE UPDATE OF completed_at ON invocation "
    "BEGIN SELECT RAISE(ABORT, 'bad'); END"
)


async def test_error_of_ours_fails_the_attempt_and_takes_back_its_rows(
    lines_harness: LinesHarness,
) -> None:
    invocation_id, line = await started(lines_harness)
    await lines_harness.runtime.store.committed()
    lines_harness.runtime.store.write(REFUSE_COMPLETION)
    await lines_harness.runtime.store.committed()

    # A small result is not written in the attempt's turn.
    line.answer(200, output_and_end(b'"' + b"x" * 100_000 + b'"'))
    await lines_harness.until_status(invocation_id, "backing-off")

    assert "the runtime failed" in failure_of(lines_harness, invocation_id)[1]
    assert lines_harness.rows("SELECT idx FROM journal") == [(0,)]
    lines_harness.runtime.store.write("DROP TRIGGER bad")
    lines_harness.advance(1000)
    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 2)
    lines_harness.lines.opened[1].answer(200, output_and_end(b'"done"'))
    assert await lines_harness.result(invocation_id) == "done"


async def test_error_of_ours_in_what_is_written_together_is_had_by_all_once(
    lines_harness: LinesHarness,
) -> None:
    invocation_id, line = await started(lines_harness)
    await lines_harness.runtime.store.committed()
    lines_harness.runtime.store.write(REFUSE_COMPLETION)
    await lines_harness.runtime.store.committed()

    line.answer(200, output_and_end(b'"done"'))
    await lines_harness.until(lambda: line.is_disconnected or not lines_harness.runtime.is_ready)
    assert lines_harness.rows("SELECT idx FROM journal") == [(0,)]
    lines_harness.advance(1000)
    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 2)
    lines_harness.lines.opened[1].answer(200, output_and_end(b'"done"'))
    await lines_harness.until_status(invocation_id, "backing-off")

    assert "the runtime failed" in failure_of(lines_harness, invocation_id)[1]
    assert lines_harness.runtime.is_ready, "nobody else has lost anything this time"
    lines_harness.runtime.store.write("DROP TRIGGER bad")
    lines_harness.advance(1000)
    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 3)
    lines_harness.lines.opened[2].answer(200, output_and_end(b'"done"'))
    assert await lines_harness.result(invocation_id) == "done"


def endpoint_machine() -> _core.EndpointMachine:
    """Return a machine that has its input."""
    runtime = _core.InvokerMachine(7)
    runtime.start(_core.format_invocation_id(bytes(24)), known_entries=1)
    runtime.replay(*_core.encode_input([], b""))
    runtime.end_input()
    machine = _core.EndpointMachine(7)
    machine.receive(runtime.take_output())
    machine.receive_end()
    machine.take_input()
    return machine


def output_and_end(value: bytes) -> bytes:
    machine = endpoint_machine()
    machine.succeed(value)
    return machine.take_output()


def suspension_on_17() -> bytes:
    machine = endpoint_machine()
    _, handle = machine.awakeable()
    progress = machine.progress(_core.Awaiting(1, [handle]))
    assert isinstance(progress, _core.Suspended)
    return machine.take_output()


def split(frames: bytes) -> tuple[bytes, bytes]:
    """Return the first frame, and the rest."""
    size = 8 + int.from_bytes(frames[4:8], "big")
    return frames[:size], frames[size:]


async def test_journal_that_cannot_be_read_leaves_no_exchange_behind(lines_harness: LinesHarness) -> None:
    invocation_id, line = await started(lines_harness)
    line.break_off("gone")
    await lines_harness.until_status(invocation_id, "backing-off")
    lines_harness.runtime.store.write("UPDATE journal SET code = 77")

    lines_harness.advance(60_000)

    await lines_harness.until(lambda: len(lines_harness.lines.opened) == 2)
    await lines_harness.until_status(invocation_id, "backing-off")
    assert lines_harness.lines.opened[1].is_disconnected


async def test_state_that_cannot_be_read_fails_the_attempt_and_delays_no_other(
    lines_harness: LinesHarness,
) -> None:
    lines_harness.runtime.store.write(
        "INSERT INTO state (service, key, name, value) VALUES ('Counter', 'k', CAST(x'ff' AS TEXT), x'31')"
    )

    damaged = await lines_harness.send("Counter/k/add", 1)
    others = [await lines_harness.send("Echo/echo", "x") for _ in range(3)]

    await lines_harness.until(lambda: lines_harness.lines.has_opened(len(others)))
    await lines_harness.until_status(damaged, "backing-off")
    assert "UTF-8" in failure_of(lines_harness, damaged)[1]
