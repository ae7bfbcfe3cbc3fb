"""Install the real Restate server from npm into `.tools/`, once, and print the path of its binary.

Shared by the end-to-end tests and the demo. Set `AWAKEN_RESTATE_SERVER` to use another binary.
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
PACKAGE = f"@restatedev/restate-server@{VERSION}"
TOOLS = Path(__file__).resolve().parents[1] / ".tools"
NPM_TIMEOUT_S = 300


class InstallError(Exception):
    """The server cannot be installed; the message says why and what to do."""


def install_server() -> Path:
    """Return the path of the server's binary, and install it first if it is missing.

    Raises:
        InstallError: npm is missing or failed, or there is no binary for this platform.
    """
    if chosen := os.environ.get("AWAKEN_RESTATE_SERVER"):
        return _existing(Path(chosen))
    home = TOOLS / f"restate-server-{VERSION}"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _npm_install(home)
    return _existing(
        home / "node_modules" / "@restatedev" / f"restate-server-{_platform()}" / "bin" / "restate-server"
    )


def _npm_install(home: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(
            "npm is not on the PATH; install Node.js, or set AWAKEN_RESTATE_SERVER to a binary"
        )
    with tempfile.TemporaryDirectory(dir=TOOLS, prefix="installing-") as scratch:
        # All or nothing: an unfinished installation never gets the final name.
        fresh = Path(scratch) / "home"
        fresh.mkdir()
        (fresh / "package.json").write_text('{"name": "restate-server-home", "private": true}\n')
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", PACKAGE]
        result = subprocess.run(  # noqa: S603
            command, cwd=fresh, capture_output=True, text=True, timeout=NPM_TIMEOUT_S, check=False
        )
        if result.returncode != 0:
            raise InstallError(
                f"`{' '.join(command)}` exited with {result.returncode}:\n{result.stderr.strip()}"
            )
        fresh.rename(home)


def _platform() -> str:
    systems = {"Linux": "linux", "Darwin": "darwin"}
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    system, machine = platform.system(), platform.machine().lower()
    if system not in systems or machine not in machines:
        raise InstallError(f"npm has no restate-server for {system} on {machine}; set AWAKEN_RESTATE_SERVER")
    return f"{systems[system]}-{machines[machine]}"


def _existing(binary: Path) -> Path:
    if not binary.is_file():
        raise InstallError(f"there is no restate-server at {binary}; delete {TOOLS} and try again")
    return binary


if __name__ == "__main__":
    try:
        print(install_server())  # noqa: T201
    except InstallError as error:
        sys.exit(f"cannot install the Restate server: {error}")
