"""A process that answers questions of users, as the runtime sees it."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Final

from awaken.runtime.query import limits
from awaken.runtime.query.question_channel import start_process
from awaken.runtime.query.question_messages import Answer, Asked, receive_answer, send_question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from awaken.runtime.query.question_channel import StartedProcess
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["ProcessEndedError", "QuestionProcess"]

#: What the process runs. It is isolated from variables such as PYTHONPATH, and imports from where this one does.
_PROGRAM: Final = (
    "import sys; path, *sys.path[:], port = sys.argv[1:]; "
    "from awaken.runtime.query.question_worker import main; main(path, int(port))"
)


class ProcessEndedError(Exception):
    """A process ended instead of answering; the text says how."""


class QuestionProcess:
    """One process. All methods but `kill` are for one thread at a time, and block.

    Args:
        path: the runtime's database file.
        start: starts it, with the connection to it.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, path: Path, start: Callable[[Sequence[str]], StartedProcess] = start_process) -> None:
        if getattr(sys, "frozen", False):  # its executable is the application, which would start once more
            raise OSError(f"{sys.executable} is a frozen application, without an interpreter of its own")
        self._is_fresh = True
        self._started = start([sys.executable, "-I", "-c", _PROGRAM, str(path.absolute()), *sys.path])
        self._process = self._started.process

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(
        self, sql: str, snapshot: Snapshot, timeout_s: float, *, is_arrow: bool = False
    ) -> tuple[Answer, bytearray]:
        """Return what became of a question, and the rows: a JSON array, or an Arrow IPC stream.

        Raises:
            ProcessEndedError: it ended without an answer.
            TimeoutError: it did not answer in time, and was killed.
        """
        allowed_s = timeout_s + limits.KILL_SECONDS + (limits.START_SECONDS if self._is_fresh else 0)
        deadline = time.monotonic() + allowed_s
        self._is_fresh = False
        try:
            channel = self._started.channel(deadline)
            send_question(channel, Asked(sql, snapshot, timeout_s, is_arrow), deadline)
            return receive_answer(channel, deadline)
        except TimeoutError:
            self.kill()
            raise
        except (EOFError, OSError) as error:
            self.kill()
            status = self._process.wait()
            if sys.platform != "win32" and status == -signal.SIGALRM:  # it noticed first
                raise TimeoutError from error
            raise ProcessEndedError(_describe_end(status)) from error

    def kill(self) -> None:
        """End it at once, from any thread."""
        self._process.kill()

    def close(self) -> None:
        """End it, and wait until it has ended."""
        self._process.kill()
        self._process.wait()
        self._started.close()


def _describe_end(status: int) -> str:
    return f"with status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
