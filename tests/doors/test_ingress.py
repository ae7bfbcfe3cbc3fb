"""The ingress refuses what it cannot do with a status and a text, and what it stored breaks no later question."""

from __future__ import annotations

import json
import select
import socket  # noqa: TC003
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.runtime.ingress import Ingress

from tests.doors.attacks import DIGITS, JSON, Attack, Attacker, ingress_attacks
from tests.doors.sockets import connect, send_raw, status_of
from tests.unit.runtime.fakes import FakeOperations, Network, make_deployments

if TYPE_CHECKING:
    from tests.doors.setups import ServerWithEndpoint, Setup

pytestmark = pytest.mark.on("dev")

MIB = 1024 * 1024
#: Statuses of the server that are not ours to change: bodies without a target, and handlers that cannot read theirs.
EXPECTED_FAILURES = ("cannot read body: invalid request body", "Unable to parse an input argument")
#: Callers that send a large body at once, and by how much the runtime may grow.
CALLERS = 60
GROWTH = 500 * MIB
#: Seconds without room in any connection that tell that the runtime does not read on.
QUIET_S = 2


def test_every_path_refuses_every_attack(doors: Setup) -> None:
    reserved = Ingress(FakeOperations(), make_deployments(Network().dial)).reserved
    failures = []

    with Attacker(doors.ingress_url) as attacker:
        for attack in ingress_attacks(reserved):
            answer = attacker.send(attack)
            if answer.status >= 500 and not any(text in answer.text for text in EXPECTED_FAILURES):
                failures.append(f"{answer.status} {attack}: {answer.text[:200]}")

    assert failures == []
    # Other tests have stored values of megabytes, too many for one answer.
    small = "sys_journal WHERE raw_length < 100000"
    for table in ("sys_invocation", small, "state", "sys_journal_events", "sys_keyed_service_status"):
        assert isinstance(doors.client.query(f"SELECT * FROM {table}"), list)


#: Each with the same status on the real server.
SAME_AS_THE_SERVER = [
    *(
        Attack("POST", f"/Greeter/greet/send?delay={value}", b'"x"', JSON)
        for value in (
            "P1D",
            "100000000%20days",
            f"{DIGITS}s",
            "-1s",
            "9223372036854775807ms",
            "8000y",
            "NaN",
            "",
        )
    ),
    *(Attack("POST", f"/Keeper/{key}/get") for key in ("%ff", "%zz", "%00", "", "%ed%a0%80", "%F0%9F%98%80")),
    Attack("POST", "/Greeter/greet", b'"x"', {**JSON, "idempotency-key": "k" * 30_000}),
    Attack("POST", "/Greeter/greet", b'"x"', {**JSON, "idempotency-key": "\xe9"}),
    Attack("POST", "/Greeter/greet", b'"x"', {**JSON, "idempotency-key": ""}),
    Attack("POST", "/Greeter/greet", b'"x"', {**JSON, "x-y": "\xe9"}),
    Attack("POST", "/Greeter/greet", b'"x"', {**JSON, "content-encoding": "gzip"}),
    *(Attack(method, "/Greeter/greet", b"", JSON) for method in ("HEAD", "PUT", "DELETE", "FOO", "TRACE")),
    Attack("POST", "/restate/attach", b"[" * 100_000, JSON),
    Attack("POST", "/restate/lookup", b"{", JSON),
    Attack(
        "POST", "/restate/lookup", b'{"target":"workflow","workflowName":"a\\u0000","workflowKey":""}', JSON
    ),
]


def test_the_statuses_are_those_of_the_server(doors: Setup, server: ServerWithEndpoint) -> None:
    with Attacker(doors.ingress_url) as ours, Attacker(server.ingress_url) as theirs:
        pairs = [
            (str(attack), ours.send(attack).status, theirs.send(attack).status)
            for attack in SAME_AS_THE_SERVER
        ]

    assert [pair for pair in pairs if pair[1] != pair[2]] == []


@pytest.mark.parametrize(
    "lines",
    [
        b"content-length: -3",
        b"content-length: x",
        b"content-length: " + b"9" * 5_000,
        b"content-length: 3\r\ncontent-length: 4",
        b"transfer-encoding: x",
        b"transfer-encoding: chunked, x",
        b"x: \x00",
        b"\xff: x",
        b": x",
    ],
)
def test_framing_that_cannot_be_read_is_refused(doors: Setup, lines: bytes) -> None:
    request = (
        b"POST /Greeter/greet HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" + lines + b'\r\n\r\n"x"'
    )

    assert 400 <= status_of(send_raw(doors.ingress_url, request)) < 502


def test_a_path_that_is_not_ascii_is_refused(doors: Setup) -> None:
    request = b"POST /Keeper/\xff/get HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n"

    assert status_of(send_raw(doors.ingress_url, request)) == 400


def test_many_large_bodies_at_once_share_bounded_memory(doors: Setup) -> None:
    before = _size(doors.process.pid)
    size = 31 * MIB
    head = (
        "POST /Keeper/k/put HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {size}\r\n\r\n"
    )
    piece = b" " * (256 * 1024)

    with ExitStack() as stack:
        unsent: dict[socket.socket, int] = {}
        for _ in range(CALLERS):
            connection = stack.enter_context(connect(doors.ingress_url))
            connection.sendall(head.encode())
            connection.setblocking(False)
            unsent[connection] = size - len(piece)  # the last piece never comes
        while writable := select.select([], [one for one, left in unsent.items() if left > 0], [], QUIET_S)[
            1
        ]:
            for connection in writable:
                unsent[connection] -= connection.send(piece)
        assert _size(doors.process.pid) - before < GROWTH
        response = httpx.post(f"{doors.ingress_url}/Greeter/greet", json="you", timeout=10)
        assert json.loads(response.text) == "hello you"


def _size(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
