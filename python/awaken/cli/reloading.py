"""Restarts the process when the code it has loaded changes.

While the application runs, changes of loaded files and of Python files in the working directory count. While it cannot
be loaded, what it needs is unknown, so any new, changed or removed file of the tree may be the repair. A change counts
once the files have been at rest for a moment, since editors and version control write in several steps.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from awaken.cli.failures import BrokenApplicationError, CommandError
from awaken.cli.output import print_error, print_progress
from awaken.cli.sources import CODE, DATA, loaded_files, tree
from awaken.diagnostics import tracebacks
from awaken.hosting.display import settle_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Reloader"]

_POLL_S: Final = 0.3
#: How long files must be at rest after a change.
_REST_S: Final = 0.1

#: Time, size and inode of a file (a file that is moved here keeps its time); None if it does not exist.
_Stamp = tuple[int, int, int] | None


class Reloader:
    """Watches the sources of this process.

    Open invocations are suspended before the restart, and continue after it by replaying on the new code.
    """

    def __init__(self) -> None:
        self._changed: Path | None = None
        #: Read before anything is loaded, so that no change is missed.
        self._seen: dict[Path, _Stamp] = {path: _stamp(path) for path in tree(CODE)}
        self._running: set[Path] = set()

    async def watch(self, stop: asyncio.Event) -> None:
        """Set `stop` when a source changes."""
        changed: Path | None = None
        while (latest := self._look(self._sources())) is not None or changed is None:
            changed = latest or changed
            await asyncio.sleep(_REST_S if changed else _POLL_S)
        self._changed = changed
        stop.set()

    def restart_if_changed(self) -> None:
        """Replace this process by a new one with the same arguments, if a source changed."""
        if self._changed is not None:
            print_progress(f"awaken: {self._changed.name} changed, starting again")
            settle_output()
            os.execv(sys.executable, [sys.executable, "-m", "awaken.cli", *sys.argv[1:]])  # noqa: S606 -- ourselves

    @contextmanager
    def waiting_for_repair(self) -> Iterator[None]:
        """Print what is wrong with the code, and restart when it changes, instead of ending."""
        try:
            yield
            return
        except BrokenApplicationError as error:
            text = str(error)
        except CommandError:
            raise  # no change of the code helps
        except Exception as error:
            text = tracebacks.format_error(error).rstrip()
        print_error(text)
        self._wait_for_repair()
        self.restart_if_changed()

    def _wait_for_repair(self) -> None:
        for path in tree(DATA):
            self._seen[path] = _stamp(path)  # files that the import itself wrote are not a repair
        # SIGINT as well, as while the application runs: shells start what is in the background with SIGINT ignored.
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.default_int_handler)
        try:
            print_progress("awaken: waiting for a change")
            changed: Path | None = None
            while (
                latest := self._look(tree(CODE + DATA), is_new_a_change=True)
            ) is not None or changed is None:
                changed = latest or changed
                time.sleep(_REST_S if changed else _POLL_S)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
        self._changed = changed

    def _sources(self) -> set[Path]:
        """Return the files of modules that are or were loaded, and the Python files in the working directory."""
        self._running |= loaded_files()
        return self._running | set(Path.cwd().glob("*.py"))

    def _look(self, paths: Iterable[Path], *, is_new_a_change: bool = False) -> Path | None:
        """Return a file that changed since the last look.

        Args:
            paths: the files to look at, besides those seen before and gone now.
            is_new_a_change: whether a new file counts as a change; otherwise it is only noted.
        """
        changed = None
        for path in {*paths, *(self._seen if is_new_a_change else ())}:
            stamp = _stamp(path)
            before = self._seen.get(path, stamp if not is_new_a_change else None)
            self._seen[path] = stamp
            if stamp != before:
                changed = path
        return changed


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
