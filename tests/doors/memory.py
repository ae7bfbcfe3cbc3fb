"""How much memory a process took at its peak."""

from __future__ import annotations

from pathlib import Path

__all__ = ["forget_peak", "peak_size"]


def forget_peak(pid: int) -> int:
    """Forget the peak of a process, which an earlier test may have raised, and return what it takes now in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_size(pid)


def peak_size(pid: int) -> int:
    """Return the peak of a process's resident memory in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
