"""Attacks of an endpoint on the runtime that calls it: silence, floods, and values beyond all measure."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

pytestmark = pytest.mark.on("runtime")

#: How long others may wait for an answer while somebody floods. Without any limit it was 8 to 64 s; on a quiet machine
#: it is below 100 ms, which `benches/fairness.py` measures.
PATIENCE_S = 7

#: What floods, and whether over HTTP/1.1.
FLOODS = [
    ("commands", True),
    ("continue", True),
    ("chunks", True),
    ("h2-commands", False),
    ("h2-pings", False),
    ("h2-settings", False),
    ("h2-windows", False),
    ("h2-empty-data", False),
    ("h2-padding", False),
    ("h2-trailers", False),
    ("h2-unknown", False),
]


class Hostile:
    """The endpoint that misbehaves."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.process = Process(
            [sys.executable, "-m", "tests.doors.hostile", str(self.port)],
            log=directory / "hostile.log",
            cwd=ROOT,
            env={},
        )

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def register(self, doors: Setup, name: str, **members: Any) -> httpx.Response:
        """Register the object `name`; the prefix `h2-` or `bidi-` asks for HTTP/2."""
        use_http_11 = not name.startswith(("h2-", "bidi-"))
        body = {"uri": self.url(name), "use_http_11": use_http_11, "force": True, **members}
        return httpx.post(f"{doors.admin_url}/deployments", json=body, timeout=60)

    def send(self, doors: Setup, name: str, key: str = "k") -> str:
        """Start an invocation of the object `name`, and return its id."""
        assert self.register(doors, name).status_code in (200, 201)
        sent = httpx.post(f"{doors.ingress_url}/{name}/{key}/run/send", json=1, timeout=10)
        assert sent.status_code == httpx.codes.ACCEPTED
        return str(sent.json()["invocationId"])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    hostile = Hostile(tmp_path_factory.mktemp("hostile"))
    hostile.process.start()
    eventually(lambda: is_listening(hostile.port), what="the hostile endpoint")
    yield hostile
    hostile.process.kill()


def invocation(doors: Setup, invocation_id: str) -> dict[str, Any]:
    query = (
        "SELECT status, retry_count, last_failure, last_failure_error_code FROM sys_invocation "
        f"WHERE id = '{invocation_id}'"
    )
    answer = httpx.post(
        f"{doors.admin_url}/query", json={"query": query}, headers={"accept": "application/json"}, timeout=20
    )
    rows = answer.json()["rows"]
    return dict(rows[0]) if rows else {}


def failure(doors: Setup, invocation_id: str, *, within: float = 15) -> dict[str, Any]:
    """Wait until an attempt has failed."""
    return eventually(
        lambda: invocation(doors, invocation_id),
        lambda row: bool(row.get("last_failure")),
        within=within,
        what="the failure of an attempt",
    )


def kill(doors: Setup, invocation_id: str) -> None:
    httpx.patch(f"{doors.admin_url}/invocations/{invocation_id}/kill", timeout=60)


def call(doors: Setup) -> float:
    """Call the application, and return how many seconds it took."""
    start = time.monotonic()
    answer = httpx.post(f"{doors.ingress_url}/Greeter/greet", json="Ada", timeout=30)
    assert answer.status_code == httpx.codes.OK, answer.text
    return time.monotonic() - start


@pytest.mark.parametrize(("name", "use_http_11"), FLOODS)
def test_others_are_answered_while_an_endpoint_floods(
    doors: Setup, hostile: Hostile, name: str, use_http_11: bool
) -> None:
    flooding = hostile.send(doors, name)
    try:
        times = [call(doors) for _ in range(6)]
        health = httpx.get(f"{doors.admin_url}/health", timeout=PATIENCE_S)
    finally:
        kill(doors, flooding)

    assert max(times) < PATIENCE_S
    assert health.status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("continue", "more than 100 responses of status 100 too fast"),
        ("h2-pings", "more than 10000 frames without use too fast"),
        ("h2-empty-data", "more than 10000 frames without use too fast"),
        ("h2-trailers", "broke HTTP/2"),
    ],
)
def test_flood_is_the_last_failure_of_its_invocation(
    doors: Setup, hostile: Hostile, name: str, text: str
) -> None:
    flooding = hostile.send(doors, name, "named")
    try:
        assert text in failure(doors, flooding)["last_failure"]
    finally:
        kill(doors, flooding)


