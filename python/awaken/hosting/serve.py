"""Serves an endpoint on a port, until a signal ends the process.

On SIGTERM or SIGINT the port stops listening, so that load balancers and the runtime send their requests elsewhere;
open HTTP/2 connections get GOAWAY; every live exchange is asked to `drain`; and the process exits with 0 as soon as all
of them are done, or when the grace period is over. A second signal ends it at once. Probes during the drain find the
port closed, just as when the process is gone.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from awaken.hosting.display import hold_standard_descriptors
from awaken.hosting.event_loop import run_in_loop
from awaken.hosting.readiness import Readiness
from awaken.hosting.signal_handler import SignalHandler
from awaken.hosting.urls import http_url
from awaken.transports.http2.engines import EngineName, make_engine
from awaken.transports.server.server import make_tls_context, start_server

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable
    from os import PathLike

    from awaken.exchange import Accept
    from awaken.hosting.process_numbers import ProcessNumbers
    from awaken.hosting.worker_numbers import WorkerNumbers
    from awaken.metrics.metrics import Metrics
    from awaken.transports.server.server import Server

__all__ = ["DEFAULT_GRACE", "announce", "check_workers", "run", "serve"]

#: Time for live exchanges to wind up: Docker kills after 10 s as well, Kubernetes after 30 s.
DEFAULT_GRACE: Final = timedelta(seconds=10)


def check_workers(workers: int, name: str) -> None:
    """Check that this system can start so many workers.

    Raises:
        ValueError: the number is below 1, or above it on Windows; the text calls it `name`.
    """
    if workers < 1:
        raise ValueError(f"{name} is {workers}: at least 1 is needed")
    if workers > 1 and sys.platform == "win32":
        raise ValueError(
            f"{name} is {workers}: Windows has no fork, which starts them; leave it at 1, and run several processes "
            "on ports of their own behind a load balancer"
        )


def announce(url: str) -> None:
    """Print the line that says where we listen; its last word is the URL."""
    with suppress(OSError, ValueError):  # nobody reads it; that is no reason not to serve
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
    readiness: Readiness | None = None,
    numbers: tuple[Metrics, socket.socket] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, and wind up. Blocks; call it in the main thread.

    Args:
        accept: called with each request.
        host: host to listen on.
        port: port to listen on; 0 finds a free one.
        tls_cert: PEM file with the certificate chain; None serves cleartext.
        tls_key: PEM file with its private key.
        grace: how long live exchanges may take to end after the first signal.
        workers: how many processes share the port.
        http2_engine: engine that serves HTTP/2.
        announce: called with the URL once the port is open.
        readiness: hears when requests are served, and when no more should come.
        numbers: what is counted, and a socket that listens, where it is shown.

    Raises:
        OSError: the address is taken, or does not belong to this machine; a file cannot be read.
        ValueError: only one of `tls_cert` and `tls_key` is given, or `workers` is below 1, or
            above it on Windows.
    """
    hold_standard_descriptors()
    check_workers(workers, "workers")
    tls = _make_tls(tls_cert, tls_key)
    readiness = readiness or Readiness()
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
                readiness=readiness,
                numbers=None if numbers is None else _numbers_of_process(numbers, readiness),
            )
        )
        return
    from awaken.hosting.workers import open_sockets, supervise

    sockets = open_sockets(host, port, workers)
    of_workers = None if numbers is None else _numbers_of_workers(numbers, readiness, workers)

    def work(index: int, sock: socket.socket, stop: Callable[[asyncio.Event], None]) -> None:
        run_in_loop(
            serve(
                accept,
                sock=sock,
                tls=tls,
                grace=grace,
                http2_engine=http2_engine,
                announce=None,
                watch=stop,
                readiness=readiness,
                numbers=None if of_workers is None else of_workers.begin_worker(index),
            )
        )

    url = http_url(sockets[0].getsockname()[:2], is_tls=tls is not None)
    supervise(work, sockets, partial(announce, url), attendant=of_workers)


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
    readiness: Readiness | None = None,
    numbers: ProcessNumbers | None = None,
) -> None:
    """Serve on the running loop until SIGTERM or SIGINT, and wind up. Call it in the main thread.

    Args:
        accept: called with each request.
        host: host to listen on.
        port: port to listen on; 0 finds a free one.
        sock: a bound socket, to use instead of host and port.
        tls: context for TLS; None serves cleartext.
        grace: how long live exchanges may take to end after the first signal.
        http2_engine: engine that serves HTTP/2.
        announce: called with the URL once the port is open.
        watch: called with an event once the port is open; setting the event does what a first signal does.
        readiness: hears when requests are served, and when no more should come.
        numbers: shows the numbers of this process while it serves.

    Raises:
        OSError: the address is taken, or does not belong to this machine.
    """
    loop = asyncio.get_running_loop()
    readiness = readiness or Readiness()
    stop = asyncio.Event()
    on_signal = SignalHandler(stop)
    on_signal.install(loop)
    try:
        if numbers is not None:
            await numbers.start()
        server: Server = await start_server(
            accept, host=host, port=port, sock=sock, tls=tls, make_engine=partial(make_engine, http2_engine)
        )
        readiness.open()
        if numbers is not None:
            numbers.watch(server)
        if announce is not None:
            announce(http_url(server.address, is_tls=tls is not None))
        if watch is not None:
            watch(stop)
        try:
            await stop.wait()
        finally:
            readiness.drain()
            if numbers is not None:
                numbers.publish()
            await server.close(grace)
    finally:
        if numbers is not None:
            await numbers.stop()
        on_signal.remove(loop)


def _numbers_of_process(numbers: tuple[Metrics, socket.socket], readiness: Readiness) -> ProcessNumbers:
    from awaken.hosting.process_numbers import ProcessNumbers

    return ProcessNumbers(numbers[0], readiness, numbers[1])


def _numbers_of_workers(
    numbers: tuple[Metrics, socket.socket], readiness: Readiness, workers: int
) -> WorkerNumbers:
    from awaken.hosting.worker_numbers import WorkerNumbers

    return WorkerNumbers(numbers[0], readiness, workers, numbers[1])


def _make_tls(
    certificate: str | PathLike[str] | None, key: str | PathLike[str] | None
) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ValueError(f"TLS needs a certificate and its key: tls_cert is {certificate}, tls_key is {key}")
    return make_tls_context(certificate, key)
