"""Crashes everywhere: right handlers pass, wrong ones are found, and so is the position."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.testing import CrashFoundError, Environment, crash_everywhere

from tests.unit.testing import app
from tests.unit.testing.app import careless, sign

if TYPE_CHECKING:
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

    with pytest.raises(CrashFoundError, match=r"with a crash .* commit .*: the result was 1 and became 2"):
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
    @crash_everywhere(app=approval.app)
    async def scenario(env: Environment) -> str:
        sent = await env.client.service_send(approval.submit, arg="desk")
        await env.awakeable().resolve(approval.Decision(approved=True, by="Ada"))
        return await env.client.attach(sent.invocation_id, type_hint=str)

    await scenario()
