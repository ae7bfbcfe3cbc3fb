"""The process of a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually
from tests.unchanged.entry_points.programs import GREETER, translate

if TYPE_CHECKING:
    from tests.unchanged.entry_points.programs import Program

ROOT = Path(__file__).parents[3]
START_TIMEOUT_S = 25
SDKS = ("awaken", "official")


class Running:
    """One program under one SDK.

    Args:
        program: what to run.
        sdk: one of SDKS.
        folder: an empty one, for its files and the log.
    """

    def __init__(self, program: Program, sdk: str, folder: Path) -> None:
        self.program = program
        self._port = free_port()
        self._is_terminated = False
        self.url = f"http://127.0.0.1:{self._port}{program.prefix}"
        for path, text in {**GREETER, **program.files}.items():
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(text if sdk == "official" else translate(text))
        command, *arguments = program.command
        self._process = Process(
            [
                str(Path(sys.executable).parent / command),
                *(part.format(port=self._port) for part in arguments),
            ],
            log=folder / "log",
            cwd=folder,
            env={
                "PORT": str(self._port),
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                **program.environment,
            },
        )

    @property
    def log(self) -> str:
        """The output so far."""
        return self._process.log

    def start(self) -> None:
        """Start the process, and return at once."""
        self._process.start()

    def wait_until_ready(self) -> None:
        """Wait until it listens.

        Raises:
            RuntimeError: it has ended instead.
        """
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the readiness of {self.url}")

    def terminate(self) -> None:
        """Send SIGTERM when it listens, and return at once. The second time, do nothing."""
        if not self._is_terminated:
            self.wait_until_ready()
            self._process.terminate()
            self._is_terminated = True

    def wait(self, *, within: float) -> int:
        """Wait for the end, at most so many seconds, and return the exit code."""
        return self._process.wait(within=within)

    def kill(self) -> None:
        """Kill it if it runs."""
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"it ended while starting:\n{self.log[-4000:]}")
        return is_listening(self._port)
