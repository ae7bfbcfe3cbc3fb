"""Many awakeables that wait in one file of the embedded runtime."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import httpx
from awaken import _core

from benches import generator
from benches.processes import Trees
from benches.runtimes.stacks import EmbeddedProcess, make_endpoint, start_process
from tests.e2e.ingress import Client
from tests.e2e.processes import free_port, is_listening

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Pending", "measure_pending"]

CALLERS = 32


@dataclass(frozen=True, slots=True)
class Pending:
    """What pending awakeables cost after `kill -9`."""

    count: int
    #: Resident bytes of the runtime for each, above an empty one.
    memory_each: float
    #: From starting the process to the first answer.
    start_seconds: float
    #: From resolving one to the answer of its handler.
    resolve_ms: float

    def describe(self) -> str:
        """Return a sentence with all numbers."""
        return (
            f"{self.count:,} pending awakeables in one file, after kill -9: {self.memory_each:,.0f} bytes of memory "
            f"each, started in {self.start_seconds:.2f} s (the process included), one resolved and its handler "
            f"complete in {self.resolve_ms:.1f} ms"
        )

    def to_json(self) -> dict[str, Any]:
        """Return all numbers by name."""
        return asdict(self)


def measure_pending(folder: Path, count: int) -> Pending:
    """Keep awakeables pending, kill the runtime, start it again, and resolve one of them.

    Raises:
        RuntimeError, WrongAnswer: a process ended, or a response was wrong.
    """
    folder.mkdir()
    # Handlers suspend at once, as those that wait for long do.
    settings = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}
    runtime = EmbeddedProcess(folder, is_dev=False, settings=settings)
    port = free_port()
    endpoint = make_endpoint("awaken", port, folder)
    try:
        runtime.start()
        start_process(endpoint, lambda: is_listening(port), "endpoint")
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(f"http://127.0.0.1:{port}", use_http_11=False)
            empty = Trees.of(runtime.process.pid).memory()
            address = runtime.ingress_url.removeprefix("http://")
            generator.call(address, "send", callers=CALLERS, operations=count - 1)
            last = client.send("Bench/wait", "last")
            client.wait_for_status(last, ("suspended",))
            runtime.process.kill()
            start = time.perf_counter()
            runtime.start()
            started = time.perf_counter() - start
            held = Trees.of(runtime.process.pid).memory() - empty
        start = time.perf_counter()
        resolve(runtime.ingress_url, last)
        return Pending(count, held / count, started, (time.perf_counter() - start) * 1000)
    finally:
        runtime.process.kill()
        endpoint.kill()


def resolve(ingress_url: str, invocation: str) -> None:
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    with httpx.Client(base_url=ingress_url, timeout=60) as client:
        client.post(f"/restate/awakeables/{awakeable}/resolve", json="yes").raise_for_status()
        answer = client.get(f"/restate/invocation/{invocation}/attach").raise_for_status().json()
    if answer != "last: yes":
        raise generator.WrongAnswer(f"the handler of {invocation} answered {answer!r}")
