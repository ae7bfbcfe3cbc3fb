"""`awaken serve --metrics`: exact numbers of known work, through workers that die, and probes through a life."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.ingress import Client, InvocationFailed
from tests.e2e.waiting import eventually
from tests.monitoring.processes import ANYWHERE, Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.effects import Effects
    from tests.e2e.runtime import Runtime, RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
APP = "tests.e2e.services.metered:app"
SUCCEEDED = {"service": "Metered", "handler": "greet", "outcome": "succeeded"}


class Metered:
    """An endpoint with numbers, and the client of its runtime."""

    def __init__(
        self,
        runtime: Runtime,
        directory: Path,
        *options: str,
        app: str = APP,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.client = Client(runtime.ingress_url, runtime.admin_url)
        self.endpoint = Command(
            directory, "serve", app, "--bind", ANYWHERE, *options, environment=environment
        )

    def start(self) -> None:
        self.endpoint.start()
        eventually(lambda: self.endpoint.probe("/ready") == (200, "ready"), what="the readiness")
        self.client.register(self.endpoint["url"], use_http_11=False)

    def attempts(self, handler: str) -> dict[str, int]:
        """Return the attempts of a handler by outcome."""
        return {
            dict(labels)["outcome"]: int(value)
            for labels, value in self.endpoint.numbers("awaken_attempts_total").items()
            if value and ("handler", handler) in labels
        }

    def close(self) -> None:
        self.endpoint.kill()
        self.client.__exit__()


@pytest.fixture(scope="module")
def runtime(create_runtime: RuntimeFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = create_runtime(tmp_path_factory.mktemp("metrics"), {})
    try:
        runtime.start()
        yield runtime
    finally:
        runtime.kill()


@pytest.fixture
def metered(runtime: Runtime, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Metered]:
    """A started endpoint with one worker, or with the options that the test gives as a parameter."""
    metered = Metered(runtime, tmp_path, *getattr(request, "param", ()))
    try:
        metered.start()
        yield metered
    finally:
        metered.close()


def test_every_outcome_is_counted_exactly(metered: Metered, effects: Effects) -> None:
    client = metered.client
    for name in ("Ada", "Bob", "Eve"):
        client.call("Metered/greet", name)
    for _ in range(2):
        with pytest.raises(InvocationFailed):
            client.call("Metered/refuse")
    assert client.call("Metered/stumble", "a coin") == "heads"
    waiting = client.send("Metered/wait", effects.path)
    (awakeable,) = effects.wait_for("id")
    metered.endpoint.await_number("awaken_open_attempts", 1, handler="wait")
    client.resolve(awakeable, b"1")
    client.attach(waiting)

    metered.endpoint.await_number("awaken_open_attempts", 0)
    assert metered.attempts("greet") == {"succeeded": 3}
    assert metered.attempts("refuse") == {"failed": 2}
    assert metered.attempts("stumble") == {"retried": 1, "succeeded": 1}
    assert metered.attempts("wait") == {"succeeded": 1}
    assert metered.endpoint.number("awaken_attempt_duration_seconds_count", handler="greet") == 3
    assert metered.endpoint.number("awaken_replay_entries_sum", handler="greet") == 3, "an input each"
    assert metered.endpoint.number("awaken_runs_total", run="toss", outcome="retried") == 1
    assert metered.endpoint.number("awaken_runs_total", run="toss", outcome="succeeded") == 1
    assert metered.endpoint.number("awaken_run_duration_seconds_count", handler="stumble", run="toss") == 2
    assert metered.endpoint.number("awaken_open_connections", port="endpoint", http_version="2") >= 1
    assert metered.endpoint.number("process_resident_memory_bytes") > 1e7
    assert "id" not in {label for label, _ in _labels(metered)}


def test_names_from_user_code_are_bounded(metered: Metered) -> None:
    metered.client.call("Metered/charge", [f"charge-{number}" for number in range(300)])

    metered.endpoint.await_number("awaken_runs_total", 300, handler="charge")
    runs = {value for label, value in _labels(metered) if label == "run"}
    assert len(runs) == 21
    assert metered.endpoint.number("awaken_runs_total", handler="charge", run="other") == 280


@pytest.mark.parametrize("metered", [("--workers", "2")], indirect=True)
def test_killed_worker_loses_and_doubles_nothing(metered: Metered) -> None:
    for number in range(20):
        metered.client.call("Metered/greet", str(number))
    metered.endpoint.await_number("awaken_attempts_total", 20, handler="greet", outcome="succeeded")
    metered.endpoint.await_number("awaken_workers", 2)

    killed = _busiest_worker(metered)
    os.kill(killed, signal.SIGKILL)
    metered.endpoint.await_number("awaken_worker_restarts_total", 1)
    metered.endpoint.await_number("awaken_workers", 2)
    assert metered.endpoint.number("awaken_attempts_total", handler="greet", outcome="succeeded") == 20
    for number in range(10):
        metered.client.call("Metered/greet", str(number))

    metered.endpoint.await_number("awaken_attempts_total", 30, handler="greet", outcome="succeeded")
    assert metered.endpoint.number("awaken_replay_entries_count", handler="greet") == 30
    assert {value for label, value in _labels(metered) if label == "worker"} == {"0", "1"}
    helps = [line.split()[2] for line in metered.endpoint.text().splitlines() if line.startswith("# HELP")]
    assert len(helps) == len(set(helps)), "Prometheus refuses two texts about one metric"
    assert metered.endpoint.probe("/ready") == (200, "ready")


@pytest.mark.parametrize("metered", [("--workers", "2")], indirect=True)
def test_worker_that_stands_still_shows(metered: Metered) -> None:
    metered.endpoint.await_number("awaken_workers", 2)
    metered.client.call("Metered/greet", "Ada")
    assert metered.endpoint.number("awaken_event_loop_age_seconds") < 2

    stopped = _busiest_worker(metered)
    os.kill(stopped, signal.SIGSTOP)
    try:
        eventually(
            lambda: metered.endpoint.number("awaken_event_loop_age_seconds") > 3, what="the age of its turn"
        )
        assert metered.endpoint.probe("/health") == (200, "ok"), "another one serves"
    finally:
        os.kill(stopped, signal.SIGCONT)

    eventually(lambda: metered.endpoint.number("awaken_event_loop_age_seconds") < 2, what="its next turn")


@pytest.mark.parametrize("metered", [("--workers", "2")], indirect=True)
def test_nothing_is_left_behind_by_a_parent_that_is_killed(metered: Metered) -> None:
    parent = psutil.Process(int(metered.endpoint["pid"]))
    children = parent.children()

    parent.send_signal(signal.SIGKILL)

    assert len(children) == 3, "the workers, and the process with their numbers"
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


@pytest.mark.parametrize("metered", [(), ("--workers", "2")], indirect=True, ids=["alone", "workers"])
def test_draining_is_not_ready_but_healthy(metered: Metered, effects: Effects) -> None:
    metered.client.send("Metered/work", effects.path)
    effects.wait_for("began")

    metered.endpoint.terminate()

    eventually(lambda: metered.endpoint.probe("/ready") == (503, "draining"), what="the drain")
    assert metered.endpoint.probe("/health") == (200, "ok")
    metered.endpoint.await_number("awaken_draining", 1)
    metered.endpoint.await_number("awaken_ready", 0)
    metered.endpoint.await_number("awaken_open_attempts", 1, handler="work")
    effects.add("enough")
    assert metered.endpoint.wait(within=20) == 0
    with pytest.raises(httpx.ConnectError):
        metered.endpoint.probe("/health")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_provider_of_the_application_gets_them_too(runtime: Runtime, tmp_path: Path, workers: str) -> None:
    meters = tmp_path / "meters"
    meters.touch()
    metered = Metered(
        runtime,
        tmp_path,
        *("--workers", workers),
        app="tests.e2e.services.metered_by_otel:app",
        environment={"METERS": str(meters)},
    )

    def counted() -> float:
        latest: dict[float, float] = {}
        for line in meters.read_text().splitlines():
            for scope in json.loads(line)["resource_metrics"][0]["scope_metrics"]:
                for metric in scope["metrics"]:
                    if metric["name"] == "awaken.attempts":
                        for point in metric["data"]["data_points"]:
                            if point["attributes"] == SUCCEEDED:
                                latest[point["start_time_unix_nano"]] = point["value"]
        return sum(latest.values())

    try:
        metered.start()
        for _ in range(3):
            metered.client.call("Metered/greet", "Ada")

        eventually(counted, lambda found: found == 3, what="three attempts in the file")
        assert metered.endpoint.number("awaken_attempts_total", **SUCCEEDED) == 3
    finally:
        metered.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ready_while_registering(create_runtime: RuntimeFactory, tmp_path: Path, workers: str) -> None:
    """What leads runtimes only to what is ready would never let the registration come through."""
    runtime = create_runtime(tmp_path, {})
    metered = Metered(runtime, tmp_path, "--register", runtime.admin_url, "--workers", workers)
    try:
        metered.endpoint.start()
        eventually(lambda: metered.endpoint.probe("/ready") == (200, "ready"), what="the readiness")
        assert httpx.get(metered.endpoint["url"] + "/ready").status_code == 200

        runtime.start()

        eventually(
            lambda: metered.client.admin.get("/deployments").json()["deployments"],
            within=30,
            what="the registration",
        )
        assert metered.client.call("Metered/greet", "Ada") == "hello Ada"
    finally:
        metered.close()
        runtime.kill()


def _labels(metered: Metered) -> set[tuple[str, Any]]:
    families = text_string_to_metric_families(metered.endpoint.text())
    return {item for family in families for sample in family.samples for item in sample.labels.items()}


def _busiest_worker(metered: Metered) -> int:
    """Return the worker that has the runtime's connection: it has counted."""
    port = int(metered.endpoint["url"].rpartition(":")[2])
    for child in psutil.Process(int(metered.endpoint["pid"])).children():
        for connection in child.net_connections("tcp"):
            if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == port:
                return child.pid
    raise AssertionError("no worker has a connection")
