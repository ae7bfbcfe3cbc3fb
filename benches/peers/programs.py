"""The programs of the peers: installed beside this Python, or built from their registries when they are needed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GO", "NODE", "RUST", "Build", "MissingProgram", "find_installed", "find_sdk_versions"]

HERE = Path(__file__).parent


class MissingProgram(Exception):
    """A peer's program is not here and cannot be built; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Build:
    """A peer's program in another language: its sources and versions are in a folder beside this file."""

    folder: str
    #: The command that builds it; fast if nothing has changed.
    command: Sequence[str]
    #: The command that runs it, before its port: files in the folder, or tools.
    program: Sequence[str]

    @cache  # noqa: B019 -- there are three builds, and they live as long as the process
    def make(self) -> tuple[str, ...]:
        """Build the program, once in this process, and return the command that runs it.

        Raises:
            MissingProgram: a tool is missing, or the build fails, for example because the registry cannot be reached.
        """
        folder = HERE / self.folder
        for tool in (self.command[0], *self.program[:1]):
            if "/" not in tool and shutil.which(tool) is None:
                raise MissingProgram(f"there is no `{tool}`")
        built = subprocess.run(self.command, cwd=folder, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            reason = (built.stderr or built.stdout).strip()[-1500:]
            raise MissingProgram(f"`{' '.join(self.command)}` failed: {reason}")
        return tuple(str(folder / part) if "/" in part else part for part in self.program)


def find_installed(name: str) -> str:
    """Return the path of a program that a package of this environment has installed.

    Raises:
        MissingProgram: it is not there.
    """
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise MissingProgram(f"there is no {path}; install the package and its `bench` group")
    return str(path)


def find_sdk_versions() -> dict[str, str]:
    """Return the versions of the official SDKs of other languages, as the folders beside this file name them."""
    places = {
        "restate-sdk (Rust)": ("rust/Cargo.toml", r'restate-sdk = "=?([\d.]+)"'),
        "sdk-go": ("go/go.mod", r"restatedev/sdk-go v([\d.]+)"),
        "restate-sdk (TypeScript)": ("node/package.json", r'restate-sdk": "([\d.]+)"'),
    }
    found = {name: re.search(pattern, (HERE / path).read_text()) for name, (path, pattern) in places.items()}
    return {name: match[1] for name, match in found.items() if match}


RUST = Build(
    "rust",
    ("cargo", "build", "--release", "--quiet", "--target-dir", "target"),
    ("./target/release/awaken-bench-peer",),
)
GO = Build("go", ("go", "build", "-o", "target/peer", "."), ("./target/peer",))
#: It reads the lock file and leaves it alone; `npm ci` would install everything again each time.
NODE = Build(
    "node",
    ("npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefer-offline"),
    ("node", "./main.js"),
)
