"""Tells of endpoints that cannot be reached: a line in ten seconds for each deployment, however many attempts fail."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnreachedLog"]

log = logging.getLogger("awaken.runtime")

#: Seconds between two lines about one deployment.
_INTERVAL: Final = 10.0


class UnreachedLog:
    """Counts streams that broke, by deployment.

    Args:
        monotonic: seconds of a clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        #: When the last line was written, and how many attempts have failed since, by deployment.
        self._told: dict[str, tuple[float, int]] = {}

    def note(self, deployment_id: str, why: str) -> None:
        """Note an attempt whose stream broke.

        Args:
            deployment_id: that it ran on.
            why: the address and what happened there.
        """
        now = self._monotonic()
        told_at, untold = self._told.get(deployment_id, (None, 0))
        if told_at is not None and now - told_at < _INTERVAL:
            self._told[deployment_id] = told_at, untold + 1
            return
        # Those that were silent for long begin anew, which also forgets deployments that are gone.
        self._told = {one: facts for one, facts in self._told.items() if now - facts[0] < 6 * _INTERVAL}
        self._told[deployment_id] = now, 0
        if told_at is None or not untold:
            log.warning("an attempt on %s failed, and is repeated: %s", deployment_id, why)
        else:
            log.warning(
                "%d attempts on %s failed in %.0f s, and are repeated: %s",
                untold + 1,
                deployment_id,
                now - told_at,
                why,
            )
