"""One trace for a tree of invocations, through a runtime that does not trace itself."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.effects import Effects
    from tests.e2e.runtime import RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SUSPENDING = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}


class Traced:
    """A runtime, a traced endpoint, and the endpoint's spans."""

    def __init__(self, client: Client, spans: Path) -> None:
        self.client = client
        self._spans = spans

    def spans(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._spans.read_text().splitlines()]

    def named(self, name: str, count: int) -> list[dict[str, Any]]:
        return eventually(
            lambda: [span for span in self.spans() if span["name"] == name],
            lambda found: len(found) >= count,
            what=f"{count} spans {name}",
        )


@pytest.fixture
def traced(create_runtime: RuntimeFactory, tmp_path: Path) -> Iterator[Traced]:
    runtime = create_runtime(tmp_path, SUSPENDING)
    port = free_port()
    spans = tmp_path / "spans"
    spans.touch()
    endpoint = Process(
        [
            *(sys.executable, "-m", "awaken.cli", "serve", "tests.e2e.services.traced:app"),
            "--bind",
            f"127.0.0.1:{port}",
        ],
        log=tmp_path / "endpoint.log",
        cwd=ROOT,
        env={"SPANS": str(spans)},
    )
    try:
        runtime.start()
        endpoint.start()
        eventually(lambda: is_listening(port), within=20, what="the endpoint's readiness")
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(f"http://127.0.0.1:{port}", use_http_11=False)
            yield Traced(client, spans)
    finally:
        endpoint.kill()
        runtime.kill()


def test_tree_of_calls_is_one_trace_and_no_run_is_there_twice(traced: Traced, effects: Effects) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    waiting = traced.client.send("Awaiting/value", effects.path, headers=headers)
    awakeable = effects.wait_for("id", 1)[0]
    traced.client.wait_for_status(waiting, ["suspended"])
    traced.client.resolve(awakeable, b"1")
    assert traced.client.attach(waiting) == {"value": 1}
    answer = traced.client.call("Calling/chain", "traced", headers=headers)

    assert answer
    attempts = traced.named("attempt Awaiting/value", 2)
    assert {span["parent_id"] for span in attempts} == {f"0x{SPAN}"}
    assert [span["attributes"]["awaken.outcome"] for span in attempts][-1] == "succeeded"
    (run,) = traced.named("run hand out", 1)
    assert run["parent_id"] in {span["context"]["span_id"] for span in attempts}

    callers = {span["context"]["span_id"] for span in traced.named("attempt Calling/chain", 1)}
    for callee in traced.named("attempt Greeter/greet", 1):
        assert callee["parent_id"] in callers
    assert {span["context"]["trace_id"] for span in traced.spans()} == {f"0x{TRACE}"}
