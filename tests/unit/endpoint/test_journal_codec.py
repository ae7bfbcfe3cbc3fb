"""The journal value codec: what passes through it, beside the official SDK, and what happens when it fails."""

# The SDK is an argument here, and its decorators are untyped.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import restate

from tests import frames
from tests.official import answer_of
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Callable

AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"


def codec_of(sdk: Any, base: Callable[[bytes], Any] | None = None) -> Any:
    """Return a codec for one of the two SDKs: a mark in front of every value."""

    class Marking(sdk.JournalValueCodec):  # type: ignore[misc]  # the base is an argument
        def __init__(self) -> None:
            self.decoded: list[bytes] = []

        def encode(self, buf: bytes) -> bytes:
            return b"E:" + bytes(buf)

        async def decode(self, buf: bytes) -> bytes:
            await asyncio.sleep(0)
            data = bytes(buf)
            self.decoded.append(data)
            if not data.startswith(b"E:"):
                raise ValueError(f"not encoded: {data!r}")
            return data[2:]

    return Marking()


def everything(sdk: Any) -> Any:
    """Return an object whose handlers do everything that carries a value, for one of the two SDKs."""
    service = sdk.VirtualObject("Everything")

    async def effect() -> str:
        return "ran"

    async def nothing() -> None:
        return None

    async def refuse() -> str:
        raise sdk.TerminalError("no")

    @service.handler()
    async def echo(ctx: Any, value: str) -> str:
        return value

    @service.handler()
    async def bare(ctx: Any) -> None:
        return None

    @service.handler()
    async def failing(ctx: Any, value: str) -> str:
        raise sdk.TerminalError(f"no {value}")

    @service.handler()
    async def commands(ctx: Any, value: str) -> str:
        ctx.set("a", "1")
        ctx.set("b", None)
        state = [await ctx.get(name, type_hint=str) for name in ("a", "b", "eager", "absent")]
        ctx.resolve_awakeable(AWAKEABLE, "x")
        ctx.reject_awakeable(AWAKEABLE, "y")
        ctx.resolve_signal(ctx.request().id, "s", "z")
        ctx.object_send(echo, "k", "one")
        ctx.generic_send("S", "h", b"raw")
        call, generic = ctx.object_call(echo, "k", "two"), ctx.generic_call("S", "h", b"")
        return f"{value} {state} {await call} {await generic!r}"

    @service.handler()
    async def results(ctx: Any) -> str:
        run = await ctx.run_typed("run", effect)
        lazy = await ctx.get("lazy", type_hint=str)
        awakeable = await ctx.awakeable(type_hint=str)[1]
        signal = await ctx.signal("s", type_hint=str)
        return f"{run} {lazy} {awakeable} {signal} {bytes(ctx.request().body)!r}"

    @service.handler()
    async def runs(ctx: Any) -> str:
        await sdk.gather(ctx.run_typed("a", effect), ctx.run_typed("b", nothing), ctx.run_typed("c", refuse))
        return ""

    return service


def promises(sdk: Any) -> Any:
    """Return a workflow whose promise carries values, for one of the two SDKs."""
    workflow = sdk.Workflow("Promises")

    @workflow.main()
    async def run(ctx: Any) -> str:
        promise = ctx.promise("p", type_hint=str)
        await promise.resolve("v")
        return f"{await promise.peek()} {await promise.value()}"

    return workflow


def call_command(parameter: bytes, first: int, service: str = "Everything", handler: str = "echo") -> bytes:
    key = frames.blob(5, "k") if service == "Everything" else b""
    return frames.frame(
        0x040D,
        frames.blob(1, service)
        + frames.blob(2, handler)
        + (frames.blob(3, parameter) if parameter else b"")
        + key
        + frames.number(10, first)
        + frames.number(11, first + 1),
    )


def completion(code: int, identifier: int, content: bytes) -> bytes:
    return frames.frame(code, frames.number(1, identifier) + frames.blob(5, frames.value(content)))


