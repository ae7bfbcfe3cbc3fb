"""Crashes everywhere: right handlers pass, wrong ones are found, and so is the position."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.testing import CrashFoundError, Environment, crash_everywhere

from tests.unit.testing import app
from tests.unit.testing.app import careless, flaky, sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

EXAMPLES = Path(__file__).parents[3] / "examples"


async def sign_lease(env: Environment) -> str:
    app.OUTSIDE[:] = [env.effects.record]
    sent = await env.client.service_send(sign, arg="lease")
    await env.awakeable("signature").resolve("Ada")
    await env.settle()
    await env.advance(days=10)
    return await env.client.attach(sent.invocation_id, type_hint=str)


@pytest.mark.slow
@pytest.mark.parametrize("always_replay", [False, True])
async def test_right_handler_survives_every_crash(always_replay: bool) -> None:
    results = []

    @crash_everywhere(app=app.app, always_replay=always_replay)
    async def scenario(env: Environment) -> str:
        results.append(await sign_lease(env))
        return results[-1]

    await scenario()

    assert set(results) == {"lease: Ada, 2"}
    assert len(results) > 10


@pytest.mark.slow
async def test_effect_outside_of_a_run_is_found() -> None:
    @crash_everywhere(app=app.app)
    async def scenario(env: Environment) -> str:
        app.OUTSIDE[:] = [env.effects.record]
        return await env.client.service_call(careless, arg=None)

    with pytest.raises(
        CrashFoundError, match="effect 'mail' happened outside of a run, 1 times undisturbed and 2"
    ):
        await scenario()


@pytest.mark.slow
async def test_result_that_depends_on_the_attempt_is_found() -> None:
    attempts: list[int] = []
    counting = awaken.Service("Counting")

    @counting.handler()
    async def count(ctx: awaken.Context) -> int:
        attempts.append(1)
        await ctx.run_typed("work", lambda: None)
        return len(attempts)

    @crash_everywhere(app=[counting])
    async def scenario(env: Environment) -> int:
        attempts.clear()
        return await env.client.service_call(count, arg=None)

    with pytest.raises(
        CrashFoundError, match=r"with a crash .* commit .*:\n  the result of the test was 1 and became 2"
    ):
        await scenario()


@pytest.mark.slow
async def test_sample_is_repeated_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_CRASH_SEED", "7")
    runs = []

    @crash_everywhere(app=app.app, max_positions=2)
    async def scenario(env: Environment) -> str:
        runs.append(1)
        return await sign_lease(env)

    await scenario()

    assert len(runs) == 3


def test_other_fixtures_stay_arguments() -> None:
    @crash_everywhere
    async def scenario(env: Environment, tmp_path: Path) -> None:
        """Take a fixture."""

    assert list(inspect.signature(scenario).parameters) == ["tmp_path", "awaken_app"]


def test_function_without_an_environment_is_refused() -> None:
    async def scenario() -> None:
        """Take nothing."""

    with pytest.raises(TypeError, match="takes no argument; it is called with an Environment"):
        crash_everywhere(scenario)


@pytest.fixture
def approval(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The README's example."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("approval", None)
    module = importlib.import_module("approval")
    monkeypatch.setattr(module, "OUTBOX", tmp_path)
    return module


@pytest.mark.slow
async def test_our_example_survives_every_crash(approval: ModuleType) -> None:
    """The decorator asserts: it fails at the first crash after which result, state or invocations differ."""

    @crash_everywhere(app=approval.app)
    async def scenario(env: Environment) -> str:
        sent = await env.client.service_send(approval.submit, arg="desk")
        await env.awakeable().resolve(approval.Decision(approved=True, by="Ada"))
        return await env.client.attach(sent.invocation_id, type_hint=str)

    await scenario()


# What the failure says.

shop = awaken.Service("Shop")
stock = awaken.VirtualObject("Stock")
#: Attempts of `buy`: what no handler may depend on.
ATTEMPTS: list[int] = []


@shop.handler()
async def buy(ctx: awaken.Context, thing: str) -> dict[str, Any]:
    ATTEMPTS.append(1)
    await ctx.run_typed("charge", lambda: "paid")
    left = await ctx.object_call(take, key=thing, arg=len(ATTEMPTS))
    return {"thing": thing, "left": left}


@stock.handler()
async def take(ctx: awaken.ObjectContext, amount: int) -> int:
    ctx.set("taken", {"amount": amount})
    return 10 - amount


@shop.handler()
async def price(ctx: awaken.Context, thing: str) -> int:
    ATTEMPTS.append(1)
    await ctx.run_typed("look up", lambda: None)
    return len(ATTEMPTS)


@shop.handler()
async def crashes_badly(ctx: awaken.Context) -> None:
    ATTEMPTS.append(1)
    await ctx.run_typed("charge", lambda: None)
    if len(ATTEMPTS) > 1:
        raise RuntimeError("charged before")


async def buy_a_desk(env: Environment) -> None:
    ATTEMPTS.clear()
    sent = await env.client.service_send(buy, arg="desk")
    await env.settle()
    await env.client.attach(sent.invocation_id)


async def failure_of(scenario: Callable[[Environment], Awaitable[object]]) -> str:
    with pytest.raises(CrashFoundError) as caught:
        await crash_everywhere(app=[shop, stock])(scenario)()
    return str(caught.value)


@pytest.mark.slow
async def test_failure_shows_values_and_the_place_in_the_journal() -> None:
    text = await failure_of(buy_a_desk)

    lines = text.splitlines()
    # A handler begins before its invocation is on disk: if it counts its attempts, the first crash shows it.
    assert lines[0] == "with a crash right before commit 1 (entry 0, Input, of Shop/buy):"
    assert "  state \"taken\" of Stock/desk was {'amount': 1} and became {'amount': 2}" in lines
    assert "  Stock/desk/take(1) was invoked 1 times undisturbed and 0 times with the crash" in lines
    assert (
        "  Shop/buy('desk') returned {'thing': 'desk', 'left': 9} undisturbed, and "
        "returned {'thing': 'desk', 'left': 8} with the crash"
    ) in lines
    assert re.fullmatch(r'repeat this one with AWAKEN_CRASH_AT="(before|after) \d+"', lines[-1])


@pytest.mark.slow
async def test_result_of_the_test_is_shown() -> None:
    async def scenario(env: Environment) -> dict[str, int]:
        ATTEMPTS.clear()
        return {"price": await env.client.service_call(price, arg="desk")}

    text = await failure_of(scenario)

    assert "the result of the test was {'price': 1} and became {'price': 2}" in text
    assert "Shop/price('desk') returned 1 undisturbed, and returned 2 with the crash" in text


@pytest.mark.slow
async def test_handlers_exception_is_the_cause() -> None:
    async def scenario(env: Environment) -> None:
        ATTEMPTS.clear()
        await env.client.service_call(crashes_badly, arg=None)

    with pytest.raises(CrashFoundError, match="the test failed: RuntimeError: charged before") as caught:
        await crash_everywhere(app=[shop])(scenario)()

    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.slow
async def test_one_position_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    async def scenario(env: Environment) -> None:
        runs.append(1)
        await buy_a_desk(env)

    first = await failure_of(scenario)
    found = re.search(r'AWAKEN_CRASH_AT="(.*)"', first)
    assert found is not None
    runs.clear()
    monkeypatch.setenv("AWAKEN_CRASH_AT", found[1])

    assert (await failure_of(scenario)).splitlines()[1:] == first.splitlines()[1:]
    assert len(runs) == 2


async def test_position_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_CRASH_AT", "7")

    with pytest.raises(ValueError, match=r"'7' is not a position; give one such as \"before 3\""):
        await crash_everywhere(app=[shop, stock])(buy_a_desk)()


def test_plain_function_is_refused() -> None:
    def scenario(env: Environment) -> None:
        """Await nothing."""

    with pytest.raises(TypeError, match="scenario is not a coroutine function; write `async def`"):
        crash_everywhere(scenario)  # type: ignore[arg-type]


# Handlers that fail on their way.


@pytest.mark.slow
async def test_retries_that_a_handler_asks_for_survive_every_crash() -> None:
    asking = awaken.Service("Asking")
    attempts: list[int] = []

    @asking.handler()
    async def ask(ctx: awaken.Context) -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise awaken.RetryableError("busy", retry_after=timedelta(seconds=30))
        await ctx.run_typed("work", lambda: None)
        return "served"

    @crash_everywhere(app=[asking])
    async def scenario(env: Environment) -> str:
        attempts.clear()
        sent = await env.client.service_send(ask, arg=None)
        await env.advance(minutes=1)
        return await env.client.attach(sent.invocation_id, type_hint=str)

    await scenario()

    assert len(attempts) >= 2  # the last run retried; the decorator asserts that all runs agree


@pytest.mark.slow
async def test_bug_is_raised_before_any_crash_unless_retries_are_given() -> None:
    async def scenario(env: Environment) -> str:
        app.TRIES.clear()
        sent = await env.client.service_send(flaky, arg=None)
        await env.advance(minutes=1)
        return await env.client.attach(sent.invocation_id, type_hint=str)

    with pytest.raises(ValueError, match="not yet"):
        await crash_everywhere(app=app.app)(scenario)()
    await crash_everywhere(app=app.app, retries=True)(scenario)()
