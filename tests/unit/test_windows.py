"""What the package does where POSIX is missing; `tests/windows.py` tells what of Windows is shown to it."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RUN = (sys.executable, str(ROOT / "tests" / "windows.py"))
IMPORT_ALL = """
import importlib, pkgutil, sys
import awaken
left_out = {}
for module in pkgutil.walk_packages(awaken.__path__, "awaken."):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        left_out[module.name] = str(error)
print(sys.platform, left_out)
"""
APP = """
from datetime import timedelta

import awaken

greeter = awaken.Service("Greeter")

@greeter.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    await ctx.sleep(timedelta(milliseconds=50))
    return f"hello {name}"

app = awaken.app([greeter])
"""


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *arguments], capture_output=True, text=True, cwd=folder, timeout=100, check=False
    )


@contextmanager
def development_server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `awaken dev` there, with what it announces."""
    (folder / "app.py").write_text(APP)
    addresses = [part for name in ("ingress", "admin", "grpc") for part in (f"--{name}", "127.0.0.1:0")]
    with subprocess.Popen(
        [*RUN, "-m", "awaken.cli", "dev", "app:app", *addresses, "--json-output"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            yield process, json.loads(line)
        finally:
            process.kill()


@pytest.mark.timeout(120)  # agent frameworks are large
def test_every_module_but_that_of_workers_is_imported() -> None:
    told = run("-c", IMPORT_ALL)

    assert told.returncode == 0, told.stderr
    platform, left_out = told.stdout.split(maxsplit=1)
    assert platform == "win32"
    assert ast.literal_eval(left_out) == {
        "awaken.hosting.workers": "awaken.hosting.workers starts processes by fork, which Windows does not have"
    }


def test_development_server_runs_answers_questions_and_stops(tmp_path: Path) -> None:
    with development_server(tmp_path) as (process, announced):
        greeting = httpx.post(f"{announced['ingress']}/Greeter/greet", json="you", timeout=20)
        rows = httpx.post(
            f"{announced['admin']}/query",
            json={"query": "SELECT target FROM sys_invocation"},
            headers={"accept": "application/json"},
            timeout=20,
        )
        second = run("-m", "awaken.cli", "dev", "app:app", "--ingress", "127.0.0.1:0", folder=tmp_path)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)

    assert greeting.json() == "hello you", errors
    assert rows.json() == {"rows": [{"target": "Greeter/greet"}]}, errors
    assert f"in use by process {process.pid}" in second.stderr
    assert process.returncode == 0, errors
    assert (tmp_path / ".awaken" / "owner").read_text() == f"{process.pid}\n"


def test_several_workers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)

    told = run("-m", "awaken.cli", "serve", "app:app", "--workers", "2", folder=tmp_path)

    assert told.returncode == 2
    assert "--workers is 2: Windows has no fork, which starts them; leave it at 1" in told.stderr


def test_reloading_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)

    told = run("-m", "awaken.cli", "dev", "app:app", "--reload", folder=tmp_path)

    assert told.returncode == 2
    assert "--reload replaces this process" in told.stderr
