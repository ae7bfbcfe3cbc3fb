"""Several processes on one port.

The parent opens one listening socket per worker, all bound to the same address (SO_REUSEPORT): the kernel
spreads connections evenly, where processes that accept from one socket leave most of them to the first. It
keeps the sockets, so that what a worker that died had not accepted yet waits for its successor. Then it
forks, forwards signals, and replaces workers that die.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work: TypeAlias = Callable[[socket.socket, Callable[[asyncio.Event], None]], None]

__all__ = ["open_sockets", "supervise"]

logger: Final = logging.getLogger("awaken.serve")

# Delay before a worker that died is replaced, in seconds: doubled while it keeps dying young.
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 10.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def open_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """Listen `count` times on the same address.

    Raises:
        OSError: the address is taken, or not ours.
    """
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # Elsewhere the option exists and means something else: the last socket gets everything.
    if sys.platform != "linux":
        shared = socket.create_server(address[:2], family=family, backlog=1024)
        return [shared] * count
    # Sharing is asked for by every process that shares: without this, a stranger's port would be shared as
    # well.
    socket.create_server(address[:2], family=family).close()
    sockets: list[socket.socket] = []
    for _ in range(count):
        sock = socket.create_server(address[:2], family=family, backlog=1024, reuse_port=True)
        address = sock.getsockname()  # the port that was found, when 0 was asked for
        sockets.append(sock)
    return sockets


def supervise(work: Work, sockets: Sequence[socket.socket]) -> None:
    """Run `work` in one process for each socket until a signal says to stop, and wait for them.

    Args:
        work: called in each worker with its socket, and a function that arranges for an event to be set when
        the parent
            is gone.
        sockets: the listening sockets, one for each worker.
    """
    _Supervisor(work, sockets).run()


class _Worker:
    """The process of one socket, or the time when there will be one."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pid: int | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.delay = _FIRST_DELAY


class _Supervisor:
    def __init__(self, work: Work, sockets: Sequence[socket.socket]) -> None:
        self._work = work
        self._workers = [_Worker(sock) for sock in sockets]
        self._stop_count = 0
        # Workers hold the reading end: it tells them that we stop, or are gone, however that happened.
        self._life_read, self._life_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()

    def run(self) -> None:
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        previous = {signum: signal.signal(signum, self._on_stop) for signum in _SIGNALS}
        previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        previous_wakeup = signal.set_wakeup_fd(self._wake_write)
        try:
            while self._step():
                pass
        finally:
            signal.set_wakeup_fd(previous_wakeup)
            for signum, handler in previous.items():
                signal.signal(signum, handler)
            for descriptor in (self._life_read, self._wake_read, self._wake_write):
                os.close(descriptor)

    def _on_stop(self, signum: int, _frame: object) -> None:
        self._stop_count += 1
        if self._stop_count == 1:
            # Not by a signal: a terminal or systemd sends it to the workers as well, and a second one kills.
            os.close(self._life_write)
            for worker in self._workers:
                worker.sock.close()  # ours is a copy: with it open, the port would go on listening
            return
        for worker in self._workers:
            if worker.pid is not None:
                os.kill(worker.pid, signum)

    def _step(self) -> bool:
        """Start who is due, wait for something to happen, and bury the dead; False when all is over."""
        now = time.monotonic()
        if not self._stop_count:
            for worker in self._workers:
                if worker.pid is None and worker.start_at <= now:
                    self._start(worker, now)
        elif all(worker.pid is None for worker in self._workers):
            return False
        due = [worker.start_at - now for worker in self._workers if worker.pid is None]
        select.select([self._wake_read], [], [], max(0.0, min(due)) if due and not self._stop_count else None)
        with suppress(BlockingIOError):  # when the time came, and not a signal
            os.read(self._wake_read, 4096)
        for worker in self._workers:
            if worker.pid is not None:
                pid, status = os.waitpid(worker.pid, os.WNOHANG)
                if pid:
                    self._bury(worker, os.waitstatus_to_exitcode(status))
        return True

    def _start(self, worker: _Worker, now: float) -> None:
        # A signal between the fork and the child's own handlers must not run ours in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(worker)
            worker.pid = pid
            worker.started_at = now
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _become(self, worker: _Worker) -> None:
        """Be that worker, in the child. Never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for signum in (*_SIGNALS, signal.SIGCHLD):
                signal.signal(signum, signal.SIG_DFL)
            for descriptor in (self._life_write, self._wake_read, self._wake_write):
                os.close(descriptor)
            for other in self._workers:
                if other.sock is not worker.sock:
                    other.sock.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work(worker.sock, self._watch_parent)
            status = 0
        except BaseException:
            logger.exception("worker %d failed", os.getpid())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # not through what the parent had set up to happen at its own exit

    def _watch_parent(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()

        def on_gone() -> None:
            loop.remove_reader(self._life_read)
            stop.set()

        loop.add_reader(self._life_read, on_gone)

    def _bury(self, worker: _Worker, status: int) -> None:
        now = time.monotonic()
        pid, worker.pid = worker.pid, None
        if self._stop_count:
            if status not in (0, *(-signum for signum in _SIGNALS)):
                logger.warning("worker %d ended with %d while stopping", pid, status)
            return
        if now - worker.started_at > _LONGEST_DELAY:
            worker.delay = _FIRST_DELAY
        worker.start_at = now + worker.delay
        logger.error("worker %d ended with %d; another one starts in %g s", pid, status, worker.delay)
        worker.delay = min(_LONGEST_DELAY, 2 * worker.delay)