def named_signal(name: str, content: bytes) -> bytes:
    return frames.frame(0xFBFF, frames.blob(3, name) + frames.blob(5, frames.value(content)))


STATE = {"eager": b'E:"e"'}
RESULTS = (
    frames.run_command(1, "run"),
    frames.frame(0x0402, frames.blob(1, "lazy") + frames.number(11, 2)),
    frames.run_completion(1, b'E:"ran"'),
    completion(0x8002, 2, b'E:"late"'),
    frames.signal(17, b'E:"awoken"'),
    named_signal("s", b'E:"signalled"'),
)
PROMISES = (
    frames.frame(0x040B, frames.blob(1, "p") + frames.blob(2, frames.value(b'E:"v"')) + frames.number(11, 1)),
    frames.frame(0x040A, frames.blob(1, "p") + frames.number(11, 2)),
    frames.frame(0x0409, frames.blob(1, "p") + frames.number(11, 3)),
    frames.frame(0x800B, frames.number(1, 1) + frames.blob(4, b"")),
    completion(0x800A, 2, b'E:"peeked"'),
    completion(0x8009, 3, b'E:"v"'),
)
CASES = [
    ("Everything", "bare", frames.request(), "Output End"),
    ("Everything", "echo", frames.request(b'E:"x"'), "Output End"),
    ("Everything", "failing", frames.request(b'E:"x"'), "Output End"),
    (
        "Everything",
        "commands",
        frames.request(b'E:"x"', state=STATE, partial_state=False),
        "SetState SetState GetEagerState GetEagerState GetEagerState GetEagerState CompleteAwakeable "
        "CompleteAwakeable SendSignal OneWayCall OneWayCall Call Call Suspension",
    ),
    ("Everything", "results", frames.request(b"anything", *RESULTS), "Output End"),
    (
        "Everything",
        "runs",
        frames.request(),
        "Run Run Run ProposeRunCompletion ProposeRunCompletion ProposeRunCompletion Suspension",
    ),
    ("Promises", "run", frames.request(b"", *PROMISES), "Output End"),
]


async def our_answer(service: Any, handler: str, *request: bytes, **options: Any) -> bytes:
    call = Call(service, handler, **options)
    call.send(*request)
    if "Everything/runs" in call.exchange.path:
        await call.until(lambda: call.answer.count("ProposeRunCompletion") == 3)
    call.end_request()
    await call.until_ended()
    return call.exchange.body


@pytest.mark.parametrize(
    ("service", "handler", "request_", "answered"), CASES, ids=[handler for _, handler, _, _ in CASES]
)
async def test_every_byte_is_that_of_the_official_sdk(
    service: str, handler: str, request_: bytes, answered: str
) -> None:
    build = everything if service == "Everything" else promises
    ours, theirs = codec_of(awaken), codec_of(restate)
    official = restate.app([build(restate)], journal_value_codec=theirs)

    answer = await our_answer(build(awaken), handler, request_, journal_value_codec=ours)
    expected = await answer_of(official, service, handler, request_)

    assert " ".join(frames.names(answer)) == answered
    # Runs end in any order, and what is awaited at the end is a set.
    assert sorted(frames.read(answer)[:-1]) == sorted(frames.read(expected)[:-1])
    assert ours.decoded == theirs.decoded


@pytest.mark.parametrize("begun_by", ["awaken", "restate"])
async def test_invocation_begun_under_one_sdk_ends_under_the_other(begun_by: str) -> None:
    async def official(*request: bytes) -> bytes:
        app = restate.app([everything(restate)], journal_value_codec=codec_of(restate))
        return await answer_of(app, "Everything", "commands", *request)

    async def ours(*request: bytes) -> bytes:
        return await our_answer(
            everything(awaken), "commands", *request, journal_value_codec=codec_of(awaken)
        )

    begin, finish = (ours, official) if begun_by == "awaken" else (official, ours)
    begun = await begin(frames.request(b'E:"x"', state=STATE, partial_state=False))
    recorded = [
        frames.frame(CODES[name], payload) for name, payload, _ in frames.read(begun) if name != "Suspension"
    ]
    results = (completion(0x800D, 8, b'E:"two"'), completion(0x800D, 10, b"E:raw"))
    answer = await finish(frames.request(b'E:"x"', *recorded, *results, state=STATE, partial_state=False))

    assert frames.names(answer) == ["Output", "End"]
    assert b"E:\"x ['1', None, 'e', None] two b'raw'\"" in answer


