"""Install official tools from npm into `.tools/`, each once: the server, its command line, and `restatectl`.

Shared by the tests and the demo. As a program, it installs the server and prints the path of its binary. Set
`AWAKEN_RESTATE_SERVER`, `AWAKEN_RESTATE_CLI` or `AWAKEN_RESTATECTL` to use another binary.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "1.7.12"
TOOLS = Path(__file__).resolve().parents[1] / ".tools"
NPM_TIMEOUT_S = 300


class InstallError(Exception):
    """A tool cannot be installed; the message says why and what to do."""


def install_server() -> Path:
    """Return the path of the server's binary, and install it first if it is missing.

    Raises:
        InstallError: npm is missing or failed, or there is no binary for this platform.
    """
    return _install("restate-server", "AWAKEN_RESTATE_SERVER")


def install_command_line() -> Path:
    """Return the path of `restate`, the command line of a server's users, and install it first if it is missing.

    Raises:
        InstallError: npm is missing or failed, or there is no binary for this platform.
    """
    return _install("restate", "AWAKEN_RESTATE_CLI")


def install_restatectl() -> Path:
    """Return the path of `restatectl`, which shows and changes clusters, and install it first if it is missing.

    Raises:
        InstallError: npm is missing or failed, or there is no binary for this platform.
    """
    return _install("restatectl", "AWAKEN_RESTATECTL")


def _install(name: str, variable: str) -> Path:
    if chosen := os.environ.get(variable):
        return _existing(name, Path(chosen))
    home = TOOLS / f"{name}-{VERSION}"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _npm_install(name, variable, home)
    return _existing(
        name, home / "node_modules" / "@restatedev" / f"{name}-{_platform(variable)}" / "bin" / name
    )


def _npm_install(name: str, variable: str, home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(f"npm is not on the PATH; install Node.js, or set {variable} to a binary")
    with tempfile.TemporaryDirectory(dir=TOOLS, prefix="installing-") as scratch:
        # All or nothing: an unfinished installation never gets the final name.
        fresh = Path(scratch) / "home"
        fresh.mkdir()
        (fresh / "package.json").write_text(f'{{"name": "{name}-home", "private": true}}\n')
        package = f"@restatedev/{name}@{VERSION}"
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", package]
        result = subprocess.run(
            command, cwd=fresh, capture_output=True, text=True, timeout=NPM_TIMEOUT_S, check=False
        )
        if result.returncode != 0:
            raise InstallError(
                f"`{' '.join(command)}` exited with {result.returncode}:\n{result.stderr.strip()}"
            )
        fresh.rename(home)


def _platform(variable: str) -> str:
    systems = {"Linux": "linux", "Darwin": "darwin"}
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    system, machine = platform.system(), platform.machine().lower()
    if system not in systems or machine not in machines:
        raise InstallError(f"npm has no package for {system} on {machine}; set {variable} to a binary")
    return f"{systems[system]}-{machines[machine]}"


def _existing(name: str, binary: Path) -> Path:
    if not binary.is_file():
        raise InstallError(f"there is no {name} at {binary}; delete {TOOLS} and try again")
    return binary


if __name__ == "__main__":
    try:
        print(install_server())
    except InstallError as error:
        sys.exit(f"cannot install the Restate server: {error}")
