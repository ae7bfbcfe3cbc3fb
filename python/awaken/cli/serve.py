"""`awaken serve`: an endpoint on a port."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path  # noqa: TC003 -- typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.addresses import (
    cannot_listen,
    check_address,
    parse_bind,
    parse_url,
    parse_urls,
    reachable_url,
)
from awaken.cli.failures import CommandError, UsageError, explain_failures
from awaken.cli.settings import DEFAULT_BIND, JsonOutputOption, LogLevel, LogLevelOption, MetricsOption
from awaken.transports.http2.engines import EngineName

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from awaken.endpoint.applications import Application
    from awaken.metrics.metrics import Metrics

__all__ = ["serve"]

#: How long to wait for a runtime that is still starting: both are often started together.
_PATIENCE_SECONDS = 60
#: Most seconds for --grace: a day, which no supervisor waits.
_LONGEST_GRACE = 86_400


@explain_failures
def serve(
    application: Annotated[str, typer.Argument(metavar="MODULE:APP", help="An application, or services.")],
    bind: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", envvar="AWAKEN_BIND", help="Address to listen on; port 0 picks a free one."
        ),
    ] = DEFAULT_BIND,
    workers: Annotated[
        int,
        typer.Option(
            min=1, envvar="AWAKEN_WORKERS", help="Number of processes that share the port; 1 on Windows."
        ),
    ] = 1,
    register: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADMIN_URL",
            envvar="AWAKEN_REGISTER",
            help="Register with this admin API once the port is open. Of a cluster, name those of several nodes, "
            "repeated or with commas: the first one that answers counts.",
        ),
    ] = None,
    advertise: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="AWAKEN_ADVERTISE",
            help="URL to register, if the runtime cannot use that of --bind.",
        ),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=_LONGEST_GRACE,
            envvar="AWAKEN_GRACE",
            help="How long attempts may take to end or suspend after SIGTERM.",
        ),
    ] = 10.0,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", envvar="AWAKEN_TLS_CERT", help="PEM certificate chain.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", envvar="AWAKEN_TLS_KEY", help="PEM private key.")
    ] = None,
    http2_engine: Annotated[
        EngineName,
        typer.Option(
            envvar="AWAKEN_HTTP2_ENGINE", help="HTTP/2 implementation: the compiled core, or the h2 package."
        ),
    ] = EngineName.RUST,
    identity_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            envvar="AWAKEN_IDENTITY_KEYS",
            help="Accept only requests signed by this public key. May be repeated; in the variable, separate keys by "
            "spaces.",
        ),
    ] = None,
    metrics: MetricsOption = None,
    log_level: LogLevelOption = LogLevel.INFO,
    json_output: JsonOutputOption = False,
) -> None:
    """Serve an application to a runtime until SIGTERM or SIGINT."""
    from awaken.cli.announcing import start_output
    from awaken.cli.links import check_settings
    from awaken.cli.loading import load_application
    from awaken.cli.metrics_port import open_metrics_port
    from awaken.hosting.serve import check_workers

    start_output(log_level, json_output=json_output)
    check_settings()
    if math.isnan(grace):  # the range of the option lets it pass with some versions of typer
        raise UsageError(f"--grace nan is no number of seconds; it may be 0 to {_LONGEST_GRACE}")
    try:
        check_workers(workers, "--workers")
    except ValueError as error:
        raise UsageError(str(error)) from None
    host, port = parse_bind(bind)
    admins = parse_urls(register or (), "an admin API")
    address = None if advertise is None else parse_url(advertise, "this endpoint")
    _check_tls(tls_cert, tls_key)
    check_address("--bind", host, port)
    numbers_port = None if metrics is None else open_metrics_port(metrics, others={"--bind": (host, port)})
    loaded = load_application(application, identity_key or ())
    from awaken.endpoint.endpoint import Endpoint
    from awaken.hosting.readiness import Readiness
    from awaken.hosting.serve import run

    registration = _Registration(admins, address, json_output=json_output)
    readiness = Readiness()
    if isinstance(loaded, Endpoint):
        loaded.unready = readiness.unready
    numbers = None if numbers_port is None else (_measure(loaded), numbers_port)
    try:
        run(
            loaded.accept,
            host=host,
            port=port,
            tls_cert=tls_cert,
            tls_key=tls_key,
            grace=timedelta(seconds=grace),
            workers=workers,
            http2_engine=http2_engine,
            announce=_announcer(registration, numbers_port, json_output=json_output),
            readiness=readiness,
            numbers=numbers,
        )
    except OSError as error:
        raise cannot_listen("--bind", host, port, error) from error
    finally:
        registration.stop()
    if registration.is_failed:
        raise CommandError(f"stopped, because the registration at {', '.join(admins)} failed; see above")


def _check_tls(certificate: Path | None, key: Path | None) -> None:
    from awaken.cli.tls_files import check_pair, require_pair

    require_pair(certificate, key)
    if certificate is not None and key is not None:
        check_pair(certificate, key)


def _measure(application: Application) -> Metrics:
    """Return where an application counts; one that measures itself goes on where it does."""
    from awaken.endpoint.endpoint import Endpoint
    from awaken.metrics.metrics import Metrics

    metrics = Metrics()
    return application.measure(metrics) if isinstance(application, Endpoint) else metrics


def _announcer(
    registration: _Registration, numbers_port: socket.socket | None, *, json_output: bool
) -> Callable[[str], None]:
    def announce(url: str) -> None:
        from awaken.cli.announcing import print_announcement
        from awaken.hosting.urls import http_url

        facts: dict[str, str | int] = {"url": url, "pid": os.getpid()}
        lines = [f"awaken: listening on {url}"]  # last, because scripts wait for it
        if numbers_port is not None:
            facts["metrics"] = f"{http_url(numbers_port.getsockname()[:2])}/metrics"
            lines.insert(0, f"awaken: metrics on {facts['metrics']}")
        print_announcement(facts, "\n".join(lines), json_output=json_output)
        registration.start(url)

    return announce


class _Registration:
    """Registers the endpoint from a separate process, because this one forks workers and runs an event loop.

    Args:
        admins: URLs of the admin API; none does not register.
        address: URL by which the runtime reaches the endpoint; None takes the one it listens on.
        json_output: print JSON documents.
    """

    def __init__(self, admins: Sequence[str], address: str | None, *, json_output: bool) -> None:
        self._admins = admins
        self._json_output = json_output
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, url: str) -> None:
        if not self._admins:
            return
        address = self._address or reachable_url(url)
        arguments = [address, ",".join(self._admins), str(os.getpid()), str(_PATIENCE_SECONDS)]
        arguments += ["json"] if self._json_output else []
        command = [sys.executable, "-m", "awaken.cli.registrar", *arguments]
        self._process = subprocess.Popen(command)  # noqa: S603 -- ourselves, with checked URLs

    def stop(self) -> None:
        """Abandon a registration that has not finished."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    @property
    def is_failed(self) -> bool:
        return self._process is not None and self._process.returncode == 1
