"""Every attempt ends its stream with a frame that says how it ended, even before the handler starts."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import awaken
import pytest
import restate
from awaken.errors import RetryableError
from awaken.transports.http2.engines import EngineName, make_engine
from awaken.transports.server.server import start_server

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call
from tests.unit.transports.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RECORDED = frames.run_command(1, "alpha")
DONE = frames.run_completion(1, b"1")
OTHER = frames.run_command(2, "beta")


def service_with(handler: Any, **options: Any) -> awaken.Service:
    service = awaken.Service("S")
    service.handler(name="h", **options)(handler)
    return service


def error_of(call: Call) -> tuple[int, str]:
    """Return code and message of the Error frame that is all of the answer's end."""
    last = frames.read(call.exchange.body)[-1]
    assert last.name == "Error"
    content = frames.fields(last.payload)
    code, message = content[1], content[2]
    assert isinstance(code, int)
    assert isinstance(message, bytes)
    return code, message.decode()


# ------------------------------------------------------------ a handler that ends while recorded entries remain


async def read_text(ctx: awaken.Context, name: str) -> str:
    return name


async def fail_terminally(ctx: awaken.Context) -> str:
    raise awaken.TerminalError("no stock", 409)


async def fail_in_a_group(ctx: awaken.Context) -> str:
    raise ExceptionGroup("all", [awaken.TerminalError("no stock", 409)])


async def fail_in_a_task(ctx: awaken.Context) -> str:
    async with asyncio.TaskGroup() as group:
        group.create_task(fail_terminally(ctx))
    return "unreachable"


async def fail_while_waiting(ctx: awaken.Context) -> str:
    future = ctx.run_typed("alpha", never)
    await asyncio.gather(future, fail_terminally(ctx))
    return "unreachable"


async def fail_after_the_run(ctx: awaken.Context) -> str:
    await ctx.run_typed("alpha", never)
    raise awaken.TerminalError("no stock", 409)


async def misuse(ctx: awaken.Context) -> str:
    ctx.resolve_awakeable("no id", b"")
    return "unreachable"


async def never() -> int:
    raise AssertionError("the run is recorded")


@pytest.mark.parametrize(
    ("handler", "body", "journal", "recorded", "reason"),
    [
        (read_text, b"{bad", (RECORDED,), "alpha", "Unable to parse an input argument"),
        (read_text, b"{bad", (RECORDED, DONE), "alpha", "Unable to parse an input argument"),
        (fail_terminally, b"", (RECORDED,), "alpha", "no stock"),
        (fail_terminally, b"", (RECORDED, DONE, OTHER), "alpha", "no stock"),
        (fail_in_a_group, b"", (RECORDED,), "alpha", "no stock"),
        (fail_in_a_task, b"", (RECORDED,), "alpha", "no stock"),
        (fail_while_waiting, b"", (RECORDED, DONE, OTHER), "beta", "no stock"),
        (fail_after_the_run, b"", (RECORDED, DONE, OTHER), "beta", "no stock"),
        (misuse, b"", (RECORDED,), "alpha", "no id"),
    ],
)
async def test_failure_that_meets_recorded_entries_is_a_mismatch_that_tells_both(
    handler: Any, body: bytes, journal: tuple[bytes, ...], recorded: str, reason: str
) -> None:
    call = Call(service_with(handler), "h")

    call.send(frames.request(body, *journal))
    await call.until_ended()

    code, message = error_of(call)
    assert code == 570
    assert f'recorded run "{recorded}", attempted output' in message
    assert reason in message
    assert message.startswith("S/h at ") or "Unable to parse" in message


async def test_input_that_no_longer_decodes_is_the_mismatch_of_the_official_sdk() -> None:
    service = restate.Service("S")

    async def read(ctx: restate.Context, name: str) -> str:
        return name

    service.handler(name="h")(read)
    theirs = await answer_of(restate.app([service]), "S", "h", frames.request(b"{bad", RECORDED))
    call = Call(service_with(read_text), "h")
    call.send(frames.request(b"{bad", RECORDED))
    await call.until_ended()

    (frame,) = frames.read(theirs)
    assert (frame.name, frames.fields(frame.payload)[1]) == ("Error", 570)
    assert error_of(call)[0] == 570


async def test_cancellation_that_meets_recorded_entries_is_a_mismatch() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    call = Call(service_with(handler), "h")
    call.send(frames.start(3), frames.input_command(), RECORDED, frames.CANCEL)
    await call.until_ended()

    code, message = error_of(call)
    assert code == 570
    assert 'recorded run "alpha"' in message


