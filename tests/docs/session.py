"""One bash, in which the commands of a page are typed.

Commands are given to bash one by one, and each ends with a mark in the output, which carries the exit code. A command
that does not end, such as `awaken dev`, runs in the background, in a process group and with a log of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psutil

from tests.docs.page import ROOT

if TYPE_CHECKING:
    from types import TracebackType

    from tests.docs.ports import Ports

#: How long a command may take, and how long lines of a command in the background may be awaited.
PATIENCE_S: Final = 60
_SHIMS: Final = Path(__file__).parent / "shims"
_MARK: Final = "AWAKEN_DOCS_SESSION"

#: Reads commands that end with a zero byte from file descriptor 9, and runs them as if they were typed.
_LOOP: Final = r"""
set -m
while IFS= read -r -d '' -u 9 line; do
  eval "$line" </dev/null
  printf '\n%s %d %s\n' "$AWAKEN_DOCS_SESSION" "$?" "$PWD"
done
"""

#: Commands that end only when they are asked to.
_ENDLESS: Final = re.compile(
    r"^(?:\w+=\S+ )*(?:"
    r"awaken (?:dev|serve|runtime|gateway)\b"
    r"|npx (?:-y |--yes )?@restatedev/restate-server\b"
    r"|(?:python3? -m )?(?:uvicorn|hypercorn|granian|fastapi (?:dev|run))\b"
    r"|python3? -m http\.server\b"
    r")(?!.*(?:--help|--version)\b)"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left."""

    status: int
    output: str


class Session:
    """A bash in a folder.

    Args:
        folder: where it begins.
        ports: which ports stand for those of the page.
    """

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder = folder
        self._ports = ports
        self._mark = uuid.uuid4().hex
        self._shell: subprocess.Popen[bytes] | None = None
        self._commands = -1
        #: Process groups that go on, and their logs; the last one started comes last.
        self._background: list[tuple[int, Path]] = []
        #: Every command that was started, with its log.
        self._started: list[tuple[str, Path]] = []
        #: For files of the session itself.
        self.scratch = folder.parent / f"{folder.name}-session"
        for name in ("home", "temporary"):
            (self.scratch / name).mkdir(parents=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for group, _ in self._background:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
        if self._shell is not None:
            os.close(self._commands)
        _, alive = psutil.wait_procs(list(self._processes()), 5)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._shell is not None:
            self._shell.wait()
            assert self._shell.stdout is not None
            self._shell.stdout.close()

    def is_endless(self, command: str) -> bool:
        """Return whether a command goes on until it is ended."""
        return bool(_ENDLESS.match(command)) or (
            command.rstrip().endswith("&") and not command.rstrip().endswith("&&")
        )

    def run(self, command: str) -> Ran:
        """Type a command and wait for its end.

        Raises:
            TimeoutError: it did not end.
        """
        self._type(command)
        return self._read(command)

    def start(self, command: str) -> None:
        """Type a command that goes on."""
        log = self.scratch / f"background-{len(self._started)}.log"
        command = command.rstrip().removesuffix("&").rstrip()
        log.touch()
        status = log.with_suffix(".status")
        ran = self.run(f"{{ {command}\necho $? >{status}\n}} >{log} 2>&1 </dev/null & echo $!; disown")
        self._background.append((int(ran.output), log))
        self._started.append((command, log))

    def background_output(self) -> str:
        """Return what the last command in the background has printed."""
        if not self._background:
            raise LookupError("no command runs in the background")
        return self._ports.unmap(self._background[-1][1].read_text(errors="replace"))

    def failed(self) -> list[tuple[str, Ran]]:
        """Return the commands in the background that have failed by themselves, rather than been killed by the page."""
        failed = []
        for command, log in self._started:
            status = log.with_suffix(".status")
            ended = int(status.read_text() or 0) if status.exists() else 0
            if ended not in (0, 128 + signal.SIGINT, 128 + signal.SIGKILL, 128 + signal.SIGTERM):
                failed.append((command, Ran(ended, self._ports.unmap(log.read_text(errors="replace")))))
        return failed

    def is_over(self) -> bool:
        """Return whether the last command in the background has ended."""
        return bool(self._background) and self._background[-1][1].with_suffix(".status").exists()

    def interrupt(self) -> str:
        """Press Ctrl-C in the last command in the background, and return all that it printed."""
        output = self.background_output  # raises if there is none
        output()
        group, _ = self._background[-1]
        os.killpg(group, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE_S
        while _lives(group):
            if time.monotonic() > deadline:
                raise TimeoutError(f"what was started last still runs {PATIENCE_S} s after ^C")
            time.sleep(0.02)
        text = output()
        self._background.pop()
        return text

    def _type(self, command: str) -> None:
        if self._shell is None:
            self._open()
        os.write(self._commands, self._ports.map(command).encode() + b"\0")

    def _open(self) -> None:
        reading, self._commands = os.pipe()
        try:
            self._shell = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-c", f"exec 9<&{reading} {reading}<&-\n{_LOOP}"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[reading],
                start_new_session=True,
                preexec_fn=_heed_interrupts,
            )
        finally:
            os.close(reading)

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWAKEN_", "RESTATE_", "PYTEST", "VIRTUAL_ENV", "COV_"))
            or name == "AWAKEN_TEST_RUN"
        }
        tools = {
            f"AWAKEN_DOCS_{tool.upper()}": shutil.which(tool, path=inherited["PATH"]) or tool
            for tool in ("curl", "npx")
        }
        return {
            **inherited,
            **tools,
            **self._ports.environment,
            _MARK: self._mark,
            "AWAKEN_DOCS_PYTHON": sys.executable,
            "AWAKEN_DOCS_ROOT": str(ROOT),
            "COLUMNS": "100",
            "HOME": str(self.scratch / "home"),
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
            "PATH": os.pathsep.join([str(_SHIMS), str(Path(sys.executable).parent), inherited["PATH"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": "",
            "PYTHONUNBUFFERED": "1",
            "TERM": "dumb",
            # What a command that is killed leaves there goes with the folder of the page.
            "TMPDIR": str(self.scratch / "temporary"),
        }

    def _read(self, command: str) -> Ran:
        shell = self._shell
        assert shell is not None
        assert shell.stdout is not None
        end = re.compile(rb"\n%s (\d+) (.*)\n$" % self._mark.encode())
        output = b""
        deadline = time.monotonic() + PATIENCE_S
        with selectors.DefaultSelector() as selector:
            selector.register(shell.stdout, selectors.EVENT_READ)
            while (found := end.search(output)) is None:
                if not selector.select(deadline - time.monotonic()):
                    shown = output.decode(errors="replace")
                    raise TimeoutError(f"`{command}` did not end within {PATIENCE_S} s; it printed:\n{shown}")
                part = os.read(shell.stdout.fileno(), 1 << 16)
                if not part:
                    raise EOFError(
                        f"`{command}` ended the shell; it printed:\n{output.decode(errors='replace')}"
                    )
                output += part
        self.folder = Path(os.fsdecode(found[2]))
        return Ran(int(found[1]), self._ports.unmap(output[: found.start()].decode(errors="replace")))

    def _processes(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["environ"])
            if (process.info["environ"] or {}).get(_MARK) == self._mark
        ]


def _lives(group: int) -> bool:
    """Return whether a process group has a process that is no zombie."""
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                return True
    return False


def _heed_interrupts() -> None:
    """Undo that scripts ignore Ctrl-C in what they start in the background: bash cannot, and these tests type it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
