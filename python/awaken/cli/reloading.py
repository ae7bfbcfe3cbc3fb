"""Starts the process again when the code it has loaded changes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.cli.failures import CommandError
from awaken.cli.output import print_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Reloader"]

_POLL_S: Final = 0.3


class Reloader:
    """Watches the sources of this process.

    What is under way is suspended before the new start, and goes on after it by replaying on the new code.
    """

    def __init__(self) -> None:
        self._changed: Path | None = None
        self._seen: dict[Path, int] = {}
        self._look()  # before anything is loaded, so that no change is missed

    async def watch(self, stop: asyncio.Event) -> None:
        """Set `stop` when a source changes."""
        while (changed := self._look()) is None:  # noqa: ASYNC110 -- files tell nobody that they change
            await asyncio.sleep(_POLL_S)
        self._changed = changed
        stop.set()

    def restart_if_changed(self) -> None:
        """Replace this process by a new one with the same arguments, if a change ended it."""
        if self._changed is not None:
            print_progress(f"awaken: {self._changed.name} changed, starting again")
            self._restart()

    @contextmanager
    def waiting_for_repair(self) -> Iterator[None]:
        """Tell what is wrong with the code, and start again when it was changed, instead of ending."""
        try:
            yield
            return
        except CommandError as error:
            sys.stderr.write(f"error: {error}\n")
        except Exception:
            traceback.print_exc()
        print_progress("awaken: waiting for a change")
        while (changed := self._look()) is None:
            time.sleep(_POLL_S)
        self._changed = changed
        self.restart_if_changed()

    def _restart(self) -> None:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "awaken.cli", *sys.argv[1:]])  # noqa: S606 -- ourselves

    def _look(self) -> Path | None:
        """Return a source that changed since the last look. What was not seen before is only noted."""
        changed = None
        for path in _sources():
            try:
                stamp = path.stat().st_mtime_ns
            except OSError:
                continue  # in the middle of being replaced
            if self._seen.setdefault(path, stamp) != stamp:
                self._seen[path] = stamp
                changed = path
        return changed


def _sources() -> set[Path]:
    """Files of loaded modules below the working directory, and its own Python files, which may not be loaded yet."""
    here = Path.cwd()
    files = {
        Path(file)
        for module in list(sys.modules.values())
        if (file := getattr(module, "__file__", None)) and file.endswith(".py")
    }
    inside = {path for path in files if path.is_relative_to(here) and "site-packages" not in path.parts}
    return inside | set(here.glob("*.py"))
