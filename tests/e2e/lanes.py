"""Lanes: the combinations of runtime settings and HTTP version that the suite runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.runtime import RuntimeFactory

APP = "tests.e2e.services.app:app"


@dataclass(frozen=True)
class LaneKind:
    """How the runtime and the endpoint communicate."""

    name: str
    protocol_version: int
    #: Whether a wait suspends at once instead of keeping the attempt open.
    suspends: bool = False
    use_http_11: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


_SUSPEND_AT_ONCE = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}
_V7 = {"RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "true"}

LANES = {
    kind.name: kind
    for kind in (
        LaneKind("h2-v6", 6),
        LaneKind("h2-v6-suspending", 6, suspends=True, settings=_SUSPEND_AT_ONCE),
        LaneKind("h2-v7", 7, settings=_V7),
        LaneKind("h2-v7-suspending", 7, suspends=True, settings=_V7 | _SUSPEND_AT_ONCE),
        LaneKind("h1-v6", 6, use_http_11=True),
        LaneKind("h1-v7-suspending", 7, suspends=True, use_http_11=True, settings=_V7 | _SUSPEND_AT_ONCE),
    )
}
ALL = tuple(LANES)
#: The two ways to wait. They are enough for tests that do not depend on a version.
BOTH_WAYS_TO_WAIT = ("h2-v6", "h2-v7-suspending")


class Lane:
    """A runtime and an endpoint registered with it."""

    def __init__(self, kind: LaneKind, create_runtime: RuntimeFactory, directory: Path) -> None:
        self.kind = kind
        self._directory = directory
        self.runtime = create_runtime(directory, kind.settings)
        self.endpoint = EndpointProcess(directory, APP)
        self.client = Client(self.runtime.ingress_url, self.runtime.admin_url)
        self.deployment_id = ""

    def __enter__(self) -> Self:
        try:
            self.runtime.start()
            self.endpoint.start()
            self.deployment_id = self.client.register(self.endpoint.url, use_http_11=self.kind.use_http_11)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.__exit__()
        self.endpoint.kill()
        self.runtime.kill()

    def another_endpoint(self) -> EndpointProcess:
        """Return another process for the same application at another address, not started yet."""
        return EndpointProcess(self._directory, APP)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The statuses that a waiting invocation may have in this lane."""
        return ("suspended",) if self.kind.suspends or self.kind.use_http_11 else ("running", "suspended")

    def logs(self) -> list[tuple[str, str]]:
        """Return titles and texts of the processes' output."""
        return [
            (f"endpoint {self.endpoint.url}", self.endpoint.log),
            (f"runtime {self.runtime.ingress_url}", self.runtime.log),
        ]
