"""Collects what happens to invocations, and draws it at most ten times a second.

Drawing each step by itself would cost a busy runtime more than the step. The first step after a quiet moment is drawn
in the same turn of the loop, so that nobody who tries something out waits for its line. Whatever else the process
prints comes after the steps that happened before it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final, Protocol

from awaken.hosting.display import draw_before_prints
from awaken.runtime.events import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Drawing", "StepTicker"]

#: Seconds between two drawings.
_INTERVAL_S: Final = 0.1
#: What is drawn even beyond the rate, up to as many steps again: somebody may have to do something about it.
_NOTABLE: Final = frozenset({EventKind.BACKING_OFF, EventKind.PAUSED, EventKind.FAILED})


class Drawing(Protocol):
    """Draws steps."""

    #: How many steps are worth drawing at a time; None is all of them.
    most: int | None
    #: What commands that are suggested end with, such as ` --admin http://127.0.0.1:9071`.
    admin_option: str

    def draw(self, steps: Iterable[tuple[float, Event]], more: Mapping[EventKind, int]) -> None:
        """Draw steps.

        Args:
            steps: each with the time when it happened, in seconds since 1970.
            more: how many steps beside these there were, by what happened.
        """
        ...


class StepTicker:
    """An `awaken.runtime.events.SelectiveObserver` that passes events on in batches. For one event loop.

    Args:
        drawing: what draws them.
        is_held: draw nothing before `release`, so that what continues from an earlier process comes after its
            announcement.
    """

    def __init__(self, drawing: Drawing, *, is_held: bool = False) -> None:
        self._drawing = drawing
        self._is_held = is_held
        self._most = drawing.most
        self._steps: deque[tuple[float, Event]] = deque()
        self._more: Counter[EventKind] = Counter()
        self._is_due = False
        self._drawn_at = 0.0
        self._thread = threading.get_ident()
        draw_before_prints(self._draw_before)

    def skips(self, kind: EventKind) -> bool:
        """Return whether an event is beyond what is drawn; then it is counted."""
        if self._is_worth_a_line(kind):
            return False
        self._more[kind] += 1
        self._plan()
        return True

    def note(self, event: Event) -> None:
        """Keep an event until the next drawing."""
        if not self.skips(event.kind):
            self._steps.append((event.at_ms / 1000 or time.time(), event))
            self._plan()

    def _plan(self) -> None:
        if self._is_due:
            return
        self._is_due = True
        loop = asyncio.get_running_loop()
        wait_s = self._drawn_at + _INTERVAL_S - loop.time()
        if wait_s > 0:
            loop.call_later(wait_s, self._tick)
        else:
            loop.call_soon(self._tick)

    def draw(self) -> None:
        """Draw what has been kept."""
        if (self._steps or self._more) and not self._is_held:
            steps, self._steps = self._steps, deque()
            more, self._more = self._more, Counter()
            self._drawing.draw(steps, more)

    def release(self, admin_option: str) -> None:
        """Begin to draw: it has been announced what is served.

        Args:
            admin_option: what commands that are suggested end with.
        """
        self._drawing.admin_option = admin_option
        self._is_held = False
        self.draw()

    def _is_worth_a_line(self, kind: EventKind) -> bool:
        if self._most is None:
            return True
        count = len(self._steps)
        return count < self._most or (kind in _NOTABLE and count < 2 * self._most)

    def _tick(self) -> None:
        self._is_due = False
        self._drawn_at = asyncio.get_running_loop().time()
        self.draw()

    def _draw_before(self) -> None:
        """Draw before something else is printed. What other threads print is in no order to what happens here."""
        if threading.get_ident() == self._thread:
            self.draw()
