"""`python -m scripts.docs build` builds the site into `site/`; `serve` shows it and follows changes.

`reference` writes `docs/reference` from the code; with `--check` it fails if that is not current.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from scripts.docs.checking import dead_links
from scripts.docs.llms import write_texts
from scripts.docs.places import ROOT, SETTINGS, SITE, STAGED
from scripts.docs.searching import improve_search
from scripts.docs.staging import sources, stage

if TYPE_CHECKING:
    from pathlib import Path

#: As a module, so that it finds the extension of Markdown in this folder.
ZENSICAL = (sys.executable, "-m", "zensical")


def build() -> int:
    """Build the site; a warning or a dead link is an error."""
    stage()
    command = [*ZENSICAL, "build", "--clean", "--strict", "-f", str(SETTINGS)]
    built = subprocess.run(command, cwd=ROOT, check=False)
    if built.returncode:
        return built.returncode
    write_texts(STAGED, SITE)
    improve_search(SITE)
    for line in (dead := dead_links(SITE)):
        print(line, file=sys.stderr)
    print(f"{SITE.relative_to(ROOT)}: {len([*SITE.rglob('*.html')])} pages, {len(dead)} dead links")
    return 1 if dead else 0


def serve(arguments: list[str]) -> int:
    """Serve the site on http://localhost:8000, and stage what changes."""
    stage()
    with subprocess.Popen([*ZENSICAL, "serve", "-f", str(SETTINGS), *arguments], cwd=ROOT) as server:
        try:
            seen = _changes()
            while server.poll() is None:
                time.sleep(0.5)
                if (now := _changes()) != seen:
                    seen = now
                    stage()
        except KeyboardInterrupt:
            server.terminate()
    return 0


def _changes() -> dict[Path, float]:
    # Parts of README.md are in a page.
    return {path: path.stat().st_mtime for path in (ROOT / "README.md", *(path for path, _ in sources()))}


def write_reference(*, is_check: bool = False) -> int:
    """Write the reference, or tell whether it is current."""
    from scripts.docs.reference.writing import write  # reads the whole package

    return write(is_check=is_check)


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    match arguments:
        case ["build"]:
            return build()
        case ["serve", *rest]:
            return serve(rest)
        case ["reference"]:
            return write_reference()
        case ["reference", "--check"]:
            return write_reference(is_check=True)
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
