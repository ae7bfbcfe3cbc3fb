"""Turns: who works on the same thing does so one by one, and nobody waits for those who work on something else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["OneByOne"]


class OneByOne:
    """Hands out turns by name. Only names that somebody works on, or waits for, take memory."""

    def __init__(self) -> None:
        self._locks: dict[object, _Lock] = {}

    @asynccontextmanager
    async def turn(self, name: object) -> AsyncIterator[None]:
        """Wait for the turn of a name, and hold it."""
        entry = self._locks.setdefault(name, _Lock())
        entry.users += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.users -= 1
            if not entry.users:
                del self._locks[name]


class _Lock:
    """A lock, and how many hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0