async def test_return_that_meets_recorded_entries_is_a_mismatch() -> None:
    async def handler(ctx: awaken.Context) -> str:
        return "done"

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", RECORDED))
    await call.until_ended()

    assert error_of(call)[0] == 570


@pytest.mark.parametrize(
    "error", [ValueError("later"), RetryableError("later"), asyncio.CancelledError("later")]
)
async def test_retryable_failure_that_meets_recorded_entries_is_retried(error: BaseException) -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise error

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", RECORDED))
    await call.until_ended()

    code, message = error_of(call)
    assert code == 500
    assert "later" in message


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("journal", "ending"), [((), "End"), ((RECORDED,), "Error")])
async def test_context_manager_that_raises_ends_the_attempt(
    moment: str, journal: tuple[bytes, ...], ending: str
) -> None:
    @asynccontextmanager
    async def surround() -> AsyncIterator[None]:
        if moment == "before":
            raise awaken.TerminalError("no database", 503)
        yield
        raise awaken.TerminalError("no database", 503)

    async def handler(ctx: awaken.Context) -> None: ...

    service = awaken.Service("S", invocation_context_managers=[surround])
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request(b"", *journal))
    await call.until_ended()

    assert call.answer[-1] == ending
    assert b"no database" in call.exchange.body


class Codec(awaken.JournalValueCodec):
    """Fails where a test asks it to."""

    def __init__(self, fails_at: str, error: Exception) -> None:
        self.fails_at = fails_at
        self.error = error

    def encode(self, buf: bytes) -> bytes:
        if self.fails_at == "encode":
            raise self.error
        return buf

    async def decode(self, buf: bytes) -> bytes:
        if self.fails_at == "decode":
            raise self.error
        return buf


@pytest.mark.parametrize("fails_at", ["encode", "decode", "provider"])
@pytest.mark.parametrize("error", [ValueError("broken key"), awaken.TerminalError("broken key")])
@pytest.mark.parametrize("journal", [(), (RECORDED,), (RECORDED, DONE)])
async def test_codec_that_fails_ends_the_attempt(
    fails_at: str, error: Exception, journal: tuple[bytes, ...]
) -> None:
    async def handler(ctx: awaken.Context, name: str) -> str:
        if DONE in journal:
            await asyncio.gather(ctx.run_typed("alpha", never))
        return name

    async def provide() -> NoReturn:
        raise error

    codec: Any = provide if fails_at == "provider" else Codec(fails_at, error)
    call = Call(service_with(handler), "h", journal_value_codec=codec)
    call.send(frames.request(b'"x"', *journal))
    await call.until_ended()

    assert call.answer[-1] in ("Error", "End")
    assert b"broken key" in call.exchange.body


class Unspeakable(awaken.TerminalError):
    """An error whose own code raises."""

    def __init__(self) -> None:
        super().__init__("x")

    @property
    def message(self) -> str:
        raise RuntimeError("no words")

    @message.setter
    def message(self, value: str) -> None: ...


async def test_error_that_cannot_be_described_ends_the_attempt() -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise Unspeakable

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()

    assert error_of(call) == (500, "Unspeakable, which cannot be described: that raised RuntimeError")


async def test_run_whose_error_cannot_be_described_ends_the_attempt() -> None:
    async def act() -> None:
        raise Unspeakable

    async def handler(ctx: awaken.Context) -> None:
        await ctx.run_typed("act", act)

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()

    assert error_of(call)[0] == 500


async def test_extension_whose_close_raises_anything_lets_the_attempt_end() -> None:
    class Stubborn:
        def __close__(self) -> None:
            raise asyncio.CancelledError

    async def handler(ctx: awaken.Context) -> str:
        ctx._extension_data()["stubborn"] = Stubborn()
        return "done"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Output", "End")

    assert b'"done"' in call.exchange.body


@pytest.mark.parametrize("is_alone", [True, False])
async def test_run_value_above_the_message_limit_fails_the_run_for_good(is_alone: bool) -> None:
    async def act() -> bytes:
        return bytes(65 * 1024 * 1024)

    async def handler(ctx: awaken.Context) -> str:
        future = ctx.run_typed("act", act)
        try:
            await (future if is_alone else asyncio.gather(future, asyncio.sleep(0)))
        except awaken.TerminalError as error:
            return error.message
        return "unreachable"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until(lambda: "ProposeRunCompletion" in call.answer)
    call.end_request()
    await call.until_ended()

    proposal = next(
        frame for frame in frames.read(call.exchange.body) if frame.name == "ProposeRunCompletion"
    )
    assert b"cannot send ProposeRunCompletion message of 68157447 bytes: the peer accepts" in proposal.payload


# ------------------------------------------------------------ before the handler starts

