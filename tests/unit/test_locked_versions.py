"""The versions that CI installs: all that is needed is locked, and what cannot be had is told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "requirements" / "ci.txt"


def locked_versions() -> dict[str, list[str]]:
    """Return the versions by name; more than one if they depend on the system."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", LOCKED.read_text(), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def needed() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = re.search(r"^LOCKED_GROUPS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert groups is not None
    texts = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["uvloop"]]
    texts += [text for group in groups[1].split() for text in project["dependency-groups"][group]]
    return [Requirement(text) for text in texts]


def test_everything_is_locked_in_an_allowed_version() -> None:
    locked = locked_versions()

    missing = [
        str(requirement)
        for requirement in needed()
        if not any(
            requirement.specifier.contains(version, prereleases=True)
            for version in locked.get(canonicalize_name(requirement.name), ())
        )
    ]

    assert missing == [], "run `make lock`, and commit requirements/ci.txt on its own"


def test_everything_that_is_locked_has_hashes() -> None:
    entries = re.split(r"^(?=\w)", LOCKED.read_text(), flags=re.MULTILINE)[1:]

    assert len(entries) > 100
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.slow
def test_versions_that_cannot_be_had_are_told_and_stop_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "unlocked"
    requirements = tmp_path / "locked.txt"
    requirements.write_text(f"withdrawn==1.0 --hash=sha256:{'0' * 64}\n")
    script = ROOT / "scripts" / "install_locked.py"
    # Nothing may be installed into this environment, and nobody asked.
    variables = {**os.environ, "PIP_NO_INDEX": "1", "PIP_TARGET": str(tmp_path / "target")}

    def install() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(requirements), str(mark)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=25, check=False)

    told = install()
    assert told.returncode == 0
    assert "NOT LOCKED" in told.stdout
    assert "run `make lock`" in mark.read_text()

    requirements.write_text("")
    assert install().returncode == 0
    assert not mark.exists()