@pytest.mark.parametrize("name", ["large", "h2-large"])
def test_large_response_leaves_connections_that_serve_the_next(
    doors: Setup, hostile: Hostile, name: str
) -> None:
    assert hostile.register(doors, name).status_code in (200, 201)

    for number in range(2):
        answer = httpx.post(f"{doors.ingress_url}/{name}/{number}/run", json=1, timeout=30)
        assert answer.status_code == httpx.codes.OK
        assert len(answer.content) == 30_000_002


ABORT = {
    "RESTATE_WORKER__INVOKER__ABORT_TIMEOUT": "1s",
    "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s",
    "RESTATE_WORKER__INVOKER__RETRY_POLICY__INITIAL_INTERVAL": "100ms",
}


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def test_dead_endpoints_hold_no_invocation(open_doors: OpenDoors, hostile: Hostile) -> None:
    names = ["silent", "head", "h2-silent", "h2-head", "bidi-silent"]
    with open_doors("runtime", environment=ABORT) as doors:
        sent = {name: hostile.send(doors, name) for name in names}
        talking = [hostile.send(doors, name) for name in ("talking", "h2-talking", "bidi-talking")]

        for name in names:
            row = failure(doors, sent[name])
            assert row["last_failure_error_code"] == "RT0001", row
            assert "sent nothing for 1000 ms (the abort timeout)" in row["last_failure"]
            eventually(lambda name=name: invocation(doors, sent[name])["retry_count"] > 1)  # type: ignore[misc]
        assert all(not invocation(doors, one).get("last_failure") for one in talking)


def test_stopped_endpoint_holds_no_invocation(open_doors: OpenDoors, hostile: Hostile) -> None:
    with open_doors("runtime", environment=ABORT) as doors:
        assert hostile.register(doors, "answers").status_code == httpx.codes.CREATED
        with stopped(hostile.process):
            sent = httpx.post(f"{doors.ingress_url}/answers/k/run/send", json=1, timeout=10).json()
            assert failure(doors, sent["invocationId"])["last_failure_error_code"] == "RT0001"

        eventually(lambda: invocation(doors, sent["invocationId"]).get("status") in (None, "completed"))


def test_silent_registrations_delay_no_other(doors: Setup, hostile: Hostile) -> None:
    answers: list[httpx.Response] = []

    def register(name: str) -> None:
        answers.append(hostile.register(doors, name))

    silent = [threading.Thread(target=register, args=(name,)) for name in ("mute", "mute", "h2-mute")]
    for thread in silent:
        thread.start()
    start = time.monotonic()

    assert hostile.register(doors, "answers").status_code in (200, 201)
    assert httpx.patch(f"{doors.admin_url}/services/answers", json={"public": True}, timeout=10).is_success
    assert httpx.get(f"{doors.admin_url}/services", timeout=10).is_success

    assert time.monotonic() - start < PATIENCE_S
    for thread in silent:
        thread.join(45)
    assert [answer.status_code for answer in answers] == [500] * 3
    assert all("no complete answer to GET /discover within 10 s" in answer.text for answer in answers)


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("endless", 500, "larger than"),
        ("h2-endless", 500, "larger than"),
        ("lying", 500, "is not valid"),
        ("h2-lying", 500, "broke HTTP/2"),
        ("deep", 400, "nested more than 128 levels deep"),
        ("long", 400, "abortTimeout is 9223372036854775807 ms"),
    ],
)
def test_manifests_beyond_measure_are_refused(
    doors: Setup, hostile: Hostile, name: str, status: int, text: str
) -> None:
    answer = hostile.register(doors, name)

    assert (answer.status_code, text in answer.text) == (status, True), answer.text
    for path in ("/services", "/deployments"):
        assert httpx.get(f"{doors.admin_url}{path}", timeout=10).is_success


@pytest.mark.parametrize("name", ["late-sleep", "late-send"])
def test_times_beyond_the_last_date_break_no_later_question(
    doors: Setup, hostile: Hostile, name: str
) -> None:
    assert hostile.register(doors, "answers").status_code in (200, 201)
    assert hostile.register(doors, name).status_code in (200, 201)

    answer = httpx.post(f"{doors.ingress_url}/{name}/k/run", json=1, timeout=20)

    assert (answer.status_code, answer.json()) == (200, "done")
    its_entries = f"SELECT id FROM sys_invocation WHERE target_service_name = '{name}'"
    for query in ("SELECT * FROM sys_invocation", f"SELECT * FROM sys_journal WHERE id IN ({its_entries})"):
        asked = httpx.post(
            f"{doors.admin_url}/query",
            json={"query": query},
            headers={"accept": "application/json"},
            timeout=30,
        )
        assert asked.status_code == httpx.codes.OK, asked.text
        assert asked.json()["rows"]
