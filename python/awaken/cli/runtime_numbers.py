"""Numbers of the process of a runtime, from `--metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.cli.metrics_port import open_metrics_port

if TYPE_CHECKING:
    import socket

    from awaken.cli.places import Places
    from awaken.endpoint.applications import Application
    from awaken.hosting.embedded import EmbeddedRuntime
    from awaken.hosting.process_numbers import ProcessNumbers
    from awaken.hosting.readiness import Readiness
    from awaken.hosting.runtime_measures import RuntimeMeasures
    from awaken.metrics.metrics import Metrics

__all__ = ["RuntimeNumbers"]


class RuntimeNumbers:
    """What a runtime counts, and the port that shows it.

    Args:
        port: a socket that listens.
        application: of the same process, which counts in the same place; None without one.
    """

    def __init__(self, port: socket.socket, application: Application | None = None) -> None:
        from awaken.endpoint.endpoint import Endpoint
        from awaken.hosting.runtime_measures import RuntimeMeasures
        from awaken.metrics.metrics import Metrics

        metrics = Metrics()
        if isinstance(application, Endpoint):
            metrics = application.measure(metrics)
        self.metrics: Metrics = metrics
        self.measures: RuntimeMeasures = RuntimeMeasures(metrics)
        self._port = port
        self._process: ProcessNumbers | None = None

    @classmethod
    def read(
        cls, text: str | None, places: Places, application: Application | None = None
    ) -> RuntimeNumbers | None:
        """Open the port of `--metrics`; return None without it.

        Raises:
            UsageError: the text is not an address, or is that of another option.
            CommandError: the address is in use, or does not belong to this machine.
        """
        if text is None:
            return None
        others = {
            "--ingress": places.ingress,
            "--admin": places.admin,
            "--grpc": places.grpc,
            "--callbacks": places.callbacks,
        }
        taken = {option: address for option, address in others.items() if address is not None}
        return cls(open_metrics_port(text, others=taken), application)

    @property
    def url(self) -> str:
        """Where the numbers are."""
        from awaken.hosting.urls import http_url

        return f"{http_url(self._port.getsockname()[:2])}/metrics"

    async def start(self, embedded: EmbeddedRuntime, readiness: Readiness) -> None:
        """Show numbers from now on. The runtime need not have started."""
        from awaken.hosting.process_numbers import ProcessNumbers
        from awaken.hosting.runtime_measures import show_runtime

        deployments = embedded.deployments
        show_runtime(
            self.metrics,
            self.measures,
            embedded.runtime,
            lambda: [one.deployment_id for one in deployments.deployments()],
        )
        self._process = ProcessNumbers(self.metrics, readiness, self._port)
        await self._process.start()

    async def stop(self) -> None:
        """Show nothing more."""
        if self._process is not None:
            await self._process.stop()
