"""The two runtimes that everything here is tried on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.server import RestateServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.runtime import Runtime, RuntimeFactory

#: By name, in the order in which tests run.
KINDS: Final[Mapping[str, RuntimeFactory]] = {"server": RestateServer, "embedded": EmbeddedRuntime}


class Both(NamedTuple):
    """The real server and the embedded runtime, each with its own ports."""

    server: Runtime
    embedded: Runtime

    def of(self, kind: str) -> Runtime:
        """Return one of them by its name in KINDS."""
        return {"server": self.server, "embedded": self.embedded}[kind]


@contextmanager
def open_runtime(kind: str, directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Runtime]:
    """Start a runtime of its own, and kill it at the end.

    Args:
        kind: its name in KINDS.
        directory: for its data and its log.
        settings: the server's environment variables, for both runtimes.
    """
    runtime = KINDS[kind](directory, settings or {})
    try:
        runtime.start()
        yield runtime
    finally:
        runtime.kill()
