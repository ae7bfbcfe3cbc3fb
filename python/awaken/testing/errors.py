"""What tests are told when they ask for what does not come."""

from __future__ import annotations

__all__ = ["CrashFoundError", "NotThereError"]


class NotThereError(AssertionError):
    """What a test waits for does not come, or is not the only one."""


class CrashFoundError(AssertionError):
    """After a crash something came out differently."""
