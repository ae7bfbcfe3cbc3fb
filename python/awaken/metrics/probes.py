"""What supervisors and load balancers read: whether a process lives, and whether requests should come to it.

Endpoints, runtimes and ports of numbers send the same bodies, each in its own way.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HEALTH", "JSON", "readiness"]

#: The content type of both.
JSON: Final = "application/json"
#: The body of `/health`: who can send it lives.
HEALTH: Final = b'{"status":"ok"}'


def readiness(reason: str | None) -> tuple[int, bytes]:
    """Return status and body of `/ready`.

    Args:
        reason: why requests should go elsewhere, a word; None if they may come.
    """
    return (200 if reason is None else 503), f'{{"status":"{reason or "ready"}"}}'.encode()
