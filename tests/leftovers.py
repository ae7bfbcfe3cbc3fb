"""Finds what a test run leaves behind: processes, listening ports and temporary folders. Any of them fails the run.

A variable in the environment marks the run's processes. All descendants inherit it, even those whose parent has ended,
so a run sees only its own leftovers, and several runs can share a machine. This module kills and removes leftovers,
after failures and Ctrl-C too.

With pytest-xdist each worker checks itself, and the reporting process collects what the workers found.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Environment variable that marks the processes of a run.
MARK: Final = "AWAKEN_TEST_RUN"

#: Where the test kit stores the files of its environments, in folders named after its process id.
MEMORY_DISK: Final = Path("/dev/shm")

#: How long processes may take to end if they have been asked to.
PATIENCE_S: Final = 5


class Leftovers:
    """Watches one run.

    Args:
        folder: only for temporary files of this process and its children.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = uuid.uuid4().hex
        self._environment = {name: os.environ.get(name) for name in (MARK, "TMPDIR")}
        self._listening = set(_listening_ports())
        self.found: list[str] = []

    def begin(self) -> None:
        """Mark this process, and thereby its descendants."""
        self._folder.mkdir()
        os.environ |= {MARK: self._run, "TMPDIR": str(self._folder)}
        tempfile.tempdir = None  # so that tempfile reads TMPDIR again

    def collect(self) -> None:
        """Kill and remove leftovers, and list them in `found`."""
        processes = list(self._processes())
        _, alive = psutil.wait_procs(processes, PATIENCE_S)
        for process in alive:
            self.found.append(f"process {process.pid}: {_command(process)}")
            process.kill()
        self.found += [f"port {port} is still listened on" for port in _listening_ports() - self._listening]
        for path in self._folders():
            self.found.append(f"{path} still exists")
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, value in self._environment.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        tempfile.tempdir = None

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter(["environ"]):
            environment = process.info["environ"] or {}  # None for processes of other users
            if process.pid != os.getpid() and environment.get(MARK) == self._run:
                yield process

    def _folders(self) -> Iterator[Path]:
        yield from self._folder.iterdir()
        if MEMORY_DISK.is_dir():
            yield from MEMORY_DISK.glob(f"awaken-{os.getpid()}-*")


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "has ended meanwhile"


def _listening_ports() -> set[int]:
    """Return the ports on which this process listens."""
    connections = psutil.Process().net_connections("tcp")
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


_KEY = pytest.StashKey[Leftovers]()
#: What this run found; in the reporting process, also what its workers found.
_FOUND = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FOUND] = []


def pytest_runtest_setup() -> None:
    # SIGTERM acts like Ctrl-C: fixtures are torn down, so that a stopped run leaves nothing behind either. Set before
    # each test, because event loops remove their signal handlers without restoring the previous ones.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _watched_for_leftovers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    leftovers = Leftovers(tmp_path_factory.getbasetemp() / "temporary")
    leftovers.begin()
    request.config.stash[_KEY] = leftovers


@pytest.hookimpl(trylast=True)  # after the fixtures of the session
def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash[_FOUND]
    if (leftovers := session.config.stash.get(_KEY, None)) is not None:
        leftovers.collect()
        found += leftovers.found
    # What a worker of xdist hands over to the process that reports; not there otherwise.
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["leftovers"] = found
    if found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)  # called by xdist in the reporting process
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_FOUND].extend(getattr(node, "workeroutput", {}).get("leftovers", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if found := config.stash[_FOUND]:
        terminalreporter.section("left behind by the tests", red=True)
        for line in found:
            terminalreporter.write_line(line)
