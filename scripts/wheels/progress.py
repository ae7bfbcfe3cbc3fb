"""What is told while wheels are built."""

from __future__ import annotations

import sys
import time

__all__ = ["say"]

_began = time.monotonic()


def say(text: str) -> None:
    """Print a line, with the seconds since the start."""
    sys.stdout.write(f"[{time.monotonic() - _began:4.0f} s] {text}\n")
    sys.stdout.flush()
