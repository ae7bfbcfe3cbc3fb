"""How `awaken dev` and `awaken serve`, as processes, report a MODULE:APP that does not name an application."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

GREETER = """
import awaken

greeter = awaken.Service("Greeter")

@greeter.handler()
async def greet(ctx: awaken.Context) -> str:
    return "hello"

app = awaken.app([greeter])
mixed = [greeter, 5]
settings = {"app": app}

def make_app():
    return app

class App:
    app = app
"""

WEB = """
from fastapi import FastAPI

app = FastAPI()
"""

FAILING = """
import awaken

greeter = awaken.Service("Greeter")

@greeter.handler()
def greet(ctx: awaken.Context) -> str:
    return "hello"
"""

#: Characters of a path to which no name can be added on Linux.
LONGEST_PATH = 4090

SERVER = """
import awaken
from awaken.serve import run

app = awaken.app([awaken.Service("Greeter")])
run(app.accept, port=0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    (folder / "src").mkdir()
    (folder / "src" / "inner.py").write_text(GREETER)
    (folder / "greeter.py").write_text(GREETER)
    (folder / "web.py").write_text(WEB)
    (folder / "failing.py").write_text(FAILING)
    (folder / "leaving.py").write_text("import sys\n\nsys.exit('bye')\n")
    (folder / "serving.py").write_text(SERVER)
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "awaken.cli", *arguments]
    environment = {**os.environ, "AWAKEN_GRPC": "off"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("greeter", "'greeter' names no application; write MODULE:NAME, such as greeter:app"),
        ("greeter.py", "'greeter.py' names no application; write MODULE:NAME, such as greeter:app"),
        ("./src/inner.py", "'./src/inner.py' names no application; write MODULE:NAME, such as src.inner:app"),
        ("greeter:", "'greeter:' names no application; write MODULE:NAME, such as greeter:app"),
        (":app", "':app' names no application; write MODULE:NAME, such as greeter:app"),
        ("", "'' names no application; write MODULE:NAME, such as greeter:app"),
        ("greeter app", "'greeter app' names no application; write MODULE:NAME, such as greeter:app"),
        ("greeter.py:app", "'greeter.py' is a file; name the module instead: greeter:app"),
        ("src/inner:app", "'src/inner' is a file; name the module instead: src.inner:app"),
        ("src\\inner.py:app", "'src\\\\inner.py' is a file; name the module instead: src.inner:app"),
        (
            "greeter:make_app()",
            "'greeter:make_app()' is a call; call it in the module, `app = make_app()`, and write greeter:app",
        ),
        (
            "greeter:make_app",
            "greeter:make_app is the function make_app. "
            "Call it in the module, `app = make_app()`, and write greeter:app",
        ),
        (
            "greeter:greet",
            "greeter:greet is the function greet. "
            "It is a handler of 'Greeter'; write `app = awaken.app([...])` with the "
            "service, and greeter:app",
        ),
        ("greeter:App", "greeter:App is the class App. Write greeter:greeter or greeter:app"),
        (
            "greeter:awaken",
            "greeter:awaken is the module awaken. Name what `awaken.app([...])` returned, a service, or a list of "
            "services",
        ),
        (
            "greeter:mixed",
            "greeter:mixed is a list with int among its services. Write greeter:greeter or greeter:app",
        ),
        (
            "greeter:settings",
            "greeter:settings is a dict. Write greeter:greeter or greeter:app",
        ),
        ("greeter:application", "greeter has no 'application'. Write greeter:greeter or greeter:app"),
        (
            "web:nothing",
            "web has no 'nothing'; it has FastAPI, app. Write `nothing = awaken.app([...])` in it, with its services",
        ),
        (
            "web:app",
            "web:app is a FastAPI application, not a durable one. Write durable = awaken.app([...]) and "
            "web:durable; a web server serves both when you mount it: app.mount('/restate', durable)",
        ),
        (
            "leaving:app",
            "leaving asks the process to exit with 'bye' while it is imported at {folder}/leaving.py:3; put what "
            'only a script does under `if __name__ == "__main__":`',
        ),
        (
            "inner:app",
            "there is no module 'inner' in {folder} or among the installed packages; run the command in {folder}/src",
        ),
        (
            "nowhere:app",
            "there is no module 'nowhere' in {folder} or among the installed packages; run the command in the "
            "folder the module is imported from",
        ),
    ],
)
def test_target_that_cannot_be_served_is_told_what_to_write(folder: Path, target: str, expected: str) -> None:
    done = run(folder, "serve", target)

    is_malformed = any(part in expected for part in ("names no application", "is a file", "is a call"))
    assert (done.returncode, done.stdout) == (2 if is_malformed else 1, "")
    assert done.stderr == f"error: {expected.format(folder=folder)}\n"


def test_dev_says_the_same(folder: Path) -> None:
    done = run(folder, "dev", "greeter.py")

    assert done.returncode == 2
    assert done.stderr == "error: 'greeter.py' names no application; write MODULE:NAME, such as greeter:app\n"


def test_bad_declaration_shows_the_authors_lines_only(folder: Path) -> None:
    done = run(folder, "serve", "failing:greeter")

    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "error: failing cannot be imported:"
    assert [line for line in lines if line.startswith("  File ")] == [
        f'  File "{folder}/failing.py", line 6, in <module>'
    ]
    assert lines[-1].startswith(
        f"TypeError: Greeter/greet at {folder}/failing.py:6 is a plain function; write `async def`"
    )


def test_module_that_runs_a_server_is_told_to_leave_it(folder: Path) -> None:
    command = [sys.executable, "-m", "awaken.cli", "serve", "serving:app", "--bind", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == (
            f"awaken: serving is still being imported at {folder}/serving.py:6; if it runs a server there, put that "
            'under `if __name__ == "__main__":`\n'
        )
    finally:
        process.kill()
        process.communicate()


def test_folders_that_cannot_be_looked_into_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path
    while (missing := LONGEST_PATH - len(f"{folder}/")) > 0:
        folder /= "d" * (missing if missing <= 200 else 100)
        folder.mkdir()

    done = run(tmp_path, "dev", "nowhere:app")

    assert done.stderr.startswith(f"error: there is no module 'nowhere' in {tmp_path} or among")
