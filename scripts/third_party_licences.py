"""Write THIRD_PARTY_LICENSES.txt: the licences of the Rust crates that are compiled into the extension.

Their authors ask that copies keep these notices. `--check` fails if the file is stale.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
NOTICES: Final = ROOT / "THIRD_PARTY_LICENSES.txt"
#: All platforms that wheels are built for.
PLATFORMS: Final = (
    *("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-musl"),
    *("aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"),
)
#: Of two licences to choose from, that whose text is shorter.
_TEXT: Final = re.compile(r"(LICEN[CS]E|COPYING)(-MIT|-UNICODE)?(\.(md|txt))?")
_ALTERNATIVE: Final = re.compile(r"(LICEN[CS]E|COPYING)(-APACHE)(\.(md|txt))?")
_LINE: Final = "=" * 100


def main() -> None:
    """Write the file, or compare it."""
    text = notices()
    if "--check" in sys.argv[1:]:
        if not NOTICES.exists() or NOTICES.read_text(encoding="utf-8") != text:
            sys.exit(f"{NOTICES.name} is stale; run python scripts/third_party_licences.py")
        return
    NOTICES.write_text(text, encoding="utf-8")


def notices() -> str:
    """Return the text of the file."""
    parts = [
        "The compiled module awaken._core contains the following Rust crates, and Rust's standard library, which is\n"
        "under the MIT licence as well (Copyright (c) The Rust Project Contributors).\n"
    ]
    parts += [
        f"{_LINE}\n{crate['name']} {crate['version']}, {crate['license']}\n{_LINE}\n\n{_licence(crate)}\n"
        for crate in compiled_crates()
    ]
    return "\n".join(parts)


def compiled_crates() -> list[dict[str, Any]]:
    """Return the packages of others that end up in the extension, by name."""
    found: dict[str, dict[str, Any]] = {}
    for platform in PLATFORMS:
        command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", platform]
        told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
        packages = {package["id"]: package for package in told["packages"]}
        nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
        waiting = [name for name, package in packages.items() if package["name"] == "awaken-binding"]
        seen: set[str] = set()
        while waiting:
            if (name := waiting.pop()) in seen:
                continue
            seen.add(name)
            for dependency in nodes[name]["deps"]:
                kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
                if None in kinds and not _is_macro(packages[dependency["pkg"]]):
                    waiting.append(dependency["pkg"])
        found.update({name: packages[name] for name in seen if packages[name]["source"]})
    return sorted(found.values(), key=lambda package: (package["name"], package["version"]))


def _is_macro(package: dict[str, Any]) -> bool:
    """Return whether a package only runs while others are compiled."""
    return any("proc-macro" in target["kind"] for target in package["targets"])


def _licence(crate: dict[str, Any]) -> str:
    folder = Path(crate["manifest_path"]).parent
    files = [path for path in sorted(folder.iterdir()) if _TEXT.fullmatch(path.name)]
    files = files or [path for path in sorted(folder.iterdir()) if _ALTERNATIVE.fullmatch(path.name)]
    if not files:
        sys.exit(f"{folder} has no licence; name its file in this script")
    lines = "\n\n".join(path.read_text(encoding="utf-8").strip() for path in files).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    main()
