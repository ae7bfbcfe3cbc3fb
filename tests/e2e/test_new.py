"""Projects that `awaken new` makes work as their READMEs say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATES = ("minimal", "approvals", "fastapi")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ID = re.compile(r"sign_1[\w-]+")
APPROVE = {"approved": True, "by": "Ada"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


class Terminals:
    """Types commands in a new project; its addresses are replaced by free ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {str(port): str(free_port()) for port in (8000, 8080, 9070, 9071)}
        self.open: list[Process] = []
        self.environment = {
            "PATH": PATH,
            "PYTHONUNBUFFERED": "1",
            "AWAKEN_INGRESS": f"127.0.0.1:{self.ports['8080']}",
            "AWAKEN_ADMIN": f"127.0.0.1:{self.ports['9070']}",
            "AWAKEN_GRPC": f"127.0.0.1:{self.ports['9071']}",
        }

    def commands(self) -> list[str]:
        """Return what the README says to type, after the installation."""
        blocks = re.findall(
            r"```(?:console|sh)\n(.*?)```", (self.folder / "README.md").read_text(), re.DOTALL
        )
        shown = [line for block in blocks for line in block.splitlines()]
        lines = [line.removeprefix("$ ") for line in shown if not line.startswith("{")]  # what curl prints
        assert lines.pop(0).startswith("pip install -e '.[test]'")
        return lines

    def here(self, command: str) -> str:
        for port, other in self.ports.items():
            command = command.replace(f":{port}", f":{other}")
        return command.replace("curl ", "curl -sS --fail-with-body ").replace(
            "uvicorn ", f"uvicorn --port {self.ports['8000']} "
        )

    def type_in(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", self.here(command)],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, command: str, *, until: str) -> Process:
        """Start a program that does not end, and wait until it has printed something."""
        process = Process(
            ["bash", "-c", f"exec {self.here(command)}"],
            log=self.folder / f"{len(self.open)}.log",
            cwd=self.folder,
            env=self.environment,
        )
        self.open.append(process)
        process.start()
        eventually(lambda: until in process.log, within=30, what=f"{until!r} from {command}")
        return process


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[[str], Terminals]]:
    made: list[Terminals] = []

    def make(template: str) -> Terminals:
        command = [sys.executable, "-m", "awaken.cli", "new", "my-orders", "--template", template]
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        made.append(Terminals(tmp_path / "my-orders"))
        return made[-1]

    yield make
    for terminals in made:
        for process in terminals.open:
            process.kill()


@pytest.mark.parametrize("template", TEMPLATES)
def test_tests_pass_at_once(template: str, project: Callable[[str], Terminals]) -> None:
    terminals = project(template)
    command, *_ = terminals.commands()

    output = terminals.type_in(f"{command} -W error -p no:cacheprovider")

    assert re.search(r" \d passed in ", output), output


def test_minimal_project_waits_over_a_restart(project: Callable[[str], Terminals]) -> None:
    terminals = project("minimal")
    _, dev, send, resolve, attach = terminals.commands()

    first = terminals.start(dev, until="ingress on")
    sent = json.loads(terminals.type_in(send))["invocationId"]
    found = eventually(lambda: ID.search(first.log), what="the id in the terminal")
    assert first.stop() == 0
    assert "no damage found" in terminals.type_in("awaken check")
    terminals.start(dev, until="ingress on")
    terminals.environment["AWAKEN_INGRESS"] = f"http://127.0.0.1:{terminals.ports['8080']}"
    terminals.type_in(resolve.replace("sign_1...", found.group() if found else ""))

    assert terminals.type_in(attach.replace("inv_1...", sent)) == '"a desk: bought, as Ada decided"'


def test_approvals_project_asks_people(project: Callable[[str], Terminals]) -> None:
    terminals = project("approvals")
    _, dev, submit = terminals.commands()

    server = terminals.start(dev, until="ingress on")
    sent = json.loads(terminals.type_in(submit.replace("/submit ", "/submit/send ")))["invocationId"]
    link = eventually(
        lambda: re.search(r"to lead@.*\n  (http\S+)", server.log), what="a link in the terminal"
    )
    assert link is not None
    inbox = httpx.get(f"http://127.0.0.1:{terminals.ports['9070']}/ui/", follow_redirects=True)
    httpx.post(link[1], json={"approved": True}).raise_for_status()
    attach = f"curl http://127.0.0.1:8080/restate/invocation/{sent}/attach"

    assert "Buy a desk?" in inbox.text
    assert terminals.type_in(attach) == '"a desk: approved by lead@example.com"'


def test_fastapi_project_starts_and_answers_by_routes(project: Callable[[str], Terminals]) -> None:
    terminals = project("fastapi")
    _, _, runtime, uvicorn, register, start, decide, read = terminals.commands()

    terminals.start(runtime, until="ingress on")
    for name, port in (("INGRESS", "8080"), ("ADMIN", "9070")):
        terminals.environment[f"AWAKEN_{name}"] = f"http://127.0.0.1:{terminals.ports[port]}"
    web = terminals.start(uvicorn, until="startup complete")
    early = httpx.post(
        f"http://127.0.0.1:{terminals.ports['8000']}/orders", json={"item": "a desk", "euros": 3}
    )
    terminals.type_in(register)
    order = json.loads(terminals.type_in(start))["order"]
    found = eventually(lambda: ID.search(web.log), what="the id in the terminal")
    decided = terminals.type_in(decide.replace("sign_1...", found.group() if found else ""))
    read_outcome = partial(terminals.type_in, read.replace("inv_1...", order))
    outcome = eventually(lambda: json.loads(read_outcome())["outcome"], what="the outcome")
    other = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
    unknown = httpx.get(f"http://127.0.0.1:{terminals.ports['8000']}/orders/{other}")

    assert (early.status_code, "awaken register" in early.json()["detail"]) == (503, True)
    assert json.loads(decided) == {"outcome": "applied"}
    assert outcome == "a desk: bought, as Ada decided"
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "invocation not found"})


def test_fastapi_project_tells_that_no_runtime_answers(project: Callable[[str], Terminals]) -> None:
    terminals = project("fastapi")
    _, _, _, uvicorn, *_ = terminals.commands()
    terminals.environment["AWAKEN_INGRESS"] = f"http://127.0.0.1:{terminals.ports['8080']}"

    terminals.start(uvicorn, until="startup complete")
    order = {"item": "a desk", "euros": 300}
    refused = httpx.post(f"http://127.0.0.1:{terminals.ports['8000']}/orders", json=order, timeout=30)

    assert refused.status_code == 503
    assert "awaken runtime" in refused.json()["detail"]


def test_fastapi_project_runs_without_its_routes(project: Callable[[str], Terminals]) -> None:
    terminals = project("fastapi")
    _, dev, *_ = terminals.commands()

    assert "serving orders (place)" in terminals.start(dev, until="ingress on").log
