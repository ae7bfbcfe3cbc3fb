"""The admin API refuses what it cannot do with a status and a text, and is as before."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.runtime.admin import make_admin

from tests.doors.attacks import DIGITS, INVOCATION_ID, JSON, Attack, Attacker, attacks, templates
from tests.doors.memory import forget_peak, peak_size
from tests.doors.sockets import connect, status_of
from tests.unit.runtime.fakes import FakeOperations, FakeQuestions, Network, make_deployments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doors.setups import ServerWithEndpoint, Setup

MIB = 1024 * 1024
#: The endpoint cannot be reached, or the operation is not there, as on the server.
EXPECTED_FAILURES = ("META0003", "META0014", "This is not on the embedded runtime.")
TABLES = ("sys_service", "sys_deployment", "sys_promise", "sys_inbox")


def routes() -> Iterator[tuple[str, str]]:
    """Yield the routes of the application itself: a new one is attacked as well."""
    deployments = make_deployments(Network().dial)
    admin = make_admin(FakeOperations(), deployments, questions=FakeQuestions(), ingress_url=lambda: "")
    for method, path in templates(admin.routes):
        if not path.startswith(("/v2", "/v3", "/v4")):  # the same handlers
            yield method, path


def facts(doors: Setup) -> list[Any]:
    """Return what the interface tells of what it keeps. Some attacks are legal changes of the state of a key."""
    get = [
        httpx.get(f"{doors.admin_url}/{path}").json() for path in ("services", "deployments", "awakeables")
    ]
    return [*get, *(doors.client.query(f"SELECT COUNT(1) AS n FROM {table}") for table in TABLES)]


@pytest.mark.on("dev")
def test_every_route_refuses_every_attack(doors: Setup) -> None:
    before = facts(doors)
    failures = []

    with Attacker(doors.admin_url) as attacker:
        for method, path in routes():
            for attack in attacks(method, path):
                answer = attacker.send(attack)
                if answer.status >= 500 and not any(code in answer.text for code in EXPECTED_FAILURES):
                    failures.append(f"{answer.status} {attack}: {answer.text[:200]}")
                if len(answer.text) > 10_000 and answer.status >= 400:
                    failures.append(f"{answer.status} with {len(answer.text)} characters: {attack}")

    assert failures == []
    assert _without_settings(facts(doors)) == _without_settings(before)


#: Each with the same status on the real server.
SAME_AS_THE_SERVER = [
    Attack("POST", "/query", json.dumps({"query": "x" * (3 * MIB)}).encode(), JSON),
    Attack("POST", "/deployments", json.dumps({"uri": "x" * (3 * MIB)}).encode(), JSON),
    Attack("POST", "/query", gzip.compress(b'{"query":"SELECT 1"}'), {**JSON, "content-encoding": "gzip"}),
    Attack("POST", "/query", b'{"query":' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON),
    Attack("POST", "/query", b'{"query":NaN}', JSON),
    Attack("POST", "/query", b'{"query":"SELECT \'\\ud800\'"}', JSON),
    Attack("POST", "/query", b'{"query":"SELECT \'\xff\'"}', JSON),
    Attack("POST", "/query", b"{}", JSON),
    Attack("POST", "/query", b'{"query":"SELECT 1"}', {"content-type": "text/plain"}),
    Attack("GET", "/query"),
    *(
        Attack("PATCH", f"/invocations/{INVOCATION_ID}/restart-as-new?from={value}")
        for value in (DIGITS, "-1", "x", "%D9%A3", "1&from=2", "9223372036854775808", "")
    ),
    *(Attack("GET", f"/services/{name}") for name in ("%ff", "%zz", "%00", "x" * 5_000)),
    *(Attack("GET", f"/deployments/{name}") for name in ("x", "dp_1", f"dp_1{DIGITS}", "%ff")),
    *(Attack(method, "/services") for method in ("HEAD", "FOO", "OPTIONS", "TRACE", "PUT")),
    Attack("DELETE", f"/invocations/{INVOCATION_ID}?mode=%ff"),
    *(
        Attack("PATCH", "/services/Keeper", json.dumps({"journal_retention": value}).encode(), JSON)
        for value in (
            "P1D",
            "100000000 days",
            f"{DIGITS}s",
            "-1s",
            "9223372036854775807ms",
            "8000y",
            "1e9s",
            "NaN",
        )
    ),
    *(
        Attack("POST", "/deployments", json.dumps({"uri": uri}).encode(), JSON)
        for uri in ("", "http://a b", "http://\0", "x", "/x")
    ),
    Attack("POST", "/services/Keeper/state", b'{"object_key":"k","new_state":{"a":[256]}}', JSON),
    Attack("POST", "/services/Keeper/state", b'{"object_key":"","new_state":{"":""}}', JSON),
]


@pytest.mark.on("dev")
def test_the_statuses_are_those_of_the_server(doors: Setup, server: ServerWithEndpoint) -> None:
    with Attacker(doors.admin_url) as ours, Attacker(server.admin_url) as theirs:
        pairs = [
            (str(attack), ours.send(attack).status, theirs.send(attack).status)
            for attack in SAME_AS_THE_SERVER
        ]

    assert [pair for pair in pairs if pair[1] != pair[2]] == []


@pytest.mark.on("dev", "runtime")
@pytest.mark.parametrize("path", ["/query", "/services/Keeper/state", "/deployments", "/services/Keeper"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large_is_refused_while_it_arrives(
    doors: Setup, path: str, is_announced: bool
) -> None:
    before = forget_peak(doors.process.pid)
    method = "PATCH" if path == "/services/Keeper" else "POST"
    framing = f"content-length: {900 * MIB}" if is_announced else "transfer-encoding: chunked"
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    )
    piece = b'"' + b"x" * (MIB - 1)
    sent = piece if is_announced else b"%x\r\n%b\r\n" % (len(piece), piece)

    with connect(doors.admin_url) as connection:
        connection.sendall(head.encode())
        if not is_announced:
            for _ in range(33):
                connection.sendall(sent)
        answer = b""
        while not answer.endswith(b"this path") and (more := connection.recv(65536)):
            answer += more

    assert status_of(answer) == 413
    assert b"length limit exceeded" in answer
    assert peak_size(doors.process.pid) - before < 200 * MIB


def _without_settings(told: list[Any]) -> str:
    """Return facts without the retention that attacks may legally set."""
    services = [
        {name: value for name, value in service.items() if name not in {"journal_retention", "public"}}
        for service in told[0]["services"]
    ]
    return json.dumps([services, *told[1:]], sort_keys=True)
