"""The official command line, `restate`, pointed at one runtime and at nothing else."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scripts.install_tools import install_command_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.e2e.runtime import Runtime

TIMEOUT_S: Final = 20
#: Wider than any table, so that nothing is wrapped; without colours or backtraces, which take seconds to make.
SURROUNDINGS: Final = {
    "COLUMNS": "250",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "RUST_BACKTRACE": "0",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did."""

    command: str
    exit_code: int
    output: str
    errors: str


class CommandLine:
    """Runs commands against one runtime, in a home and a directory of its own.

    Args:
        runtime: it asks this one.
        home: an empty directory, for its configuration.
    """

    def __init__(self, runtime: Runtime, home: Path) -> None:
        self.home = home
        self._binary = install_command_line()
        self._environment = {
            **SURROUNDINGS,
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "RESTATE_ADMIN_URL": runtime.admin_url,
            "RESTATE_INGRESS_URL": runtime.ingress_url,
        }

    def run(
        self,
        command: str,
        names: Mapping[str, str],
        *,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Outcome:
        """Run a command.

        Args:
            command: its arguments, as typed in a shell; `{name}` stands for a value of `names`.
            names: what the runtime calls things.
            environment: more variables.
            timeout_s: after so many seconds the command is killed, and what it said until then is its outcome.
        """
        child = subprocess.Popen(
            [self._binary, *arguments(command, names)],
            cwd=self.home,
            env={**self._environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            child.kill()
            output, errors = child.communicate()
        return Outcome(command, child.returncode, output, errors)


def arguments(command: str, names: Mapping[str, str]) -> Sequence[str]:
    """Split a command, and fill in names. Braces of JSON stay as they are."""
    words = shlex.split(command)
    for name, value in names.items():
        words = [word.replace(f"{{{name}}}", value) for word in words]
    return words
