"""The embedded runtime with the applications of its process, from its start to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.hosting.dialers import Dialers
from awaken.runtime.admin import Admin
from awaken.runtime.deployments import Deployments
from awaken.runtime.ingress import Ingress
from awaken.runtime.runtime import Runtime

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Self

    from awaken.control.operations import AnswerCodec
    from awaken.exchange import Accept
    from awaken.runtime.clock import Clock
    from awaken.runtime.deployments import DeploymentStore
    from awaken.runtime.events import Observer
    from awaken.runtime.measures import Measures
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.runtime.supervisor import Supervisor

__all__ = ["EmbeddedRuntime"]


class EmbeddedRuntime:
    """A runtime on a data directory, with its deployments and its APIs. Make and use it on one running loop.

    Args:
        directory: where the data is; it is created if it is missing.
        apps: applications of this process, by a name that has to be the same at each start: open invocations continue
            at the application of the same name.
        settings: limits and defaults.
        clock: the runtime's clock.
        probe: watches commits, for tests.
        observer: called with every event of every invocation.
        supervisor: decides what follows a failed attempt, for tests.
        codecs: journal value codecs of the applications, by the names of their services: answers that come from outside
            are encoded.
        measures: receives numbers; None takes none.

    Attributes:
        ingress: accepts the exchanges of callers.
        admin: ASGI application for operators.

    Raises:
        DirectoryInUseError: another process uses the directory.
        StoreError: the directory cannot be written, or was written by a newer version.
    """

    #: Made while the runtime is being made: the runtime looks up deployments, whose rows are in the runtime's store.
    deployments: Deployments

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        apps: Mapping[str, Accept] | None = None,
        settings: RuntimeSettings | None = None,
        clock: Clock | None = None,
        probe: CommitProbe | None = None,
        observer: Observer | None = None,
        supervisor: Supervisor | None = None,
        codecs: Mapping[str, AnswerCodec] | None = None,
        measures: Measures | None = None,
    ) -> None:
        self.dialers = Dialers(apps or {})

        def make_deployments(store: DeploymentStore) -> Deployments:
            self.deployments = Deployments(store, self.dialers, now_ms=self._now_ms, defaults=settings)
            return self.deployments

        self.runtime = Runtime(
            directory,
            make_deployments,
            settings=settings,
            clock=clock,
            probe=probe,
            observer=observer,
            supervisor=supervisor,
            measures=measures,
        )
        self.runtime.codecs = {} if codecs is None else codecs
        self.ingress = Ingress(
            self.runtime, self.deployments, max_body_size=self.runtime.settings.max_request_size
        )
        self.admin = Admin(self.runtime, self.deployments)

    def _now_ms(self) -> int:
        return self.runtime.clock.now_ms()

    async def start(self) -> None:
        """Discover the applications of this process, and continue open invocations.

        Raises:
            RegistrationError: an application cannot be discovered, or its services do not fit.
        """
        try:
            for uri in self.dialers.uris:
                await self.deployments.register(uri, force=True)
            await self.runtime.start()
        except BaseException:
            self.crash()
            await self.cut()
            raise

    async def stop(self, grace_s: float = 5.0) -> None:
        """Let handlers suspend for `grace_s` seconds, then close. Open invocations continue at the next start."""
        self.dialers.drain()
        await self.runtime.stop(grace_s)
        await self.deployments.close()

    def crash(self) -> None:
        """Stop as kill -9 does: nothing more is written or sent. For tests; call `cut` next."""
        self.runtime.crash()

    async def cut(self) -> None:
        """Fail what `crash` left: the handlers in this process, and open connections."""
        await self.dialers.cut()
        await self.deployments.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
