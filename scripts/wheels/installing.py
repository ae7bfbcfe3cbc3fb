"""Installs a wheel into bare environments, of each Python that is here, and runs it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scripts.wheels.checks import WheelError
from scripts.wheels.progress import say
from scripts.wheels.versions import package_version

if TYPE_CHECKING:
    from scripts.wheels.targets import Target

__all__ = ["try_wheel"]

SMOKE: Final = Path(__file__).with_name("smoke.py")
#: The versions that the package is for.
_VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14")


def try_wheel(path: Path, target: Target) -> tuple[str, ...]:
    """Install a wheel where this machine can run it, and return what was found, for people.

    Raises:
        WheelError: it does not work.
    """
    library = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    if sys.platform != "linux" or target.architecture != platform.machine() or library not in target.policy:
        return (f"not run: this is {sys.platform} {platform.machine()} with another C library or processor",)
    interpreters = {version: found for version in _VERSIONS if (found := _interpreter(version))}
    missing = ", ".join(version for version in _VERSIONS if version not in interpreters)
    for version, interpreter in interpreters.items():
        say(f"installing it into a new environment of Python {version}")
        _try(path, interpreter)
    return (f"runs on Python {', '.join(interpreters)}" + (f"; not here: {missing}" if missing else ""),)


def _interpreter(version: str) -> str | None:
    """Return a Python of a version: on the path, or of pyenv."""
    ours = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*ours.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")]
    for candidate in candidates:
        if (
            candidate
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return str(candidate)
    return None


def _try(path: Path, interpreter: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bare", "bin", "python")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        commands: list[list[str | Path]] = [
            [interpreter, "-m", "venv", python.parents[1]],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", path],
            [python, SMOKE, package_version()],
            [python.with_name("awaken"), "--help"],
        ]
        for command in commands:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                said = (done.stdout + done.stderr)[-2000:]
                raise WheelError(f"{' '.join(map(str, command))} ended with {done.returncode}: {said}")
