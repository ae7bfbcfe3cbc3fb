"""The plugin as pytest finds it."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def run_pytest(folder: Path, code: str, *arguments: str) -> tuple[int, str]:
    (folder / "test_expenses.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_missing_application_is_explained(tmp_path: Path) -> None:
    code = "import pytest\n\n@pytest.mark.asyncio\nasync def test_it(awaken_env):\n    pass\n"

    status, output = run_pytest(tmp_path, code)

    assert status == 1
    assert "define the fixture awaken_app in conftest.py" in output


def test_marker_gives_application_and_options(tmp_path: Path) -> None:
    code = """
import awaken, pytest

service = awaken.Service("S")

@service.handler()
async def wait(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str, name="it")

@pytest.mark.asyncio
@pytest.mark.awaken(app=[service], always_replay=True)
async def test_it(awaken_env):
    sent = await awaken_env.client.service_send(wait, None)
    await awaken_env.awakeable("it").id()
    await awaken_env.settle()
    assert awaken_env.invocation(sent.invocation_id).status == "suspended"
"""

    status, output = run_pytest(tmp_path, code)

    assert status == 0, output


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    code = "import sys, awaken.testing.plugin; print([n for n in ('httpx', 'starlette', 'rich') if n in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_missing_pytest_asyncio_is_explained(tmp_path: Path) -> None:
    (tmp_path / "pytest_asyncio.py").write_text("raise ImportError")
    code = "def test_it(awaken_env):\n    pass\n"

    status, output = run_pytest(tmp_path, code, "-p", "no:asyncio", "-W", "ignore", "-c", "/dev/null")

    assert status == 1
    assert "awaken_env needs pytest-asyncio: pip install pytest-asyncio" in output


# Mistakes, all of them in one run of pytest: starting it takes long.

MISTAKES = """
import asyncio
import awaken, pytest
from awaken.testing import crash_everywhere

service = awaken.Service("S")

@service.handler()
async def broken(ctx: awaken.Context) -> None:
    raise ValueError("no such price")

@service.handler()
async def word(ctx: awaken.Context) -> str:
    return await ctx.awakeable(type_hint=str, name="word")

@service.handler()
async def forgets(ctx: awaken.Context) -> None:
    ctx.run_typed("mail", lambda: None)

@service.handler()
async def flaky(ctx: awaken.Context) -> str:
    TRIES.append(1)
    if len(TRIES) < 2:
        raise ValueError("not yet")
    return "at last"

TRIES = []
KEPT = []

pytestmark = pytest.mark.awaken(app=[service])

@pytest.mark.asyncio
async def test_only_sends(awaken_env):
    await awaken_env.client.service_send(broken, None)

@pytest.mark.asyncio
async def test_fails_itself(awaken_env):
    await awaken_env.client.service_send(broken, None)
    with pytest.raises(KeyError):
        await awaken_env.settle()

@pytest.mark.asyncio
async def test_fails_before(awaken_env):
    sent = await awaken_env.client.service_send(broken, None)
    while awaken_env.invocation(sent.invocation_id).status != "paused":
        await asyncio.sleep(0)
    assert 1 == 2

@pytest.mark.asyncio
async def test_expects_the_failure(awaken_env):
    with pytest.raises(ValueError):
        await awaken_env.client.service_call(broken, None)

@pytest.mark.asyncio
async def test_forgets_an_await(awaken_env):
    await awaken_env.client.service_call(forgets, None)

def test_plain_function(awaken_env):
    awaken_env.client.service_call(broken, None).close()

@pytest.mark.asyncio
@pytest.mark.awaken(always_reply=True)
async def test_misspelt_option(awaken_env):
    pass

@pytest.mark.asyncio
@pytest.mark.awaken(service)
async def test_positional_option(awaken_env):
    pass

@pytest.mark.asyncio
@pytest.mark.awaken(app=service.name)
async def test_wrong_application(awaken_env):
    pass

@pytest.mark.asyncio
@pytest.mark.awaken(retries=True, disable_retries=True)
async def test_contradiction(awaken_env):
    pass

@pytest.mark.asyncio
@pytest.mark.awaken(retries=True)
async def test_asks_for_retries(awaken_env):
    assert await awaken_env.client.service_call(flaky, None) == "at last"

@pytest.mark.asyncio
async def test_keeps_the_environment(awaken_env):
    KEPT.append(awaken_env)

@pytest.mark.asyncio
async def test_uses_a_kept_environment():
    await KEPT[0].client.service_call(word, None)

@pytest.mark.asyncio
async def test_settles_a_kept_environment():
    await KEPT[0].settle()
"""


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest reports of each test, by name: the outcome of each phase that is not passed, and its text."""
    folder = tmp_path_factory.mktemp("mistakes")
    _, output = run_pytest(folder, MISTAKES, "-rA", "--tb=short")
    sections = re.split(r"^_+ (?:ERROR at (?:setup|teardown) of )?(test_\w+) _+$", output, flags=re.MULTILINE)
    found = dict.fromkeys(re.findall(r"test_\w+", MISTAKES), "")
    for name, text in zip(sections[1::2], sections[2::2], strict=True):
        found[name] += text.partition("\n==")[0]
    for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S+::(test_\w+)", output, flags=re.MULTILINE):
        found[name] += f"\n{outcome}"
    return found


@pytest.mark.parametrize(
    ("name", "outcomes", "text"),
    [
        (
            "test_only_sends",
            ["PASSED", "ERROR"],
            r"test_expenses.py:10: in broken\n(.*\n)*E +ValueError: no such price",
        ),
        ("test_fails_itself", ["FAILED"], "ValueError: no such price"),
        (
            "test_fails_before",
            ["FAILED"],
            r"assert 1 == 2\nE +a handler failed as well: S/broken \(inv_.*no such price",
        ),
        ("test_expects_the_failure", ["PASSED"], ""),
        (
            "test_forgets_an_await",
            ["PASSED", "ERROR"],
            r'the run "mail" at .*test_expenses.py:18 was never awaited',
        ),
        (
            "test_plain_function",
            ["ERROR"],
            "test_plain_function is a plain function, .*`async def test_plain_function`",
        ),
        (
            "test_misspelt_option",
            ["ERROR"],
            "does not take always_reply=True; it takes app=, always_replay=, retries=",
        ),
        ("test_positional_option", ["ERROR"], "does not take <.*Service.*>; it takes app="),
        ("test_wrong_application", ["ERROR"], "a str is not an application; give what `awaken.app"),
        ("test_contradiction", ["ERROR"], "retries=True and disable_retries=True exclude each other"),
        ("test_asks_for_retries", ["PASSED"], ""),
        ("test_uses_a_kept_environment", ["FAILED"], "this environment has ended, with the test"),
        ("test_settles_a_kept_environment", ["FAILED"], "this environment has ended, with the test"),
    ],
)
def test_mistake_is_told(mistakes: dict[str, str], name: str, outcomes: list[str], text: str) -> None:
    report = mistakes[name]

    assert sorted(re.findall(r"^(PASSED|FAILED|ERROR)$", report, flags=re.MULTILINE)) == sorted(outcomes), (
        report
    )
    assert re.search(text, report), report
