"""The same application under both SDKs: the same frames and manifest, so that either can finish for the other."""

# The SDK is an argument here, and its decorators are untyped.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import awaken
import msgspec
import pydantic
import pytest
import restate

from tests import frames
from tests.official import answer_of, manifest_of
from tests.unit.endpoint.fakes import Call

AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"


class Model(pydantic.BaseModel):
    name: str
    size: float | None = None


class Record(msgspec.Struct):
    name: str
    tags: list[str]


def service_of(sdk: Any) -> Any:
    """Return a virtual object whose handlers do what section by section of the API promises."""
    service = sdk.VirtualObject("Shared")

    async def effect(name: str = "effect") -> str:
        return name

    async def unannotated():  # type: ignore[no-untyped-def]  # that is the point
        return {"a": 1}

    def plain(number: int, *, factor: int) -> int:
        return number * factor

    async def terminal() -> str:
        raise sdk.TerminalError("final", 418)

    async def failing() -> str:
        raise ValueError("again")

    async def retryable() -> str:
        raise sdk.exceptions.RetryableError("later", retry_after=timedelta(seconds=7))

    @service.handler()
    async def draws(ctx: Any) -> list[Any]:
        random = ctx.random()
        return [
            random.random(),
            str(ctx.uuid()),
            random.randint(0, 100),
            str(ctx.uuid()),
            random.getrandbits(64),
        ]

    @service.handler()
    async def commands(ctx: Any, value: Any):  # type: ignore[no-untyped-def]  # void in the manifest
        ctx.time()
        ctx.sleep(timedelta(0), name="nap")
        ctx.sleep(timedelta(0))
        ctx.run_typed("named", effect)
        ctx.get("lazy", entry_name="read")
        ctx.state_keys(entry_name="keys")
        ctx.set("text", "é", entry_name="write")
        ctx.set("none", None)
        ctx.set("model", Model(name="m"))
        ctx.set("record", Record("r", ["t"]))
        ctx.set("bytes", b"raw", serde=sdk.serde.BytesSerde())
        ctx.set("json", {"b": [1, 2.0, None, True], "a": "x"})
        ctx.clear("text", entry_name="forget")
        ctx.clear_all()
        ctx.resolve_awakeable(AWAKEABLE, {"a": 1})
        ctx.reject_awakeable(AWAKEABLE, "no", 418)
        ctx.resolve_signal(ctx.request().id, "s", Model(name="m"))
        ctx.reject_signal(ctx.request().id, "s", "no")
        ctx.object_send(draws, "k", None, idempotency_key="i", headers={"a": "b"})
        ctx.object_call(commands, "k", {"x": 1})
        ctx.generic_call("S", "h", b"raw")
        ctx.generic_send("S", "h", b"raw", key="k")
        ctx.cancel_invocation(ctx.request().id)
        ctx.attach_invocation(ctx.request().id)
        return value

    @service.handler()
    async def after_run(ctx: Any) -> Any:
        first = await ctx.run_typed("first", effect, name="x")
        second = await ctx.run_typed("second", plain, sdk.RunOptions(type_hint=int), 2, factor=3)
        return [first, second]

    @service.handler()
    async def run_without_annotation(ctx: Any) -> Any:
        return await ctx.run_typed("r", unannotated)

    @service.handler()
    async def run_terminal(ctx: Any) -> Any:
        return await ctx.run_typed("r", terminal)

    @service.handler()
    async def run_exhausted(ctx: Any) -> Any:
        return await ctx.run_typed("r", failing, sdk.RunOptions(max_attempts=1))

    @service.handler()
    async def run_retried(ctx: Any) -> Any:
        options = sdk.RunOptions(initial_retry_interval=timedelta(seconds=3), max_attempts=5)
        return await ctx.run_typed("r", failing, options)

    @service.handler()
    async def run_retryable(ctx: Any) -> Any:
        return await ctx.run_typed("r", retryable)

    @service.handler()
    async def fails(ctx: Any) -> Any:
        raise sdk.TerminalError("final", 418, {"k": "v"})

    @service.handler()
    async def fails_by_cause(ctx: Any) -> Any:
        try:
            raise sdk.TerminalError("final", 418)
        except sdk.TerminalError as error:
            raise ValueError("wrapped") from error

    @service.handler()
    async def retries(ctx: Any) -> Any:
        raise sdk.exceptions.RetryableError("later", retry_after=timedelta(milliseconds=1500))

    @service.handler()
    async def retries_plainly(ctx: Any) -> Any:
        raise ValueError("boom")

    @service.handler()
    async def cancelled(ctx: Any) -> Any:
        try:
            return await ctx.awakeable(type_hint=str)[1]
        except sdk.TerminalError as error:
            return f"{error.status_code} {error.message}"

    @service.handler()
    async def chosen(ctx: Any) -> Any:
        a, b = ctx.awakeable(type_hint=str)[1], ctx.signal("s", type_hint=str)
        match await sdk.select(b=b, a=a):
            case ["a", value]:
                return f"a {value}"
            case other:
                return f"other {other}"

    @service.handler()
    async def gathered(ctx: Any) -> Any:
        futures = await sdk.gather(ctx.awakeable(type_hint=str)[1], ctx.signal("s", type_hint=str))
        done, pending = await sdk.wait_completed(*futures)
        return [await future for future in futures] + [len(done), len(pending)]

    @service.handler()
    async def state(ctx: Any) -> Any:
        found = [await ctx.get("a", type_hint=int), await ctx.get("none")]
        ctx.set("b", 2)
        ctx.clear("a")
        return [*found, await ctx.get("a"), await ctx.get("b"), ctx.key()]

    @service.handler(input_serde=sdk.serde.BytesSerde(), output_serde=sdk.serde.BytesSerde())
    async def raw(ctx: Any, value: bytes) -> bytes:
        return bytes(value)[::-1]

    @service.handler()
    async def model(ctx: Any, value: Model) -> Model:
        return value

    @service.handler()
    async def record(ctx: Any, value: Record) -> Record:
        return value

    @service.handler()
    async def optional(ctx: Any, value: int | None) -> int | None:
        return None if value else 1

    return service


