"""What does not fit its annotation: builtins pass it with a warning, types refuse it, and finished work is kept."""

from __future__ import annotations

import json
import logging
from dataclasses import InitVar, dataclass
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import awaken
import pydantic
import pytest
from awaken.errors import HttpError, SerdeError
from awaken.serde import DefaultSerde
from awaken.testing import open_environment

if TYPE_CHECKING:
    from awaken.testing import Environment

#: The kit warns of each payload that does not fit, which most of these are about.
pytestmark = pytest.mark.filterwarnings("ignore::awaken.testing.DevelopmentWarning")


@dataclass
class Receipt:
    id: str
    amount: int


class Card(pydantic.BaseModel):
    number: str


class Colour(Enum):
    RED = "red"


class Picky:
    pass


@dataclass
class Locked:
    name: str

    def __post_init__(self) -> None:
        raise KeyError(self.name)


@dataclass
class Seeded:
    name: str
    seed: InitVar[int]


#: Annotations of types, each with JSON that does not fit.
CHECKED: list[tuple[Any, Any]] = [
    (Receipt, {"id": "a"}),
    (Receipt, {"id": "a", "amount": 1.5}),
    (Card, {"number": 1}),
    (Colour, "green"),
    (date, "tomorrow"),
    (list[Receipt], {"id": "a"}),
    (dict[str, date], {"a": "b"}),
    (int | Receipt, 2.5),
    (tuple[int, Colour], [1.5, "red"]),
]

#: Builtin annotations, each with JSON that does not fit.
PLAIN: list[tuple[Any, Any]] = [
    (int, 2.5),
    (str, 42),
    (bool, 1),
    (list[int], [1.5]),
    (dict[str, int], ["a"]),
    (set[int], "x"),
    (tuple[int, str], [1]),
    (dict[int, str], {"a": "b"}),
    (list[bytes], ["not base64!"]),
]


def annotated(function: Any, **annotations: Any) -> Any:
    function.__annotations__ = annotations
    return function


def service_for(
    hint: Any, value: Any, options: awaken.RunOptions[Any] | None = None, live: list[Any] | None = None
) -> awaken.Service:
    """Return a service in which a value crosses that is annotated as a `hint`."""
    service = awaken.Service("Shop")

    async def charge() -> Any:
        return value

    async def returns(ctx: Any) -> Any:
        return value

    async def takes(ctx: Any, given: Any) -> Any:
        return given

    returning = service.handler(name="returns")(annotated(returns, **{"return": hint}))
    taking = service.handler(name="takes")(annotated(takes, given=hint))

    @service.handler()
    async def runs(ctx: awaken.Context) -> Any:
        charged = annotated(charge, **{"return": hint})
        result = await ctx.run_typed("charge", charged, options or awaken.RunOptions())
        if live is not None:
            live.append(result)
        await ctx.sleep(timedelta(0))  # where the next attempt begins
        return result

    @service.handler()
    async def calls(ctx: awaken.Context) -> Any:
        return await ctx.service_call(returning, None)

    @service.handler()
    async def gives(ctx: awaken.Context) -> Any:
        return await ctx.service_call(taking, value)

    @service.handler()
    async def waits(ctx: awaken.Context) -> Any:
        return await ctx.awakeable(name="answer", type_hint=hint)

    return service


async def call(environment: Environment, handler: str, body: Any = None) -> Any:
    data = b"" if body is None else json.dumps(body).encode()
    answer = await environment.client.generic_call("Shop", handler, data)
    return json.loads(answer) if answer else None


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    return [message for message in messages if "not of the annotated type" in message]


