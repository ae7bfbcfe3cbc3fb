"""Where connections belong: sockets do not survive a fork, nor the event loop that watches them."""

from __future__ import annotations

import asyncio
import os

__all__ = ["async_owner", "sync_owner"]


def async_owner() -> tuple[int, asyncio.AbstractEventLoop | None]:
    """Return the process and its running event loop; None for that of another library."""
    try:
        return os.getpid(), asyncio.get_running_loop()
    except RuntimeError:
        return os.getpid(), None


def sync_owner() -> int:
    """Return the process."""
    return os.getpid()
