"""Packages of npm that tests use, installed once into `.tools`."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

TOOLS = Path(__file__).parents[1] / ".tools"


def install_packages(name: str, *packages: str) -> Path:
    """Return the folder `name` of `.tools`, whose `node_modules` has these packages.

    Args:
        name: of the folder; another one for other versions, since a folder that exists is left as it is.
        packages: each as `NAME@VERSION`.
    """
    folder = TOOLS / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        present = [folder / "node_modules" / package.rpartition("@")[0] for package in packages]
        if not all(path.is_dir() for path in present):
            command = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", *packages)
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder
