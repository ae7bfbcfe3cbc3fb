"""The dashboard's queries and the alerts in a real Prometheus, beside a runtime that works: `make test-monitoring`."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken import _core
from awaken.control.client import connect_control_sync
from awaken.outcomes import FIRST_AWAKEABLE

from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually
from tests.monitoring.processes import ANYWHERE, Command
from tests.monitoring.queries import ALERTS, dashboard_queries, rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(150)]
APP = "tests.monitoring.desk:app"


class Prometheus:
    """Scrapes some commands each second."""

    def __init__(self, directory: Path, targets: list[str]) -> None:
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [{"job_name": "awaken", "static_configs": [{"targets": targets}]}],
        }
        file = directory / "prometheus.yml"
        file.write_text(json.dumps(settings))
        port = free_port()
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=20)
        self.process = Process(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            log=directory / "prometheus.log",
            cwd=directory,
            env={},
        )

    def close(self) -> None:
        self._http.close()
        self.process.kill()

    def start(self) -> None:
        self.process.start()
        eventually(self._answers, within=30, what="the start of Prometheus")

    def _answers(self) -> bool:
        assert self.process.is_alive(), self.process.log
        with suppress(httpx.TransportError):
            return self._http.get("/status/buildinfo").is_success
        return False

    def get(self, path: str, **parameters: str) -> Any:
        answer = self._http.get(path, params=parameters)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def query(self, text: str) -> list[Any]:
        found: list[Any] = self.get("/query", query=text)["result"]
        return found


def work(client: Client, grpc: str, until: threading.Event) -> None:
    """Do a little of everything, again and again."""
    while not until.is_set():
        client.call("Desk/greet", "Ada")
        invocation = client.send("Desk/ask")
        client.wait_for_status(invocation, ("suspended", "running"))
        awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), FIRST_AWAKEABLE)
        with connect_control_sync(grpc) as control:
            control.resolve(awakeable, b'"yes"')


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_every_query_of_the_dashboard_returns_data(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--ingress", ANYWHERE, "--admin", ANYWHERE, "--grpc", ANYWHERE, "--quiet")
    dev = Command(tmp_path, "dev", APP, *options, "--data-dir", str(tmp_path / "data"))
    stack.callback(dev.kill)
    dev.start()
    gateway = Command(
        tmp_path, "gateway", "--ingress", dev["ingress"], "--admin", dev["admin"], "--grpc", ANYWHERE
    )
    stack.callback(gateway.kill)
    gateway.start()
    targets = [
        command["metrics"].removeprefix("http://").removesuffix("/metrics") for command in (dev, gateway)
    ]
    prometheus = Prometheus(tmp_path, targets)
    stack.callback(prometheus.close)
    prometheus.start()
    client = stack.enter_context(Client(dev["ingress"], dev["admin"]))
    client.send("Desk/ask")
    client.send("Desk/expect")
    client.send("Desk/stumble")
    done = threading.Event()
    working = threading.Thread(target=work, args=(client, gateway["grpc"], done))
    working.start()
    stack.callback(working.join)
    stack.callback(done.set)

    queries = list(dashboard_queries())
    empty: list[str] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        empty = [query.where for query in queries if not prometheus.query(query.plain())]
        if not empty:
            break
        time.sleep(1)

    assert empty == []
    assert working.is_alive()
    (group,) = prometheus.get("/rules")["groups"]
    assert [(rule["name"], rule["health"]) for rule in group["rules"]] == [
        (rule["alert"], "ok") for rule in rules()
    ]