CODES = {
    "GetEagerState": 0x0407,
    "SetState": 0x0403,
    "CompleteAwakeable": 0x0414,
    "SendSignal": 0x0410,
    "OneWayCall": 0x040E,
    "Call": 0x040D,
}


async def test_order_of_results_is_the_journals_however_long_decoding_takes() -> None:
    gates = {b'"slow"': asyncio.Event(), b'"fast"': asyncio.Event()}

    class Slow(awaken.JournalValueCodec):
        def encode(self, buf: bytes) -> bytes:
            return buf

        async def decode(self, buf: bytes) -> bytes:
            await gates[buf].wait()
            return buf

    service, order = awaken.Service("S"), []

    @service.handler()
    async def handler(ctx: awaken.Context) -> None:
        async def wait(name: str) -> None:
            order.append(await ctx.signal(name, type_hint=str))

        await asyncio.gather(wait("a"), wait("b"))

    call = Call(service, "handler", journal_value_codec=Slow())
    call.send(frames.request(b"", named_signal("a", b'"slow"'), named_signal("b", b'"fast"')))
    gates[b'"fast"'].set()
    await call.settle()
    assert order == []
    gates[b'"slow"'].set()
    await call.until_answer("Output", "End")

    assert order == ["slow", "fast"]


async def test_state_that_came_with_the_input_is_decoded_also_for_concurrent_readers() -> None:
    service = awaken.VirtualObject("O")

    @service.handler()
    async def handler(ctx: awaken.ObjectContext) -> list[str | None]:
        first, second = ctx.get("a", type_hint=str), ctx.get("b", type_hint=str)
        return list(await asyncio.gather(first, second))

    call = Call(service, "handler", journal_value_codec=codec_of(awaken))
    call.send(frames.request(b"", state={"a": b'E:"1"', "b": b'E:"2"'}))
    await call.until_answer("GetEagerState", "GetEagerState", "Output", "End")

    assert b'E:["1", "2"]' in call.exchange.body


async def test_provider_is_asked_when_it_is_needed_and_once_and_again_only_after_a_failure() -> None:
    asked: list[str] = []

    async def provide() -> awaken.JournalValueCodec:
        asked.append("")
        await asyncio.sleep(0)
        if len(asked) == 1:
            raise ConnectionError("no keys yet")
        return codec_of(awaken)  # type: ignore[no-any-return]

    endpoint = awaken.app([everything(awaken)], journal_value_codec=provide)
    assert endpoint.journal_value_codec is provide
    assert asked == []

    async def invoke() -> Call:
        call = Call.__new__(Call)
        call.__init__(everything(awaken), "echo")  # type: ignore[misc]
        call.receiver = endpoint.accept(call.exchange)
        call.send(frames.request(b'E:"x"'))
        await call.until_ended()
        return call

    failed = await asyncio.gather(invoke(), invoke())
    assert [call.answer for call in failed] == [["Error"], ["Error"]]
    assert b"no keys yet" in failed[0].exchange.body
    answered = await asyncio.gather(invoke(), invoke())
    assert [call.answer for call in answered] == [["Output", "End"]] * 2
    assert len(asked) == 2


async def test_provider_that_fails_when_nobody_waits_any_more_is_no_noise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = asyncio.Event()

    async def provide() -> awaken.JournalValueCodec:
        await gate.wait()
        raise ConnectionError("no keys")

    call = Call(everything(awaken), "echo", journal_value_codec=provide)
    call.send(frames.request(b'E:"x"'))
    await call.settle()
    call.receiver.disconnect()
    await call.settle()
    gate.set()
    await call.settle()
    del call
    gc.collect()

    assert caplog.records == []


