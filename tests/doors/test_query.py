"""`POST /query` is a program in SQL that anyone with access to the admin API may send."""

from __future__ import annotations

import json
import os
import socket
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.doors.memory import forget_peak, peak_size
from tests.doors.sockets import connect
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

pytestmark = pytest.mark.on("runtime")

PATIENCE_S = 20
END_TIMEOUT_S = 10
#: Bytes by which the runtime may grow while it refuses gigabytes.
GROWTH = 64 * 1024 * 1024

#: Seconds of a processor that tell a process at work from one that waits.
BUSY_S = 0.3

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
#: One call of a function that takes years, and that nothing in its process can interrupt.
UNINTERRUPTIBLE = f"SELECT regexp_like('{'a' * 60}!', '^(a+)+$')"
HOSTILE = [
    "SELECT repeat('x', 1000000000)",
    "SELECT replace(repeat('x', 1000000), 'x', repeat('y', 1000000))",
    "SELECT repeat('x', 150000000) a, repeat('x', 150000000) b, repeat('x', 150000000) c",
    f"{NUMBERS} SELECT repeat('x', 10000000) FROM n",
    f"{NUMBERS} SELECT max(b) OVER (ORDER BY b) FROM (SELECT repeat('x', 9000000 + i) AS b FROM n)",
    f"{NUMBERS} SELECT count(*) FROM (SELECT i, repeat('x', 10000) || i AS b FROM n ORDER BY b)",
    f"{NUMBERS} SELECT array_agg(repeat('x', 1000000) || i) FROM n",
    f"{NUMBERS} SELECT string_agg(repeat('x', 1000000), ',' ORDER BY i) FROM n",
    "/*" * 400_000,
    "SELECT 1" + " UNION ALL SELECT 1" * 5_000,
    "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "SELECT " + "NOT " * 20_000 + "true",
    "SELECT " + "CASE WHEN true THEN " * 5_000 + "1",
    "SELECT 1" + " + 1" * 20_000,
    "SELECT " + "1, " * 300_000 + "1",
    "SELECT '" + "x" * 900_000,
]


@pytest.mark.on("dev")
@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_question_is_refused_and_costs_the_runtime_nothing(doors: Setup, hostile: str) -> None:
    doors.client.query("SELECT 1 AS one")
    before = forget_peak(doors.process.pid)

    response = httpx.post(f"{doors.admin_url}/query", json={"query": hostile}, timeout=40)

    assert response.status_code in {400, 500}
    assert response.json()["message"]
    assert peak_size(doors.process.pid) - before < GROWTH


def test_others_are_served_while_questions_run(doors: Setup) -> None:
    with _asking(doors, UNINTERRUPTIBLE), _asking(doors, UNINTERRUPTIBLE):
        assert doors.client.call("Greeter/greet", "you") == "hello you"
        pages = [f"{doors.admin_url}/awakeables", f"{doors.admin_url}/services", f"{doors.inbox_url}/"]
        assert [httpx.get(url, timeout=PATIENCE_S).status_code for url in pages] == [200] * 3


def test_a_question_ends_when_its_client_leaves(doors: Setup) -> None:
    with _asking(doors, UNINTERRUPTIBLE) as process:
        pass

    eventually(lambda: not _is_running(process), within=PATIENCE_S, what="the end of the question")


def test_sigterm_does_not_wait_for_a_question(open_doors: OpenDoors) -> None:
    with open_doors("dev") as doors, _asking(doors, UNINTERRUPTIBLE):
        children = _children(doors.process.pid)

        doors.process.terminate()

        assert doors.process.wait(within=END_TIMEOUT_S) == 0
        assert not any(map(_is_running, children))


def test_the_processes_of_questions_end_with_a_killed_runtime(open_doors: OpenDoors) -> None:
    with open_doors("runtime", is_served=False) as doors, _asking(doors, UNINTERRUPTIBLE):
        doors.client.query("SELECT 1 AS one")
        children = _children(doors.process.pid)
        assert len(children) == 2

        doors.process.kill()

        eventually(
            lambda: not any(map(_is_running, children)), within=PATIENCE_S, what="the end of the processes"
        )


@contextmanager
def _asking(doors: Setup, question: str) -> Iterator[int]:
    """Ask a question that is being answered within the `with` block, and leave at its end. Gives its process."""
    before = {child: _used_s(child) for child in _children(doors.process.pid)}
    body = json.dumps({"query": question}).encode()
    head = f"POST /query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"

    def busy() -> list[int]:
        children = _children(doors.process.pid)
        return [child for child in children if _used_s(child) - before.get(child, 0) > BUSY_S]

    with connect(doors.admin_url) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        yield eventually(busy, within=PATIENCE_S, what="the start of the question")[0]
        # Leave with a reset: a client that only closes may still be waiting for its answer, as far as one can see.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _children(pid: int) -> list[int]:
    listed = (Path(f"/proc/{pid}/task/{task.name}/children") for task in Path(f"/proc/{pid}/task").iterdir())
    return [int(child) for path in listed for child in path.read_text().split()]


def _used_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