SIGNALS = (
    frames.frame(0xFBFF, frames.blob(3, "s") + frames.blob(5, frames.value(b'"named"'))),
    frames.signal(17, b'"awoken"'),
)
REQUESTS: list[tuple[str, bytes]] = [
    ("draws", frames.request(random_seed=0)),
    ("draws", frames.request(random_seed=2**63 + 5)),
    ("commands", frames.request(b'{"x": 1}')),
    ("after_run", frames.request(b"", frames.run_command(1, "first"), frames.run_completion(1, b'"x"'))),
    ("run_without_annotation", frames.request()),
    ("run_terminal", frames.request()),
    ("run_exhausted", frames.request()),
    ("run_retried", frames.request()),
    ("run_retryable", frames.request()),
    ("fails", frames.request()),
    ("fails_by_cause", frames.request()),
    ("retries", frames.request()),
    ("retries_plainly", frames.request()),
    ("cancelled", frames.request(b"", frames.CANCEL)),
    ("cancelled", frames.request()),
    ("chosen", frames.request(b"", SIGNALS[1])),
    ("chosen", frames.request(b"", *SIGNALS)),
    ("gathered", frames.request(b"", *SIGNALS)),
    ("state", frames.request(key="k", state={"a": b"1", "none": b""}, partial_state=False)),
    ("raw", frames.request(b"\x00\xff")),
    ("model", frames.request(b'{"name": "m", "size": 1}')),
    ("record", frames.request(b'{"name":"r","tags":["x"]}')),
    ("optional", frames.request(b"5")),
    ("optional", frames.request()),
]
#: The time of a sleep, the stacktrace of an error; what is awaited at the end is a set.
UNCOMPARED = {"Error": {3}, "Sleep": {1}, "Suspension": {1, 2, 3, 4}}


