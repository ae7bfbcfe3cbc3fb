"""The version has one home, and a tag is published only if the files say the same."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from awaken import _core

from scripts.release import ReleaseError, check, prepare, section_of, version_in

ROOT = Path(__file__).parents[2]
MANIFEST = '[workspace]\nmembers = []\n\n[workspace.package]\nversion = "0.1.0"\nedition = "2024"\n'
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 - 2026-01-31\n\n- First.\n"


def test_version_has_one_home() -> None:
    version = version_in((ROOT / "Cargo.toml").read_text())

    assert _core.__version__ == version
    assert metadata.version("awaken") == re.sub(r"-(a|b|rc)[a-z]*\.", r"\1", version)
    assert (
        "version"
        not in (ROOT / "pyproject.toml").read_text().split("[project]")[1].split("dynamic")[0].split()
    )
    for crate in ("core", "http1", "http2", "binding"):
        assert "version.workspace = true" in (ROOT / "rust" / crate / "Cargo.toml").read_text()


def test_release_takes_what_is_unreleased() -> None:
    manifest, changelog = prepare("0.2.0", MANIFEST, CHANGELOG, "2026-02-28")

    assert version_in(manifest) == "0.2.0"
    assert manifest.replace("0.2.0", "0.1.0") == MANIFEST
    assert section_of(changelog, "0.2.0") == "- New."
    assert section_of(changelog, "0.1.0") == "- First."
    check("v0.2.0", manifest, changelog)
    assert version_in(prepare("0.2.0-rc.1", MANIFEST, CHANGELOG, "2026-02-28")[0]) == "0.2.0-rc.1"


@pytest.mark.parametrize(
    ("tag", "changelog", "reason"),
    [
        ("v0.2.0", CHANGELOG, "the tag is v0.2.0, and Cargo.toml says 0.1.0"),
        ("0.1.0", CHANGELOG, "the tag of that is v0.1.0"),
        ("v0.1.0", CHANGELOG, "entries under Unreleased"),
        ("v0.1.0", "# Changelog\n\n## Unreleased\n\n- New.\n", "no section `## 0.1.0"),
        (
            "v0.1.0",
            "## Unreleased\n\n## 0.1.0 - 2026-01-31\n\n## 0.0.9 - 2026-01-01\n\n- Old.\n",
            "no section",
        ),
    ],
)
def test_tag_that_says_something_else_is_not_published(tag: str, changelog: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=re.escape(reason)):
        check(tag, MANIFEST, changelog)


@pytest.mark.parametrize(
    ("version", "changelog", "reason"),
    [
        ("1.0", CHANGELOG, "'1.0' is no version"),
        ("0.2.0", "# Changelog\n", "one section"),
        ("0.2.0", CHANGELOG.replace("- New.\n", ""), "nothing to release"),
        ("0.3.0", CHANGELOG.replace("0.1.0", "0.3.0"), "has 0.3.0 already"),
    ],
)
def test_release_without_sense_is_refused(version: str, changelog: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=re.escape(reason)):
        prepare(version, MANIFEST, changelog, "2026-02-28")
