"""The program of this folder in a process, under either SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.compat.serving import Serving

if TYPE_CHECKING:
    from pathlib import Path

APP = "tests.unchanged.agents.openai.program:app"


def serve(sdk: str, prefix: str, directory: Path, port: int | None = None) -> Serving:
    """Return a process that serves it; it is not started."""
    return Serving(sdk, prefix, directory, APP, port)
