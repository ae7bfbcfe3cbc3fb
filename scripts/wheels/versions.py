"""The version, which has one home: `Cargo.toml`. The extension and the package take it from there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

__all__ = ["package_version"]

ROOT: Final = Path(__file__).resolve().parents[2]


def package_version() -> str:
    """Return it as Python writes it: 0.2.0rc1 is 0.2.0-rc.1 in `Cargo.toml`."""
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    version: str = workspace["package"]["version"]
    return re.sub(r"-(a|b|rc)[a-z]*\.(\d+)$", r"\1\2", version)
