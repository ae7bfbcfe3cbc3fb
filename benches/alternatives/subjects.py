"""The systems: what is installed, what has to run, and with which settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benches.alternatives.environments import ENVIRONMENTS, ROOT, Installed, make_environment
from benches.peers.programs import MissingProgram
from benches.processes import Trees
from tests.e2e.processes import free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["SUBJECTS", "Running", "Subject"]

PROGRAMS = "benches.alternatives.programs"
START_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Running:
    """A system that answers, and the program that calls it."""

    subject: Subject
    installed: Installed
    servers: list[subprocess.Popen[str]]
    caller: subprocess.Popen[str]

    @property
    def everything(self) -> Trees:
        """All that runs, with the program that calls."""
        return Trees.of(*(process.pid for process in (*self.servers, self.caller)))

    @property
    def memory(self) -> int:
        """Bytes of what has to run, shared pages counted once; without the caller, unless it is all there is."""
        roots = Trees.of(*(one.pid for one in self.servers)) if self.servers else self.everything
        return sum(int(one.memory_full_info().pss) for one in roots.processes())

    def work(self, action: str, callers: int, seconds: float) -> dict[str, Any]:
        """Let the callers work.

        Raises:
            RuntimeError: an operation failed, or gave a wrong result.
        """
        assert self.caller.stdin is not None
        assert self.caller.stdout is not None
        self.caller.stdin.write(f"{action} {callers} {seconds}\n")
        self.caller.stdin.flush()
        line = self.caller.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.subject.name}: the calling program ended with {self.caller.wait()}")
        result: dict[str, Any] = json.loads(line)
        if "failure" in result:
            raise RuntimeError(f"{self.subject.name}: {result['failure']}")
        return result


@dataclass(frozen=True, slots=True)
class Subject:
    """One system in one setting."""

    name: str
    #: What runs, for people.
    title: str
    #: What is on disk before a caller gets its result.
    durable: str
    #: What is guaranteed if a process dies.
    guarantee: str
    #: What pip installs; None for awaken.
    requirement: str | None
    start: Callable[[Starter], Sequence[str]]
    actions: tuple[str, ...] = ("step", "answer")

    @contextmanager
    def run(self, folder: Path) -> Iterator[Running]:
        """Start everything in a folder, yield it, and kill it.

        Raises:
            MissingProgram: something that pip cannot install is not here.
            RuntimeError: pip failed, or a process did not start.
        """
        installed = make_environment(
            self.requirement.partition("[")[0] if self.requirement else "", self.requirement
        )
        with ExitStack() as cleanup:
            starter = Starter(folder, installed.python, cleanup)
            command = self.start(starter)
            caller = starter.spawn(command, pipes=True)
            yield Running(self, installed, starter.servers, caller)


@dataclass(slots=True)
class Starter:
    """Starts processes that end with the run."""

    folder: Path
    python: Path
    cleanup: ExitStack
    servers: list[subprocess.Popen[str]] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    def program(self, name: str, *arguments: str) -> list[str]:
        """Return the command of a program of ours, in the environment of the system."""
        return [str(self.python), "-m", f"{PROGRAMS}.{name}", *arguments]

    def serve(
        self, command: Sequence[str], *, port: int | None = None, cwd: Path = ROOT, user: str | None = None
    ) -> None:
        """Start what has to run, and wait until it listens."""
        process = self.spawn(command, cwd=cwd, user=user)
        self.servers.append(process)
        if port is not None:
            eventually(lambda: is_listening(port), within=START_TIMEOUT_S)

    def spawn(
        self, command: Sequence[str], *, pipes: bool = False, cwd: Path = ROOT, user: str | None = None
    ) -> subprocess.Popen[str]:
        log = self.cleanup.enter_context((self.folder / "log").open("a"))
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": f"{ROOT}"} | self.env,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else log,
            stderr=log,
            text=True,
            user=user,
        )
        self.cleanup.callback(_kill, process)
        return process


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        for one in reversed(Trees.of(process.pid).processes()):
            one.kill()
    process.wait()


def _find(program: str, package: str, *places: Path) -> str:
    found = next((str(place) for place in places if place.exists()), None) or shutil.which(program)
    if found is None:
        raise MissingProgram(f"{program} is not here; install {package}")
    return found


def _awaken_dev(starter: Starter) -> Sequence[str]:
    ingress, admin = free_port(), free_port()
    starter.serve(
        [
            *(
                str(starter.python),
                "-m",
                "awaken.cli",
                "dev",
                f"{PROGRAMS}.awaken_app:app",
                "--quiet",
                "--grpc",
                "off",
            ),
            *("--ingress", f"127.0.0.1:{ingress}", "--admin", f"127.0.0.1:{admin}"),
            *("--data-dir", str(starter.folder / "data")),
        ],
        port=ingress,
    )
    return starter.program("awaken_caller", f"http://127.0.0.1:{ingress}")


def _dbos_sqlite(starter: Starter) -> Sequence[str]:
    return starter.program("dbos_program", f"sqlite:///{starter.folder}/dbos.sqlite")


def _dbos_postgres(starter: Starter) -> Sequence[str]:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    postgres = Path(_find("postgres", "PostgreSQL (Debian: postgresql)", *places))
    port, data = free_port(), starter.folder / "data"
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    data.mkdir()
    for folder in (data, starter.folder, starter.folder.parent):
        folder.chmod(0o755)
    if user:
        shutil.chown(data, user)
    subprocess.run(
        [str(postgres.with_name("initdb")), "-D", str(data), "-A", "trust", "-U", "bench"],
        check=True, capture_output=True, user=user, cwd="/",
    )  # fmt: skip
    starter.serve(
        [str(postgres), "-D", str(data), "-p", str(port), "-k", "/tmp"], port=port, cwd=Path("/"), user=user
    )
    return starter.program("dbos_program", f"postgresql://bench@127.0.0.1:{port}/bench")


def _celery(*, late: bool, redis: Mapping[str, str]) -> Callable[[Starter], Sequence[str]]:
    def start(starter: Starter) -> Sequence[str]:
        port = free_port()
        server = _find("redis-server", "Redis (Debian: redis-server)")
        settings = {"port": str(port), "bind": "127.0.0.1", "dir": str(starter.folder), **redis}
        starter.serve(
            [server, *(part for name, value in settings.items() for part in (f"--{name}", value))], port=port
        )
        starter.env |= {"BROKER": f"redis://127.0.0.1:{port}/0", "LATE": "yes" if late else "no"}
        starter.serve(
            [
                *starter.program("x")[:2],
                "celery",
                "-A",
                f"{PROGRAMS}.celery_app",
                "worker",
                "--loglevel",
                "ERROR",
            ]
        )
        return starter.program("celery_caller")

    return start


def _temporal(starter: Starter) -> Sequence[str]:
    server = _find(
        "temporal",
        f"Temporal's command line, or build it: GOBIN={ENVIRONMENTS / 'bin'} go install "
        "github.com/temporalio/cli/cmd/temporal@v1.5.1",
        ENVIRONMENTS / "bin" / "temporal",
    )
    port = free_port()
    file = str(starter.folder / "temporal.sqlite")
    starter.serve(
        [
            server,
            "server",
            "start-dev",
            "--headless",
            "--port",
            str(port),
            "--db-filename",
            file,
            "--log-level",
            "error",
        ],
        port=port,
    )
    starter.serve(starter.program("temporal_app", f"127.0.0.1:{port}"))
    return starter.program("temporal_caller", f"127.0.0.1:{port}")


SUBJECTS = (
    Subject(
        "awaken-dev", "awaken dev, called over HTTP",
        "SQLite's write-ahead log, synced",
        "the handler goes on after its last recorded step",
        None, _awaken_dev,
    ),
    Subject(
        "dbos-sqlite", "DBOS on SQLite, in the calling process",
        "SQLite in its default mode, synced",
        "the workflow goes on after its last recorded step, when a process with the same code starts",
        "dbos", _dbos_sqlite,
    ),
    Subject(
        "dbos-postgres", "DBOS on PostgreSQL, in the calling process",
        "PostgreSQL's write-ahead log, synced",
        "the workflow goes on after its last recorded step, when a process with the same code starts",
        "dbos", _dbos_postgres,
    ),
    Subject(
        "celery-durable", "Celery on Redis, acknowledged late, every write synced",
        "Redis's append-only file, synced at each write",
        "the task is called again from its start, after an hour (visibility timeout)",
        "celery[redis]", _celery(late=True, redis={"appendonly": "yes", "appendfsync": "always", "save": ""}),
        ("step",),
    ),
    Subject(
        "celery-default", "Celery on Redis, as both are by default",
        "nothing",
        "a task that has begun is lost",
        "celery[redis]", _celery(late=False, redis={}),
        ("step",),
    ),
    Subject(
        "temporal-dev", "Temporal's development server with a file, and one worker",
        "SQLite, as the development server opens it",
        "the workflow goes on after its last recorded activity",
        "temporalio", _temporal,
    ),
)  # fmt: skip
