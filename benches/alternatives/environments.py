"""A virtual environment for each system, and what is in it: nothing of one system is there for another."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Installed", "make_environment"]

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "target" / "alternatives"

#: Finds all distributions that one needs, with the extras that are asked for, and their size on disk.
_CLOSURE = """
import json, re, sys
from importlib.metadata import PackageNotFoundError, distribution
from packaging.requirements import Requirement
seen, size = {}, 0
def visit(name, extras):
    global size
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return
    key = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
    if key in seen and not extras:
        return
    if key not in seen:
        files = [found.locate_file(file) for file in found.files or ()]
        size += sum(file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts)
    seen[key] = found.version
    for text in found.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": one}) for one in (*extras, "")):
            visit(requirement.name, requirement.extras)
wanted = Requirement(sys.argv[1])
visit(wanted.name, wanted.extras)
print(json.dumps({"version": seen[re.sub(r"[-_.]+", "-", wanted.name).lower()], "packages": len(seen), "bytes": size}))
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with one system in it."""

    python: Path
    version: str
    #: The system and all that it needs.
    packages: int
    #: Of their files.
    megabytes: float


def make_environment(name: str, requirement: str | None) -> Installed:
    """Return the environment of a system; make it if it is not there.

    Args:
        name: of its folder.
        requirement: what to install; None stands for awaken in the environment of this process.

    Raises:
        RuntimeError: pip could not install it; the message has its output.
    """
    if requirement is None:
        return _look(Path(sys.executable), "awaken")
    python = ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(ENVIRONMENTS / name)])
    _run([str(python), "-m", "pip", "install", "--quiet", "packaging", requirement])
    return _look(python, requirement)


def _look(python: Path, requirement: str) -> Installed:
    found = json.loads(_run([str(python), "-c", _CLOSURE, requirement]))
    return Installed(python, found["version"], found["packages"], round(found["bytes"] / 1e6, 1))


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return ended.stdout