@pytest.mark.parametrize("is_concurrent", [False, True])
async def test_codec_that_fails_fails_the_attempt_and_the_handler_cannot_hide_it(is_concurrent: bool) -> None:
    service = awaken.Service("S")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        signal = ctx.signal("s", type_hint=str)
        try:
            return (await asyncio.gather(signal))[0] if is_concurrent else await signal
        except Exception as error:
            return f"hidden: {error!r}"

    call = Call(service, "handler", journal_value_codec=codec_of(awaken))
    call.send(frames.request(b"", named_signal("s", b"plain")))
    await call.until_answer("Error")

    assert b"not encoded: b'plain'" in call.exchange.body


async def test_input_that_does_not_decode_is_tried_again_rather_than_lost() -> None:
    call = Call(everything(awaken), "echo", journal_value_codec=codec_of(awaken))
    call.send(frames.request(b'"x"'))
    await call.until_answer("Error")

    assert b"not encoded" in call.exchange.body


@pytest.mark.parametrize("where", ["set", "run", "output"])
async def test_encoding_that_fails_is_an_error_of_the_attempt(where: str) -> None:
    class Broken(awaken.JournalValueCodec):
        def encode(self, buf: bytes) -> bytes:
            raise ValueError("cannot encode")

        async def decode(self, buf: bytes) -> bytes:
            return buf

    service = awaken.VirtualObject("O")

    async def effect() -> str:
        return ""

    @service.handler()
    async def handler(ctx: awaken.ObjectContext) -> None:
        if where == "set":
            ctx.set("a", 1)
        if where == "run":
            await asyncio.gather(ctx.run_typed("r", effect))

    call = Call(service, "handler", journal_value_codec=Broken())
    call.send(frames.request())
    await call.until_ended()

    assert call.answer[-1] == "Error"
    assert b"cannot encode" in call.exchange.body


def test_what_is_no_codec_is_refused() -> None:
    with pytest.raises(TypeError, match="give a JournalValueCodec"):
        awaken.app([everything(awaken)], journal_value_codec="rot13")  # type: ignore[arg-type]


async def test_provider_that_gives_no_codec_is_named() -> None:
    async def provide() -> Any:
        return 7

    call = Call(everything(awaken), "echo", journal_value_codec=provide)
    call.send(frames.request(b'"x"'))
    await call.until_answer("Error")

    assert b"returned 7, not a JournalValueCodec" in call.exchange.body


@pytest.mark.parametrize("has_callback", [True, False])
async def test_waiting_for_a_result_that_is_being_decoded(has_callback: bool) -> None:
    decoding, going_on = asyncio.Event(), asyncio.Event()

    class Slow(awaken.JournalValueCodec):
        def encode(self, buf: bytes) -> bytes:
            return bytes(buf)

        async def decode(self, buf: bytes) -> bytes:
            decoding.set()
            await going_on.wait()
            return bytes(buf)

    service = awaken.Service("Waiting")

    @service.handler()
    async def handle(ctx: awaken.Context) -> str:
        async def take() -> str:
            return await future

        future = ctx.awakeable(type_hint=str).future
        first = asyncio.create_task(take())
        await decoding.wait()
        waiting = asyncio.ensure_future(asyncio.wait([future]) if has_callback else take())
        await asyncio.sleep(0)
        going_on.set()
        await asyncio.wait([first, waiting])
        await asyncio.sleep(0.01)  # at rest, without a durable result to wait for
        return await first

    call = Call(service, "handle", journal_value_codec=Slow())
    call.send(frames.request(b"", frames.signal(17, b'"x"')))
    async with asyncio.timeout(10):
        while not call.exchange.is_ended:
            await asyncio.sleep(0.001)

    assert call.answer == ["Output", "End"]
