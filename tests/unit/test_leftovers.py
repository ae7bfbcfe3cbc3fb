"""The suite itself: a run that leaves something behind fails, and cleans up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]

#: Leaves a process whose parent is gone, a port and a folder.
LITTER = """
import socket, subprocess, sys, tempfile
from pathlib import Path

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
PARENT = f'''
import subprocess, sys
command = [sys.executable, "-c", {SLEEPER!r}]
child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
child.stdout.readline()
print(child.pid)
'''

def litter(note):
    parent = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, start_new_session=True)
    left = socket.create_server(("127.0.0.1", 0))
    globals()["left"] = left
    folder = tempfile.mkdtemp(prefix="litter-")
    Path(note).write_text(f"{parent.stdout.strip()} {left.getsockname()[1]} {folder}")
"""

PASSES = """
def test_passes():
    litter("note")
"""
IS_STOPPED = """
import os, signal

def test_changes_the_handler():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

def test_is_stopped():
    litter("note")
    os.kill(os.getpid(), signal.SIGTERM)
"""
IS_TIDY = """
import tempfile

def test_is_tidy(tmp_path):
    (tmp_path / "kept").write_text("by pytest")
    with tempfile.TemporaryDirectory():
        pass
"""


def run(folder: Path, test: str, workers: int = 0) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(LITTER + test)
    options = ["-p", "tests.leftovers", "-p", "no:cacheprovider", "-n", str(workers)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_it.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DEBUG_TEMPROOT": str(folder)},
        capture_output=True,
        text=True,
    )


def is_dead(pid: int) -> bool:
    """Tell whether a process has ended; whether init has collected it as well does not matter."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("test", "workers", "code"),
    [
        (PASSES, 0, pytest.ExitCode.TESTS_FAILED),
        (PASSES, 1, pytest.ExitCode.TESTS_FAILED),
        (IS_STOPPED, 0, pytest.ExitCode.INTERRUPTED),
    ],
    ids=["passed", "passed in a worker", "stopped"],
)
def test_run_names_and_removes_what_it_left_behind(
    tmp_path: Path, test: str, workers: int, code: int
) -> None:
    result = run(tmp_path, test, workers)

    pid, port, folder = (tmp_path / "note").read_text().split()
    assert result.returncode == code, result.stdout
    assert f"process {pid}: {sys.executable} -c import time" in result.stdout
    assert f"port {port} is still listened on" in result.stdout
    assert f"{folder} still exists" in result.stdout
    assert is_dead(int(pid))
    assert not Path(folder).exists()


@pytest.mark.slow
def test_run_that_left_nothing_behind_passes(tmp_path: Path) -> None:
    result = run(tmp_path, IS_TIDY)

    assert result.returncode == pytest.ExitCode.OK, result.stdout
    assert "left behind" not in result.stdout
