"""Where the pages are, and where they go."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
SETTINGS: Final = ROOT / "mkdocs.yml"
THEME: Final = Path(__file__).parent / "theme"
#: What Zensical reads and writes, both ignored by Git.
STAGED: Final = ROOT / ".site" / "docs"
SITE: Final = ROOT / "site"
#: Pages outside of `docs/` that the site has, too, below `project/`.
PROJECT_PAGES: Final = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "benches/README.md")
