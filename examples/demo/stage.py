"""What a person does in the demo: types commands, reads their output, waits. Also the processes in the background."""

from __future__ import annotations

import itertools
import os
import shlex
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "APPLICATION",
    "AWAKEN",
    "EXAMPLES",
    "PATIENCE_S",
    "DemoError",
    "Log",
    "curl",
    "expect",
    "free_ports",
    "quiet_curl",
    "run",
    "running",
    "say",
    "show",
    "until",
]

#: The application to run, from the folder it is in.
APPLICATION: Final = "approval:app"
EXAMPLES: Final = Path(__file__).resolve().parents[1]
#: The `awaken` command of the environment in which this script runs.
AWAKEN: Final = Path(sys.executable).with_name("awaken")
PATIENCE_S: Final = 60

_steps = itertools.count(1)


class DemoError(Exception):
    """A step of the demo did not go as described."""


def say(text: str) -> None:
    """Explain the next step."""
    print(f"\n{next(_steps)}. {text}", flush=True)


def show(command: list[str]) -> None:
    """Print a command as a person would type it."""
    print(f"   $ {shlex.join(command)}", flush=True)


def run(command: list[str]) -> str:
    """Type a command, show its output and return it."""
    show(command)
    program = str(AWAKEN) if command[0] == "awaken" else command[0]
    result = subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    for line in (result.stdout + result.stderr).splitlines():
        print(f"   {line}")
    if result.returncode != 0:
        raise DemoError(f"`{shlex.join(command)}` exited with {result.returncode}")
    return result.stdout


def curl(url: str, body: str | None = None, *options: str) -> str:
    """Type a curl command; an HTTP error is a failure."""
    return run(_curl(url, body, *options))


def quiet_curl(url: str, body: str | None = None, *options: str) -> str | None:
    """Send a request without showing it; return None unless it succeeds."""
    command = _curl(url, body, *options)
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return (result.stdout or "empty") if result.returncode == 0 else None


def _curl(url: str, body: str | None, *options: str) -> list[str]:
    payload = [] if body is None else ["-H", "content-type: application/json", "-d", body]
    return ["curl", "-sS", "--fail-with-body", url, *options, *payload]


def expect(what: str, seen: object, wanted: object) -> None:
    """Stop the demo if a value is not as described."""
    if seen != wanted:
        raise DemoError(f"{what} is {seen!r}, but should be {wanted!r}")


def until(
    what: str, condition: Callable[[], object], *, unless_ended: subprocess.Popen[bytes] | None = None
) -> None:
    """Wait for a condition, at most until the process it depends on ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if unless_ended is not None and unless_ended.poll() is not None:
            raise DemoError(f"a process exited with {unless_ended.returncode} before {what}")
        if time.monotonic() > deadline:
            raise DemoError(f"waited {PATIENCE_S} s in vain until {what}")
        time.sleep(0.1)


class Log:
    """The output of a process in the background."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shown = 0

    def tell(self) -> None:
        """Show the lines printed since the last call."""
        lines = self.path.read_text().splitlines()
        for line in lines[self._shown :]:
            print(f"   | {line}", flush=True)
        self._shown = len(lines)


@contextmanager
def running(
    command: list[str], log: Path, settings: dict[str, str], cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background until the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT, cwd=cwd
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Return free ports."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]
