"""What a run of the tests leaves behind: processes, listening ports and temporary folders. Any of them fails the run.

Processes are recognised by a variable in their environment, which children inherit however deep they are, and also
when their parent is gone; so a run sees its own leftovers only, and two runs may go side by side. Leftovers are ended
and removed here, after a failure and after Ctrl-C as well.

With pytest-xdist each worker watches itself, and the process that reports collects what they found.
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

#: Names a run in the environment of its processes.
MARK: Final = "AWAKEN_TEST_RUN"

#: Where the test kit keeps the files of its environments, under a name with the id of its process.
MEMORY_DISK: Final = Path("/dev/shm")

#: For processes that have been asked to end and are about to.
PATIENCE_S: Final = 5


class Leftovers:
    """Watches one run.

    Args:
        folder: for the temporary files of this process and its children, and for nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = uuid.uuid4().hex
        self._environment = {name: os.environ.get(name) for name in (MARK, "TMPDIR")}
        self._listening = set(_listening_ports())
        self.found: list[str] = []

    def begin(self) -> None:
        """Mark this process, and so all its children."""
        self._folder.mkdir()
        os.environ |= {MARK: self._run, "TMPDIR": str(self._folder)}
        tempfile.tempdir = None  # it is found again, by TMPDIR

    def collect(self) -> None:
        """End and remove what is left, and note it in `found`."""
        processes = list(self._processes())
        _, alive = psutil.wait_procs(processes, PATIENCE_S)
        for process in alive:
            self.found.append(f"process {process.pid}: {_command(process)}")
            process.kill()
        self.found += [f"port {port} is still listened on" for port in _listening_ports() - self._listening]
        for path in self._folders():
            self.found.append(f"{path} is still there")
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, value in self._environment.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        tempfile.tempdir = None

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter(["environ"]):
            environment = process.info["environ"] or {}  # None where it is not ours to see
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
        return "it has ended meanwhile"


def _listening_ports() -> set[int]:
    """Return the ports on which this process listens."""
    connections = psutil.Process().net_connections("tcp")
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


_KEY = pytest.StashKey[Leftovers]()
#: What this run found, in the process that reports also what its workers did.
_FOUND = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FOUND] = []


def pytest_runtest_setup() -> None:
    # SIGTERM is like Ctrl-C: fixtures are torn down, so that a run that is stopped leaves nothing behind either.
    # For each test, because event loops take a handler of their own away without putting the old one back.
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
    if hasattr(session.config, "workeroutput"):  # of xdist, in a worker
        session.config.workeroutput["leftovers"] = found
    if found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)  # of xdist, where it reports
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_FOUND].extend(getattr(node, "workeroutput", {}).get("leftovers", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if found := config.stash[_FOUND]:
        terminalreporter.section("left behind by the tests", red=True)
        for line in found:
            terminalreporter.write_line(line)
