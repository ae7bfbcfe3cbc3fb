"""Draws the pictures of docs/concepts: `python -m scripts.pictures`."""

from __future__ import annotations

from pathlib import Path

from scripts.pictures.concepts import PICTURES

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw().to_svg())
