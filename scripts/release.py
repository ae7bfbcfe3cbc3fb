"""Make a release: `prepare 0.2.0` changes the files, `check v0.2.0` compares a tag with them, `notes` tells the news.

The version has one home, `[workspace.package]` in Cargo.toml; the extension, the package and its metadata have it from
there. What is under Unreleased in CHANGELOG.md becomes the section of the version.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
CHANGELOG: Final = ROOT / "CHANGELOG.md"
MANIFEST: Final = ROOT / "Cargo.toml"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?")
_HOME: Final = re.compile(r'(?<=\n\[workspace\.package\]\nversion = ")[^"]+(?=")')
_UNRELEASED: Final = "## Unreleased\n"


class ReleaseError(Exception):
    """A release cannot be made like this; the text says why, and what to do."""


def version_in(manifest: str) -> str:
    """Return the version that the text of Cargo.toml has."""
    found = _HOME.search(manifest)
    if found is None:
        raise ReleaseError("Cargo.toml has no version as the first line of [workspace.package]")
    return found[0]


def section_of(changelog: str, version: str) -> str:
    """Return what a changelog says about a version, without its heading."""
    found = re.search(
        rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if found is None or not found[1].strip():
        raise ReleaseError(
            f"CHANGELOG.md has no section `## {version} - YEAR-MONTH-DAY` that says something; run "
            f"python scripts/release.py prepare {version}"
        )
    return found[1].strip()


def check(tag: str, manifest: str, changelog: str) -> None:
    """Raise ReleaseError unless a tag may be published."""
    version = version_in(manifest)
    if tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag}, and Cargo.toml says {version}; the tag of that is v{version}")
    section_of(changelog, version)
    rest = changelog.split(_UNRELEASED)
    if len(rest) != 2 or rest[1].split("\n## ")[0].strip():
        raise ReleaseError(
            f"CHANGELOG.md has entries under Unreleased that belong to {version}, or no such section"
        )


def prepare(version: str, manifest: str, changelog: str, today: str) -> tuple[str, str]:
    """Return the texts of Cargo.toml and CHANGELOG.md for a version."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version; write 1.2.3, or 1.2.3-rc.1")
    if changelog.count(_UNRELEASED) != 1:
        raise ReleaseError("CHANGELOG.md needs one section `## Unreleased`")
    before, after = changelog.split(_UNRELEASED)
    if not after.split("\n## ")[0].strip():
        raise ReleaseError("CHANGELOG.md says nothing under Unreleased; there is nothing to release")
    if version_in(manifest) != version and f"\n## {version} " in changelog:
        raise ReleaseError(f"CHANGELOG.md has {version} already")
    changelog = f"{before}{_UNRELEASED}\n## {version} - {today}\n{after}"
    return _HOME.sub(version, manifest), changelog


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="change the files").add_argument("version")
    commands.add_parser("check", help="compare a tag with the files").add_argument("tag")
    commands.add_parser("notes", help="print what is new in this version")
    given = parser.parse_args()
    manifest, changelog = MANIFEST.read_text(encoding="utf-8"), CHANGELOG.read_text(encoding="utf-8")
    try:
        if given.command == "check":
            check(given.tag, manifest, changelog)
        elif given.command == "notes":
            print(section_of(changelog, version_in(manifest)))
        else:
            today = datetime.now(UTC).date().isoformat()
            manifest, changelog = prepare(given.version, manifest, changelog, today)
            MANIFEST.write_text(manifest, encoding="utf-8")
            CHANGELOG.write_text(changelog, encoding="utf-8")
            subprocess.run(["cargo", "update", "--workspace", "--quiet"], cwd=ROOT, check=True)
            print(f"look at `git diff`, commit it, and tag that commit v{given.version}")
    except ReleaseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
