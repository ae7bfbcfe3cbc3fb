"""Joins an endpoint to a port, and a process to the signals that end it.

What happens on SIGTERM or SIGINT: the port stops listening, so that load balancers and the runtime go
elsewhere; open HTTP/2 connections get GOAWAY; every live exchange is told to `drain`; and when all are done,
or the grace period is over, the process exits with 0. A second signal ends it at once. Probes during the
drain find the port closed, the same as when the process is gone.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from awaken.transports.http2.engines import EngineName, make_engine
from awaken.transports.server.server import make_tls_context, start_server

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Coroutine
    from os import PathLike

    from awaken.exchange import Accept
    from awaken.transports.server.server import Server

__all__ = ["DEFAULT_GRACE", "SignalHandler", "announce", "run", "run_in_loop", "serve"]

#: Time for live exchanges to wind up: below the 30 s after which Kubernetes kills, as Docker's 10 s.
DEFAULT_GRACE: Final = timedelta(seconds=10)

#: Time for threads that are idle, or nearly done, to end after the grace period.
THREADS_GRACE: Final = timedelta(seconds=0.5)

#: Names of the threads in which plain functions run.
THREAD_PREFIX: Final = "awaken-run"

logger = logging.getLogger("awaken.serve")


def announce(url: str) -> None:
    """Write the line that tells where we listen; the last word of it is the address."""
    sys.stdout.write(f"awaken: listening on {url}\n")
    sys.stdout.flush()


def run(
    accept: Accept,
    *,
    host: str = "127.0.0.1",
    port: int = 9080,
    tls_cert: str | PathLike[str] | None = None,
    tls_key: str | PathLike[str] | None = None,
    grace: timedelta = DEFAULT_GRACE,
    workers: int = 1,
    http2_engine: EngineName = EngineName.RUST,
    announce: Callable[[str], None] = announce,
) -> None:
    """Serve until SIGTERM or SIGINT, and wind up. Blocks; call it from the main thread.

    Args:
        accept: given each request.
        host: where to listen.
        port: where to listen; 0 finds a free one.
        tls_cert: PEM file with the certificate chain; cleartext without.
        tls_key: PEM file with its private key.
        grace: how long live exchanges may take to end after the first signal.
        workers: how many processes share the port.
        http2_engine: what serves HTTP/2.
        announce: given the URL once the port is open.

    Raises:
        OSError: the address is taken, or not ours; a file is not readable.
        ValueError: only one of `tls_cert` and `tls_key` is given, or `workers` is below 1.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}: at least 1 is needed")
    tls = _make_tls(tls_cert, tls_key)
    if workers == 1:
        run_in_loop(
            serve(
                accept,
                host=host,
                port=port,
                tls=tls,
                grace=grace,
                http2_engine=http2_engine,
                announce=announce,
            )
        )
        return
    from awaken.hosting.workers import open_sockets, supervise

    sockets = open_sockets(host, port, workers)
    announce(_url(sockets[0].getsockname()[:2], tls))

    def work(sock: socket.socket, stop: Callable[[asyncio.Event], None]) -> None:
        run_in_loop(
            serve(
                accept,
                sock=sock,
                tls=tls,
                grace=grace,
                http2_engine=http2_engine,
                announce=None,
                watch=stop,
            )
        )

    supervise(work, sockets)


async def serve(
    accept: Accept,
    *,
    host: str = "127.0.0.1",
    port: int = 9080,
    sock: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
    grace: timedelta = DEFAULT_GRACE,
    http2_engine: EngineName = EngineName.RUST,
    announce: Callable[[str], None] | None = announce,
    watch: Callable[[asyncio.Event], None] | None = None,
) -> None:
    """Serve on the running loop until SIGTERM or SIGINT, and wind up. For the main thread.

    Args:
        accept: given each request.
        host: where to listen.
        port: where to listen; 0 finds a free one.
        sock: a socket that is already bound, instead of host and port.
        tls: context for TLS; cleartext without.
        grace: how long live exchanges may take to end after the first signal.
        http2_engine: what serves HTTP/2.
        announce: given the URL once the port is open.
        watch: given an event once the port is open; setting it does what a first signal does.

    Raises:
        OSError: the address is taken, or not ours.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    server: Server = await start_server(
        accept, host=host, port=port, sock=sock, tls=tls, make_engine=partial(make_engine, http2_engine)
    )
    on_signal = SignalHandler(stop)
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, on_signal, signum)
    if announce is not None:
        announce(_url(server.address, tls))
    if watch is not None:
        watch(stop)
    try:
        await stop.wait()
    finally:
        await server.close(grace)
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(signum)


def run_in_loop(main: Coroutine[None, None, None], leave: Callable[[], None] = lambda: None) -> None:
    """Run a coroutine, on uvloop where it is installed, with what exists so far left out of collections.

    Threads that still execute a blocking action when it is over are left behind: nobody can stop them, and
    nothing they do counts any more.

    Args:
        main: what to run.
        leave: called before the process ends because of such threads; it may replace the process.
    """
    gc.collect()
    gc.freeze()  # modules and declarations live as long as the process; walking them again finds nothing
    threads = ThreadPoolExecutor(thread_name_prefix=THREAD_PREFIX)
    # Not within the `except` that finds out about uvloop: its error would be the context of every handler's error.
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_with_threads(main, threads, leave))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _with_threads(
    main: Coroutine[None, None, None], threads: ThreadPoolExecutor, leave: Callable[[], None]
) -> None:
    asyncio.get_running_loop().set_default_executor(threads)
    await main
    threads.shutdown(wait=False, cancel_futures=True)
    deadline = time.monotonic() + THREADS_GRACE.total_seconds()
    while busy := [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD_PREFIX)]:
        if time.monotonic() > deadline:
            logger.warning("%d blocking actions did not end; they are left behind", len(busy))
            leave()
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)  # anything gentler joins the threads first
        await asyncio.sleep(0.01)


class SignalHandler:
    """Stops at the first signal, and dies of the second one; what else sets the event does not count."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._is_called = False

    def __call__(self, signum: signal.Signals) -> None:
        """Take a signal."""
        if self._is_called:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        self._is_called = True
        self._stop.set()


def _make_tls(
    certificate: str | PathLike[str] | None, key: str | PathLike[str] | None
) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ValueError(f"TLS needs a certificate and its key: tls_cert is {certificate}, tls_key is {key}")
    return make_tls_context(certificate, key)


def _url(address: tuple[str, int], tls: ssl.SSLContext | None) -> str:
    host, port = address
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
