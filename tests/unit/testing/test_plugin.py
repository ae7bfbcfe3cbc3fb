"""The plugin as pytest finds it, on the example of docs/testing.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[3] / "docs" / "testing.md"


def run_pytest(folder: Path, code: str, *arguments: str) -> tuple[int, str]:
    (folder / "test_expenses.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_documented_tests_pass(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)

    status, output = run_pytest(tmp_path, code)

    assert status == 0, output
    assert "2 passed" in output


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
    code = "import sys, awaken.pytest_plugin; print([n for n in ('httpx', 'starlette', 'rich') if n in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_missing_pytest_asyncio_is_explained(tmp_path: Path) -> None:
    (tmp_path / "pytest_asyncio.py").write_text("raise ImportError")
    code = "def test_it(awaken_env):\n    pass\n"

    status, output = run_pytest(tmp_path, code, "-p", "no:asyncio", "-W", "ignore", "-c", "/dev/null")

    assert status == 1
    assert "awaken_env needs pytest-asyncio: pip install pytest-asyncio" in output
