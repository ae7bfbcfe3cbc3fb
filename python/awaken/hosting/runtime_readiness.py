"""Whether requests should come to a process with an embedded runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.hosting.readiness import Readiness

if TYPE_CHECKING:
    from awaken.runtime.runtime import Runtime

__all__ = ["RuntimeReadiness"]


class RuntimeReadiness(Readiness):
    """As `Readiness`; a runtime whose disk has refused a transaction is not ready until it has continued.

    Args:
        runtime: of this process.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    def unready(self) -> str | None:
        """Return why requests should go elsewhere: `starting`, `recovering` or `draining`; None if they may come."""
        return super().unready() or (None if self._runtime.is_ready else "recovering")