@pytest.mark.parametrize(("hint", "value"), PLAIN, ids=[str(hint) for hint, _ in PLAIN])
async def test_value_passes_builtin_annotations_with_a_warning_for_each_place(
    hint: Any, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_environment(service_for(hint, value), always_replay=True) as environment:
        for _ in range(2):
            assert await call(environment, "takes", value) == value
            assert await call(environment, "returns") == value
            assert await call(environment, "calls") == value
            assert await call(environment, "gives") == value
            assert await call(environment, "runs") == value
            sent = await environment.client.generic_send("Shop", "waits", b"")
            await environment.awakeable("answer").resolve(value)
            assert await environment.client.attach(sent.invocation_id) == value

    places = {
        f"a value for {str(hint) if hasattr(hint, '__args__') else hint.__name__}",  # where the client sends it
        *("input of Shop/takes", "result of Shop/returns", "call Shop/returns of Shop/calls"),
        *('run "charge" of Shop/runs', "awakeable of Shop/waits"),
    }
    warnings = warnings_in(caplog)
    assert {warning.partition(": ")[0] for warning in warnings} == places
    assert len(warnings) == len(places)
    assert all("strict=True" in warning for warning in warnings)


async def test_warning_tells_place_type_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    async with open_environment(service_for(list[int], [1, 2.5])) as environment:
        await call(environment, "takes", [1, 2.5])

    assert warnings_in(caplog) == [
        "input of Shop/takes: the value is not of the annotated type list[int] at $[1]: Expected `int`, got `float`. "
        "It passes as plain JSON; correct the annotation or the value, or reject such values with "
        "`awaken.app(..., strict=True)`"
    ]


async def test_what_is_not_json_is_refused_and_does_not_pass(caplog: pytest.LogCaptureFixture) -> None:
    async with open_environment(service_for(int, 1), disable_retries=True) as environment:
        with pytest.raises(HttpError, match="is not JSON"):
            await environment.client.generic_call("Shop", "takes", b"{1")

    assert "passes" not in caplog.text


async def test_bytes_of_a_run_that_declares_another_type_pass_as_bytes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_environment(service_for(int, b"\x00\xff"), always_replay=True) as environment:
        await environment.client.generic_call("Shop", "runs", b"")

    [warning] = [message for message in caplog.messages if message.startswith('run "charge" of Shop/runs: ')]
    assert "the value is not JSON, and passes as bytes; annotate what returns it with `-> bytes`" in warning


@pytest.mark.parametrize("value", [2, 2.5, [2]])
async def test_integer_is_a_float_without_a_warning(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    hint = list[float] if isinstance(value, list) else float
    async with open_environment(service_for(hint, value)) as environment:
        answer = await environment.client.generic_call("Shop", "takes", json.dumps(value).encode())

    assert answer == json.dumps(value).encode()
    assert warnings_in(caplog) == []


@pytest.mark.parametrize(("hint", "value"), CHECKED, ids=[f"{hint}{value}" for hint, value in CHECKED])
async def test_value_of_another_type_is_refused_where_it_is_read(hint: Any, value: Any) -> None:
    async with open_environment(service_for(hint, value), disable_retries=True) as environment:
        with pytest.raises(HttpError, match="Unable to parse an input argument"):
            await call(environment, "takes", value)
        sent = await environment.client.generic_send("Shop", "waits", b"")
        await environment.settle()
        [pending] = environment.pending_awakeables()
        await environment.client.awakeable(pending.awakeable_id).resolve(value)
        with pytest.raises(HttpError, match="does not decode"):
            await environment.client.attach(sent.invocation_id)


@pytest.mark.parametrize(
    ("hint", "value"),
    [*CHECKED, *PLAIN, (Locked, {"name": "a"}), (bytes, "text"), (str, b"\x00\xff")],
    ids=str,
)
async def test_result_of_an_executed_run_is_never_refused(hint: Any, value: Any) -> None:
    seen: list[Any] = []
    service = service_for(hint, value, live=seen)
    async with open_environment(service, always_replay=True, disable_retries=True) as environment:
        body = await environment.client.generic_call("Shop", "runs", b"")

    [live, *replayed] = seen
    assert replayed
    assert all(again == live for again in replayed)
    assert body == DefaultSerde[Any]().serialize(live)
    if hint is bytes:
        assert live == b'"text"'
    else:
        assert live == value


async def test_result_of_a_run_is_not_refused_over_a_type_that_cannot_be_read() -> None:
    service = awaken.Service("Shop")

    async def charge() -> Seeded:
        return Seeded("a", 1)

    @service.handler()
    async def runs(ctx: awaken.Context) -> Any:
        return [await ctx.run_typed("charge", charge)]

    async with open_environment(service, always_replay=True, disable_retries=True) as environment:
        assert await environment.client.generic_call("Shop", "runs", b"") == b'[{"name": "a"}]'


@pytest.mark.parametrize(("hint", "value"), [*CHECKED, *PLAIN], ids=str)
async def test_handler_and_http_get_the_same_of_a_handler(hint: Any, value: Any) -> None:
    async with open_environment(service_for(hint, value), disable_retries=True) as environment:
        over_http = await call(environment, "returns")
        assert over_http == value
        assert await call(environment, "calls") == over_http


@pytest.mark.parametrize(("hint", "value"), [*CHECKED, *PLAIN], ids=str)
async def test_strict_application_refuses_everywhere(hint: Any, value: Any) -> None:
    strict = awaken.app([service_for(hint, value)], strict=True)
    async with open_environment(strict, disable_retries=True) as environment:
        for handler, message in {
            "takes": "Unable to parse an input argument",
            "returns": "Shop/returns returned what it does not declare",
            "calls": "Shop/returns returned what it does not declare",
            "gives": "Unable to parse an input argument",
            "runs": 'run "charge" got a payload that does not decode',
        }.items():
            with pytest.raises(HttpError, match=message):
                await call(environment, handler, value if handler == "takes" else None)


async def test_two_applications_of_one_process_have_their_own_strictness() -> None:
    service = service_for(int, 2.5)
    strict, lenient = awaken.app([service], strict=True), awaken.Endpoint([service])
    for app, is_strict in ((strict, True), (lenient, False), (strict, True)):
        async with open_environment(app, disable_retries=True) as environment:
            if not is_strict:
                assert await call(environment, "takes", 2.5) == 2.5
                continue
            with pytest.raises(HttpError, match="Expected `int`, got `float`"):
                await call(environment, "takes", 2.5)


async def test_serde_given_by_hand_checks_everything() -> None:
    service = service_for(int, 2.5, awaken.RunOptions(serde=DefaultSerde(int)))

    @service.handler(input_serde=DefaultSerde(int))
    async def exact(ctx: awaken.Context, number: int) -> int:
        return number

    async with open_environment(service, disable_retries=True) as environment:
        with pytest.raises(HttpError, match="Expected `int`, got `float`"):
            await call(environment, "runs")
        with pytest.raises(HttpError, match="Expected `int`, got `float`"):
            await call(environment, "exact", 2.5)
    with pytest.raises(SerdeError):
        DefaultSerde(int).deserialize(b"2.5")


async def test_no_warning_outside_of_development_mode(caplog: pytest.LogCaptureFixture) -> None:
    serde = DefaultSerde[Any]().with_maybe_type(int)

    assert serde.deserialize(b"2.5") == 2.5
    assert warnings_in(caplog) == []


@pytest.mark.parametrize(
    ("hint", "answer"),
    [(None, None), (int, None), (Receipt | None, None), (bytes, ""), (Receipt, "Receipt"), (Card, "Card")],
    ids=str,
)
async def test_awakeable_resolved_with_an_empty_body_is_given_null(hint: Any, answer: Any) -> None:
    async with open_environment(service_for(hint, None), disable_retries=True) as environment:
        sent = await environment.client.generic_send("Shop", "waits", b"")
        await environment.settle()
        [pending] = environment.pending_awakeables()
        await environment.client.awakeable(pending.awakeable_id).resolve(None)

        if hint in (Receipt, Card):
            with pytest.raises(HttpError, match=f"got a payload that does not decode: cannot read {answer}"):
                await environment.client.attach(sent.invocation_id)
        else:
            assert (await environment.client.attach(sent.invocation_id) or None) == (answer or None)


@pytest.mark.parametrize("value", [b"", b"abc", b"123"])
async def test_run_that_returns_bytes_without_saying_so_is_warned_of(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    service = awaken.Service("Reader")

    @service.handler()
    async def read(ctx: awaken.Context) -> None:
        await ctx.run_typed("file", lambda: value)

    async with open_environment(service) as environment:
        await environment.client.service_call(read, None)

    [warning] = [r.getMessage() for r in caplog.records if "returns bytes" in r.getMessage()]
    assert warning.startswith('run "file" of Reader/read: its function returns bytes without an annotation')


@pytest.mark.parametrize("hint", [bytes, bytearray])
async def test_run_that_says_it_returns_bytes_is_not_warned_of(
    hint: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_environment(service_for(hint, hint(b"123"))) as environment:
        await environment.client.generic_call("Shop", "runs", b"")

    assert [r.getMessage() for r in caplog.records if "returns bytes" in r.getMessage()] == []
