"""The commands of the README, typed in its order, print what the README shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
_, _, README = (ROOT / "README.md").read_text().partition("\n## Step by step\n")
STEPS, _, _ = README.partition("\n## ")
BLOCKS = re.findall(r"^ *```console\n(.*?)^ *```", STEPS, re.DOTALL | re.MULTILINE)
ID = re.compile(r"\b(?:inv|sign)_1[\w-]+")


def commands() -> list[tuple[str, str]]:
    """Return the commands in their order, each with what the README shows below it."""
    lines = "\n".join(line.strip() for block in BLOCKS for line in block.splitlines()).replace("\\\n", "")
    return [
        (command, shown.strip())
        for command, shown in re.findall(r"^\$ (.*)\n((?:[^$].*\n?)*)", lines + "\n", re.M)
    ]


@pytest.mark.slow
def test_steps_of_the_readme_do_what_they_show(tmp_path: Path) -> None:
    typed = commands()
    assert [command.split()[0] for command, _ in typed] == [
        "cd",
        "awaken",
        "curl",
        "cat",
        "curl",
        "curl",
        "curl",
    ]
    (tmp_path / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "approval.py", tmp_path / "examples")
    addresses = {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8080, 9070, 9071)}
    settings = dict(zip(("AWAKEN_INGRESS", "AWAKEN_ADMIN", "AWAKEN_GRPC"), addresses.values(), strict=True))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ids: dict[str, str] = {}

    def here(text: str) -> str:
        """Replace the README's addresses and ids by those of this test."""
        text = re.sub("|".join(map(re.escape, addresses)), lambda found: addresses[found.group()], text)
        return ID.sub(lambda found: ids.get(found.group(), found.group()), text)

    def type_in(command: str) -> str:
        return subprocess.run(
            ["bash", "-c", here(command).replace("curl ", "curl -sS ")],
            cwd=tmp_path / "examples",
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        ).stdout.strip()

    (prepare, _), (dev, announced), send, cat, (resolve, _), (reject, _), (attach, attached) = typed
    type_in(prepare.removeprefix("cd examples && "))
    process = Process(
        ["bash", "-c", f"exec {dev}"],
        log=tmp_path / "dev.log",
        cwd=tmp_path / "examples",
        env={**settings, "PATH": path, "PYTHONUNBUFFERED": "1"},
    )
    process.start()
    try:
        eventually(lambda: "ingress on" in process.log, what="the ingress")
        assert process.log.strip() == here(announced)

        for command, shown in (send, cat):
            answer = eventually(partial(type_in, command), what=f"an answer to {command}")
            ids.update(zip(ID.findall(shown), ID.findall(answer), strict=True))
            assert answer == here(shown)

        assert type_in(resolve) == '{"outcome":"applied"}'
        assert type_in(reject) == '{"outcome":"already-completed"}'
        assert type_in(attach) == attached
        assert process.stop() == 0
    finally:
        process.kill()
