"""Nobody outside can keep a process from ending."""

from __future__ import annotations

import base64
import socket
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import grpc
import pytest
from awaken import _core
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc
from awaken.links import Link, LinkSigner, name_of_type

from tests.doors.conftest import KINDS
from tests.doors.sockets import connect
from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.conftest import OpenDoors

#: Docker kills after 10 s.
END_TIMEOUT_S = 9
CONNECTIONS = 50
KEY = b"k" * 32
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


def test_gateway_ends_in_time_while_its_runtime_answers_nothing(tmp_path: Path) -> None:
    """Requests on all of its addresses wait; their time to end must not add up."""
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        runtime = f"http://127.0.0.1:{silent.getsockname()[1]}"
        inbox, links, control = (f"127.0.0.1:{free_port()}" for _ in range(3))
        gateway = Process(
            [
                *(sys.executable, "-m", "awaken.cli", "gateway", "--ingress", runtime, "--admin", runtime),
                *("--grpc", control, "--inbox", inbox, "--callbacks", links),
            ],
            log=tmp_path / "log",
            cwd=ROOT,
            env={"AWAKEN_CALLBACK_KEYS": f"test:{base64.b64encode(KEY).decode()}"},
        )
        gateway.start()
        stack.callback(gateway.kill)
        eventually(lambda: "gRPC on" in gateway.log, within=30, what="the start of the gateway")
        for address, path in ((inbox, ""), (links, _link())):
            request = f"GET /{path} HTTP/1.1\r\nhost: localhost\r\n\r\n"
            stack.enter_context(connect(f"http://{address}")).sendall(request.encode())
        channel = stack.enter_context(grpc.insecure_channel(control))
        watching = awakeables_pb2_grpc.AwakeablesStub(channel).Watch(awakeables_pb2.WatchAwakeablesRequest())  # type: ignore[no-untyped-call]
        stack.callback(watching.cancel)
        silent.settimeout(10)
        for _ in range(3):  # each of them asks the runtime
            stack.enter_context(silent.accept()[0])

        gateway.terminate()

        assert gateway.wait(within=END_TIMEOUT_S) == 0


def _link() -> str:
    awakeable = _core.format_awakeable_id(
        _core.parse_invocation_id("inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"), 17
    )
    link = Link(awakeable, "approve?", name_of_type(bool), time.time_ns() // 1_000_000 + 60_000)
    return LinkSigner({"test": KEY}).sign(link)