NOT_UTF8 = frames.frame(0x0400, frames.blob(1, frames.blob(1, "name") + frames.blob(2, b"\xff\xfe")))


@pytest.mark.parametrize(
    ("request_bytes", "code", "text"),
    [
        (frames.start(1) + frames.frame(0x0400, b"\xff\xff"), 500, "Input"),
        (frames.start(1) + NOT_UTF8, 500, "Input"),
        (frames.start(1) + RECORDED, 570, 'recorded run "alpha", attempted input'),
        (frames.start(1) + DONE, 571, "none of the 1 known entries is a command"),
        (frames.start(0), 500, "known"),
        (frames.frame(0x0000, b"\xff\xff"), 500, "Start"),
        (frames.frame(0x0000, frames.blob(2, b"\xff\xfe")), 500, "Start"),
        (RECORDED, 571, "Run"),
        (frames.start(2) + frames.input_command() + frames.frame(0x8011, b"\xff"), 500, ""),
        (frames.start(1) + frames.frame(0x0008, b""), 500, ""),
        (frames.start(1) + frames.frame(0xFFFF, b""), 571, ""),
        (frames.start(1) + bytes.fromhex("0400 0000 ffffffff"), 413, "exceeds max_message_size"),
    ],
)
@pytest.mark.parametrize("is_bidirectional", [True, False])
async def test_error_before_the_handler_starts_is_told_in_a_frame(
    request_bytes: bytes, code: int, text: str, *, is_bidirectional: bool
) -> None:
    async def handler(ctx: awaken.Context) -> None:
        raise AssertionError("it must not start")

    call = Call(service_with(handler), "h", is_bidirectional=is_bidirectional)
    call.send(request_bytes)
    if not is_bidirectional:
        call.end_request()
    await call.until_ended()

    assert call.exchange.status == 200
    assert call.answer == ["Error"]
    assert error_of(call)[0] == code
    assert text in error_of(call)[1]


@pytest.mark.parametrize("engine", list(EngineName))
async def test_unreadable_input_is_told_over_http2(engine: EngineName) -> None:
    app = awaken.app([service_with(read_text)])
    server = await start_server(app.accept, make_engine=partial(make_engine, engine))
    client = await Client.connect(server.address)
    head = [("content-type", "application/vnd.restate.invocation.v6")]
    for body in (frames.frame(0x0400, b"\xff\xff"), NOT_UTF8, RECORDED):
        stream_id = client.request(frames.start(1) + body, headers=head, is_end=False)
        response = await client.response(stream_id)
        assert response.status == 200
        assert frames.names(bytes(response.body)) == ["Error"]
    await client.close()
    await server.close()


# ------------------------------------------------------------ ids of any length


@pytest.mark.parametrize("raw", [b"", b"i", b"0123456789abcdef", bytes(range(200, 240)), frames.RAW_ID])
@pytest.mark.parametrize("version", [5, 6])
async def test_awakeable_of_an_invocation_id_of_any_length_is_the_one_of_the_official_sdk(
    raw: bytes, version: int
) -> None:
    def start() -> bytes:
        payload = frames.blob(1, raw) + frames.blob(2, "inv_1") + frames.number(3, 1)
        return frames.frame(0x0000, payload) + frames.frame(0x0400)

    def declare(kit: Any) -> Any:
        service = kit.Service("S")

        async def hand_out(ctx: Any) -> list[str]:
            first, _ = ctx.awakeable()
            second, _ = ctx.awakeable()
            ctx.resolve_awakeable(second, "x")
            return [first, second]

        service.handler(name="h")(hand_out)
        return service

    theirs = await answer_of(restate.app([declare(restate)]), "S", "h", start(), version=version)
    call = Call(declare(awaken), "h", version=version)
    call.send(start())
    await call.until_ended()

    ours = frames.read(call.exchange.body)
    assert [frame.name for frame in ours] == ["CompleteAwakeable", "Output", "End"]
    assert [frame.payload for frame in ours] == [frame.payload for frame in frames.read(theirs)]
    value = frames.fields(ours[1].payload)[14]
    assert isinstance(value, bytes)
    content = frames.fields(value)[1]
    assert isinstance(content, bytes)
    assert len(set(json.loads(content))) == 2


async def test_identifier_that_lost_its_end_is_refused() -> None:
    async def handler(ctx: awaken.Context, identifier: str) -> None:
        ctx.resolve_awakeable(identifier, b"")

    for cut in (1, 2, 3, 4, 5, 8):
        call = Call(service_with(handler), "h")
        whole = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
        call.send(frames.request(json.dumps(whole[:-cut]).encode()))
        await call.until_answer("Output", "End")
        assert b"invalid awakeable id" in call.exchange.body
