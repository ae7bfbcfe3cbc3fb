"""Rust's standard library for each platform, which rustup has."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from scripts.wheels.progress import say

__all__ = ["UnavailableError", "prepare_toolchain"]


class UnavailableError(Exception):
    """Nothing here compiles for a platform; the text says what was tried."""


def prepare_toolchain(triple: str) -> str:
    """Return the version of the compiler, which can compile for a platform from now on.

    Raises:
        UnavailableError: it cannot.
    """
    version = _run("rustc", "--version")
    if version is None:
        raise UnavailableError("there is no rustc; install Rust with rustup")
    if _has_library(triple):
        return version
    if not shutil.which("rustup"):
        raise UnavailableError(
            f"{version} has no standard library for {triple}, and there is no rustup to get it"
        )
    say(f"asking rustup for the standard library of {triple}")
    if _run("rustup", "target", "add", triple) is None or not _has_library(triple):
        raise UnavailableError(
            f"{version} has no standard library for {triple}: `rustup target add {triple}` failed"
        )
    return version


def _has_library(triple: str) -> bool:
    folder = _run("rustc", "--print", "target-libdir", "--target", triple)
    return folder is not None and any(Path(folder).glob("libstd-*"))


def _run(*command: str) -> str | None:
    """Return what a command prints, None if it fails or does not exist."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
