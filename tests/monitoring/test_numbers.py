"""`--metrics` of `awaken dev`, `awaken runtime` and `awaken gateway`: exact numbers of known work."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken import _core
from awaken.control.client import connect_control_sync
from awaken.outcomes import FIRST_AWAKEABLE

from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.server import RestateServer
from tests.e2e.waiting import eventually
from tests.monitoring.processes import ANYWHERE, Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
APP = "tests.monitoring.desk:app"
#: Handlers that wait suspend at once.
SETTINGS = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def dev(directory: Path, stack: ExitStack) -> Command:
    options = ("--ingress", ANYWHERE, "--admin", ANYWHERE, "--grpc", ANYWHERE, "--quiet")
    command = Command(
        directory, "dev", APP, *options, "--data-dir", str(directory / "data"), environment=SETTINGS
    )
    stack.callback(command.kill)
    command.start()
    return command


def client_of(command: Command, stack: ExitStack) -> Client:
    return stack.enter_context(Client(command["ingress"], command["admin"]))


def awakeable_of(client: Client, invocation: str) -> str:
    client.wait_for_status(invocation, ("suspended",))
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation), FIRST_AWAKEABLE)


def test_dev_counts_both_sides_of_its_work(tmp_path: Path, stack: ExitStack) -> None:
    numbers = dev(tmp_path, stack)
    client = client_of(numbers, stack)

    for name in ("Ada", "Bob", "Cy"):
        client.call("Desk/greet", name)
    waiting = [client.send("Desk/ask") for _ in range(4)]
    ids = [awakeable_of(client, one) for one in waiting]
    resolve = f"{numbers['ingress']}/restate/awakeables/{ids[0]}/resolve"
    for _ in range(2):
        httpx.post(resolve, json="yes").raise_for_status()
    with connect_control_sync(numbers["grpc"]) as control:
        control.reject(ids[1], "no")
    httpx.post(f"{numbers['ingress']}/Desk/nothing", json=1)

    numbers.await_number("awaken_ended_invocations_total", 5)
    number = numbers.number
    assert number("awaken_accepted_invocations_total", handler="greet") == 3
    assert number("awaken_attempts_total", handler="greet", outcome="succeeded") == 3
    assert number("awaken_dispatched_attempts_total", handler="greet", outcome="succeeded") == 3
    assert number("awaken_dispatched_attempts_total", handler="ask", outcome="suspended") == 4
    assert number("awaken_runs_total", handler="greet", outcome="succeeded") == 3
    assert number("awaken_completions_total", door="ingress", outcome="resolved") == 1
    assert number("awaken_completions_total", door="ingress", outcome="already_completed") == 1
    assert number("awaken_completions_total", door="grpc", outcome="rejected") == 1
    assert number("awaken_ended_invocations_total", handler="ask", outcome="succeeded") == 1
    assert number("awaken_ended_invocations_total", handler="ask", outcome="failed") == 1
    assert number("awaken_http_requests_total", port="ingress", code="404") == 1
    assert number("awaken_grpc_requests_total", method="Awakeables/Reject", code="OK") == 1
    numbers.await_number("awaken_open_waits", 2)
    numbers.await_number("awaken_stored_invocations", 2, status="suspended")


def test_gauges_are_right_and_counters_new_after_kill(tmp_path: Path, stack: ExitStack) -> None:
    numbers = dev(tmp_path, stack)
    client = client_of(numbers, stack)
    for _ in range(3):
        client.wait_for_status(client.send("Desk/ask"), ("suspended",))
    client.call("Desk/greet", "Ada")

    numbers.kill()
    numbers.start()

    assert numbers.number("awaken_accepted_invocations_total") == 0
    assert numbers.number("awaken_commit_size_bytes_count") < 20
    numbers.await_number("awaken_open_waits", 3, service="Desk", handler="ask", age="1m")
    numbers.await_number("awaken_stored_invocations", 3, status="suspended")
    assert numbers.number("awaken_ready") == 1


def test_names_from_outside_do_not_break_lines_and_are_bounded(tmp_path: Path, stack: ExitStack) -> None:
    numbers = dev(tmp_path, stack)
    client = client_of(numbers, stack)
    strange = ['say "no"', "back\\slash", "two\nlines", "{x=1} 5", "ä 🙂"]

    for name in (*strange, *(f"order {n}" for n in range(60))):
        client.send("Desk/approve", name)

    numbers.await_number("awaken_open_waits", 65)
    names = {dict(labels)["name"] for labels in numbers.numbers("awaken_open_waits")}
    assert len(names) == 21
    assert "other" in names
    assert all(name in (*strange, "other") or name.startswith("order ") for name in names)


def test_runtime_counts_attempts_on_an_endpoint_of_another_process(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--ingress", ANYWHERE, "--admin", ANYWHERE, "--grpc", "off")
    numbers = Command(
        tmp_path, "runtime", *options, "--data-dir", str(tmp_path / "data"), environment=SETTINGS
    )
    stack.callback(numbers.kill)
    numbers.start()
    client = client_of(numbers, stack)
    endpoint = EndpointProcess(tmp_path, APP)
    stack.callback(endpoint.kill)
    endpoint.start()
    client.register(endpoint.url, use_http_11=False)

    for name in ("Ada", "Bob"):
        client.call("Desk/greet", name)
    succeeded = numbers.number("awaken_dispatched_attempts_total", handler="greet", outcome="succeeded")
    deployments = {
        dict(labels)["deployment"][:3] for labels in numbers.numbers("awaken_dispatched_attempts_total")
    }
    reachable = numbers.number("awaken_deployment_reachable")
    endpoint.kill()
    failing = client.send("Desk/greet", "Cy")
    client.wait_for_status(failing, ("backing-off",))

    assert (succeeded, deployments) == (2, {"dp_"})
    assert reachable == 1
    numbers.await_number("awaken_deployment_reachable", 0)
    assert numbers.number("awaken_dispatched_attempt_failures_total", reason="RT0010") >= 1
    assert numbers.number("awaken_attempts_total") == 0


def test_gateway_counts_answers_and_requests_to_a_real_server(tmp_path: Path, stack: ExitStack) -> None:
    (tmp_path / "server").mkdir()
    server = RestateServer(tmp_path / "server", SETTINGS)
    stack.callback(server.kill)
    server.start()
    endpoint = EndpointProcess(tmp_path, APP)
    stack.callback(endpoint.kill)
    endpoint.start()
    client = stack.enter_context(Client(server.ingress_url, server.admin_url))
    client.register(endpoint.url, use_http_11=False)
    urls = ("--ingress", server.ingress_url, "--admin", server.admin_url)
    numbers = Command(tmp_path, "gateway", *urls, "--grpc", ANYWHERE)
    stack.callback(numbers.kill)
    waiting = [client.send("Desk/ask") for _ in range(3)]
    pending = [awakeable_of(client, one) for one in waiting]
    numbers.start()

    numbers.await_number("awaken_counted_waits", 3)
    with connect_control_sync(numbers["grpc"]) as control:
        control.resolve(pending[0], b'"yes"')
        control.reject(pending[1], "no")
        with pytest.raises(Exception, match="ALREADY_EXISTS"):
            control.resolve(pending[0], b'"again"')

    number = numbers.number
    assert number("awaken_completions_total", door="grpc", outcome="resolved") == 1
    assert number("awaken_completions_total", door="grpc", outcome="rejected") == 1
    assert number("awaken_completions_total", door="grpc", outcome="already_completed") == 1
    assert number("awaken_node_requests_total", interface="ingress", outcome="answered") == 2
    assert number("awaken_node_duration_seconds_count", node=server.admin_url) > 0
    server.kill()
    with connect_control_sync(numbers["grpc"]) as control, pytest.raises(Exception, match="UNAVAILABLE"):
        control.resolve(pending[2], b'"yes"')
    assert number("awaken_node_requests_total", outcome="unreachable") >= 1


def test_ready_ends_with_the_signal_and_health_with_the_process(tmp_path: Path, stack: ExitStack) -> None:
    numbers = dev(tmp_path, stack)
    ready = [numbers.probe(path) for path in ("/health", "/ready")]
    others = [httpx.get(f"{numbers['admin']}/ready"), httpx.get(f"{numbers['ingress']}/restate/ready")]
    # Whoever waits holds up the end for some seconds.
    call = threading.Thread(target=httpx.post, args=(f"{numbers['ingress']}/Desk/ask",))
    call.start()
    numbers.await_number("awaken_queue_length", 1, queue="callers")

    numbers.terminate()

    eventually(lambda: numbers.probe("/ready"), lambda found: found == (503, "draining"))
    assert numbers.probe("/health") == (200, "ok")
    assert numbers.number("awaken_draining") == 1
    call.join()
    assert ready == [(200, "ok"), (200, "ready")]
    assert [(one.status_code, one.json()) for one in others] == [(200, {"status": "ready"})] * 2
