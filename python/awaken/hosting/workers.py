"""Several processes on one port.

The parent opens one listening socket per worker, all bound to the same address (SO_REUSEPORT): the kernel spreads
connections evenly over them, while processes that accept from one socket leave most connections to the first. The
parent keeps the sockets open, so that connections that a dead worker had not accepted wait for its successor. It forks
the workers, forwards signals, and replaces workers that die. Beside them may be one more process, which shows their
numbers and ends after them.
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
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if sys.platform == "win32":
    raise ImportError("awaken.hosting.workers starts processes by fork, which Windows does not have")

from awaken.hosting.display import settle_output, take_over_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    #: Takes an event, and sets it when the parent is gone.
    Watch: TypeAlias = Callable[[asyncio.Event], None]
    Work: TypeAlias = Callable[[int, socket.socket, Watch], None]

__all__ = ["Attendant", "open_sockets", "supervise"]

logger: Final = logging.getLogger("awaken.serve")

# Seconds before a dead worker is replaced: doubled each time it dies soon after its start.
_FIRST_DELAY: Final = 0.1
_LONGEST_DELAY: Final = 10.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def open_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """Listen `count` times on the same address.

    Raises:
        OSError: the address is taken, or does not belong to this machine.
    """
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # On other systems the option means something else: the last socket gets all connections.
    if sys.platform != "linux":
        return [_listen(address[:2], family)] * count
    # A port that another program has opened with the same option would be shared; without the option this fails.
    socket.create_server(address[:2], family=family).close()
    sockets: list[socket.socket] = []
    for _ in range(count):
        sock = _listen(address[:2], family, reuse_port=True)
        address = sock.getsockname()  # with the actual port, if 0 was asked for
        sockets.append(sock)
    return sockets


def _listen(address: tuple[Any, ...], family: int, *, reuse_port: bool = False) -> socket.socket:
    sock = socket.create_server(address, family=family, backlog=1024, reuse_port=reuse_port)
    # Accepted connections inherit it; asyncio sets it only on those of sockets that it made itself.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Attendant(Protocol):
    """What runs in a process beside the workers, and hears of them in the parent."""

    def attend(self, watch: Watch) -> None:
        """Run in the process beside the workers, which is killed when they have ended."""
        ...

    def note_death(self, index: int, *, is_replaced: bool) -> None:
        """Note, in the parent, that a worker has ended."""
        ...


def supervise(
    work: Work,
    sockets: Sequence[socket.socket],
    announce: Callable[[], None],
    *,
    attendant: Attendant | None = None,
) -> None:
    """Run `work` in one process for each socket until a signal says to stop, and wait for them.

    Args:
        work: called in each worker with its number, its socket, and with a function that takes an event and sets it
            when the parent is gone.
        sockets: the listening sockets, one for each worker.
        announce: called when signals are heeded: whoever reads that this process serves may stop it at once.
        attendant: runs beside the workers.
    """
    _Supervisor(work, sockets, attendant).run(announce)


class _Worker:
    """The process of one socket, or the time at which it is started; without a socket, the one beside the workers."""

    def __init__(self, index: int, sock: socket.socket | None) -> None:
        self.index = index
        self.sock = sock
        self.pid: int | None = None
        self.started_at = 0.0
        self.start_at = 0.0
        self.delay = _FIRST_DELAY

    @property
    def name(self) -> str:
        """What it is, for the log."""
        return "worker" if self.sock is not None else "the process with the numbers of the workers,"


class _Supervisor:
    def __init__(
        self,
        work: Work,
        sockets: Sequence[socket.socket],
        attendant: Attendant | None,
    ) -> None:
        self._work = work
        self._attendant = attendant
        self._workers = [_Worker(index, sock) for index, sock in enumerate(sockets)]
        self._beside = [] if attendant is None else [_Worker(-1, None)]
        self._stop_count = 0
        # Workers have the reading end, which is closed when this process stops or dies, for whatever reason.
        self._life_read, self._life_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()

    def run(self, announce: Callable[[], None]) -> None:
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        previous = {signum: signal.signal(signum, self._on_stop) for signum in _SIGNALS}
        previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        previous_wakeup = signal.set_wakeup_fd(self._wake_write)
        try:
            announce()
            while self._step():
                pass
        finally:
            self._end_attendant()
            signal.set_wakeup_fd(previous_wakeup)
            for signum, handler in previous.items():
                signal.signal(signum, handler)
            for descriptor in (self._life_read, self._wake_read, self._wake_write):
                os.close(descriptor)

    def _on_stop(self, _signum: int, _frame: object) -> None:
        self._stop_count += 1
        if self._stop_count == 1:
            # Not by a signal: a terminal or systemd has sent it to the workers as well, and a second one kills them.
            os.close(self._life_write)
            for worker in self._workers:
                if worker.sock is not None:
                    worker.sock.close()  # a copy: while it is open, the port listens
            return
        for worker in self._workers:
            if worker.pid is not None:
                # Any other signal would be its first one, or would wait for the handler that blocks its loop.
                os.kill(worker.pid, signal.SIGKILL)

    def _step(self) -> bool:
        """Start workers that are due, wait for an event, and reap dead workers; return False when all have ended."""
        now = time.monotonic()
        if not self._stop_count:
            for worker in (*self._beside, *self._workers):
                if worker.pid is None and worker.start_at <= now:
                    self._start(worker, now)
        elif all(worker.pid is None for worker in self._workers):
            return False
        due = [worker.start_at - now for worker in (*self._beside, *self._workers) if worker.pid is None]
        select.select([self._wake_read], [], [], max(0.0, min(due)) if due and not self._stop_count else None)
        with suppress(BlockingIOError):  # a worker is due, and there was no signal
            os.read(self._wake_read, 4096)
        for worker in (*self._beside, *self._workers):
            if worker.pid is not None:
                pid, status = os.waitpid(worker.pid, os.WNOHANG)
                if pid:
                    self._reap(worker, os.waitstatus_to_exitcode(status))
        return True

    def _start(self, worker: _Worker, now: float) -> None:
        # A signal between the fork and the child's own handlers must not run the parent's handlers in the child.
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
        """Run as this worker, in the child. Never returns."""
        status = 1
        take_over_in_worker()
        try:
            signal.set_wakeup_fd(-1)
            for signum in (*_SIGNALS, signal.SIGCHLD):
                # The process beside the workers ends after them, and a terminal sends its signals to all.
                is_ignored = worker.sock is None and signum in _SIGNALS
                signal.signal(signum, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
            for descriptor in (self._life_write, self._wake_read, self._wake_write):
                os.close(descriptor)
            for other in self._workers:
                if other.sock is not None and other.sock is not worker.sock:
                    other.sock.close()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if worker.sock is not None:
                self._work(worker.index, worker.sock, self._watch_parent)
            elif self._attendant is not None:
                self._attendant.attend(self._watch_parent)
            status = 0
        except BaseException:
            logger.exception("%s %d failed", worker.name, os.getpid())
        finally:
            settle_output()
            os._exit(status)  # without the exit handlers of the parent

    def _end_attendant(self) -> None:
        for worker in self._beside:
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGKILL)  # it keeps nothing
                os.waitpid(worker.pid, 0)

    def _watch_parent(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()

        def on_gone() -> None:
            loop.remove_reader(self._life_read)
            stop.set()

        loop.add_reader(self._life_read, on_gone)

    def _reap(self, worker: _Worker, status: int) -> None:
        now = time.monotonic()
        pid, worker.pid = worker.pid, None
        if self._attendant is not None and worker.sock is not None:
            self._attendant.note_death(worker.index, is_replaced=not self._stop_count)
        if self._stop_count:
            if status not in (0, *(-signum for signum in _SIGNALS)) and self._stop_count == 1:
                logger.warning("%s %d %s while stopping", worker.name, pid, _describe_end(status))
            return
        if now - worker.started_at > _LONGEST_DELAY:
            worker.delay = _FIRST_DELAY
        worker.start_at = now + worker.delay
        end = _describe_end(status)
        if worker.sock is not None:
            end += "; the runtime repeats its attempts"
        logger.error("%s %d %s; another one starts in %g s", worker.name, pid, end, worker.delay)
        worker.delay = min(_LONGEST_DELAY, 2 * worker.delay)


def _describe_end(status: int) -> str:
    """Say how a process ended, by its exit code, which is negative for a signal."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:  # one without a name
        name = f"signal {-status}"
    return f"was ended by {name}"