def decoded(answer: bytes) -> list[tuple[str, list[tuple[int, object]]]]:
    """Return what can be compared: no wall-clock times, no stack traces, no hints of what is awaited meanwhile."""
    return [
        (
            frame.name,
            [
                (number, value)
                for number, value in frames.fields(frame.payload).items()
                if number not in UNCOMPARED.get(frame.name, ())
            ],
        )
        for frame in frames.read(answer)
        if frame.name != "AwaitingOn"
    ]


#: Version 5 has no room for metadata of a failure: the official SDK fails the attempt then, we leave the metadata out.
CASES = [
    pytest.param(handler, request_, version, id=f"{index}-{handler}-v{version}")
    for version in (5, 6, 7)
    for index, (handler, request_) in enumerate(REQUESTS)
    if (handler, version) != ("fails", 5)
]


@pytest.mark.parametrize(("handler", "request_", "version"), CASES)
async def test_frames_are_those_of_the_official_sdk(handler: str, request_: bytes, version: int) -> None:
    call = Call(service_of(awaken), handler, version=version)
    call.send(request_)
    names = ["nothing yet"]
    while names != call.answer and not call.exchange.is_ended:
        names = call.answer
        await call.settle()
    call.end_request()
    await call.until_ended()
    expected = await answer_of(
        restate.app([service_of(restate)]), "Shared", handler, request_, version=version
    )

    assert decoded(call.exchange.body) == decoded(expected)


def defined(sdk: Any) -> list[Any]:
    """Return definitions with every option."""
    policy = sdk.InvocationRetryPolicy(timedelta(milliseconds=10), 2.5, timedelta(seconds=3), 7, "kill")
    options: dict[str, Any] = {
        "metadata": {"m": "1"},
        "inactivity_timeout": timedelta(seconds=1),
        "abort_timeout": timedelta(seconds=2),
        "journal_retention": timedelta(days=3),
        "ingress_private": True,
        "invocation_retry_policy": policy,
    }
    service = sdk.Service("Plain", description="D", idempotency_retention=timedelta(hours=4), **options)
    thing = sdk.VirtualObject("Thing", description="D", enable_lazy_state=True, **options)
    flow = sdk.Workflow("Flow", description="D", idempotency_retention=timedelta(hours=4), **options)

    @service.handler(name="renamed", idempotency_retention=timedelta(hours=5), **options)
    async def one(ctx: Any, value: int) -> str:
        """Tell what it does."""
        return str(value)

    @service.handler(accept="text/plain", content_type="text/html")
    async def texts(ctx: Any, value: str) -> str:
        return value

    @service.handler()
    async def void(ctx: Any):  # type: ignore[no-untyped-def]  # void in the manifest
        return 1

    @thing.handler(enable_lazy_state=False, **options)
    async def exclusive(ctx: Any) -> int:
        return 1

    @thing.handler(kind="shared")
    async def shared(ctx: Any, value: str) -> None:
        return None

    @flow.main(workflow_retention=timedelta(days=9), **options)
    async def run(ctx: Any, value: bool) -> float:
        return 1.0

    @flow.handler()
    async def status(ctx: Any) -> str:
        return ""

    return [service, thing, flow]


def comparable(manifest: dict[str, Any]) -> dict[str, Any]:
    """Sort services and handlers, leave schemas out, and what is null or empty."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            cleaned = {key: clean(inner) for key, inner in value.items() if key != "jsonSchema"}
            return {key: inner for key, inner in cleaned.items() if inner not in (None, {}, [])}
        if isinstance(value, list):
            return sorted((clean(inner) for inner in value), key=lambda one: json.dumps(one, sort_keys=True))
        return value

    return clean(manifest)  # type: ignore[no-any-return]


async def test_manifest_is_that_of_the_official_sdk() -> None:
    from awaken.endpoint.discovery import Discovery

    discovery = Discovery(defined(awaken), min_protocol_version=5, max_protocol_version=7)
    ours = json.loads(discovery.manifest(4, "bidi"))
    theirs = await manifest_of(restate.app(defined(restate)), version=4)
    assert comparable(ours) == comparable(theirs)
