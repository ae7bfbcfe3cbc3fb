"""Nobody outside can keep a process from ending."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.doors.conftest import KINDS
from tests.doors.sockets import connect

if TYPE_CHECKING:
    from tests.doors.conftest import OpenDoors

END_TIMEOUT_S = 15
CONNECTIONS = 50
HALF_A_REQUEST = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nhalf"


@pytest.mark.parametrize("kind", KINDS)
def test_sigterm_ends_the_process_while_clients_hold_connections(open_doors: OpenDoors, kind: str) -> None:
    with open_doors(kind) as doors, ExitStack() as stack:
        for url in doors.own_urls:
            for _ in range(CONNECTIONS):
                stack.enter_context(connect(url))
                stack.enter_context(connect(url)).sendall(HALF_A_REQUEST)
        if kind != "gateway":
            _wait_for_an_answer(doors.ingress_url, stack)

        doors.process.terminate()

        assert doors.process.wait(within=END_TIMEOUT_S) == 0


def _wait_for_an_answer(ingress_url: str, stack: ExitStack) -> None:
    """Call a handler whose answer does not come, and keep the request open."""
    connection = stack.enter_context(connect(ingress_url))
    connection.sendall(b"POST /Waiting/wait HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
