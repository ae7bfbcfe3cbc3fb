"""How the runtime and a process that answers questions get to each other, on systems with and without inheritance."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.query.question_channel import ConnectingProcess, InheritingProcess, StartedProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.slow

KINDS = [InheritingProcess, ConnectingProcess]
#: Sends back what it receives.
ECHO = """
import sys
from awaken.runtime.query.question_channel import open_channel
channel = open_channel(int(sys.argv[1]))
while data := channel.recv(100):
    channel.sendall(data.upper())
"""


#: Shows the secret in parts.
IN_PARTS = """
import socket, sys, time
channel = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
secret = sys.stdin.buffer.read(32)
channel.sendall(secret[:10])
time.sleep(0.2)
channel.sendall(secret[10:])
channel.sendall(channel.recv(100).upper())
"""
#: Says that it takes no input any more, and goes on.
DEAF = "import os, time; os.close(0); os.write(1, b'deaf'); time.sleep(60)"


def deadline() -> float:
    return time.monotonic() + 20


def end(started: StartedProcess) -> None:
    started.process.kill()
    started.process.wait()
    started.close()


@pytest.mark.parametrize("kind", KINDS)
def test_process_hears_and_answers_until_the_channel_is_closed(kind: type[ConnectingProcess]) -> None:
    started = kind([sys.executable, "-c", ECHO])
    channel = started.channel(deadline())

    channel.settimeout(20)
    channel.sendall(b"hello")
    assert channel.recv(100) == b"HELLO"
    started.close()

    assert started.process.wait(20) == 0


def test_other_programs_that_connect_are_turned_away() -> None:
    started = ConnectingProcess([sys.executable, "-c", f"import time; time.sleep(0.5){ECHO}"])
    port = started.port
    strangers = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    strangers[0].sendall(bytes(32))

    channel = started.channel(deadline())

    channel.settimeout(20)
    channel.sendall(b"hello")
    assert channel.recv(100) == b"HELLO"
    for stranger in strangers:
        with closing(stranger):
            stranger.settimeout(20)
            assert stranger.recv(1) == b""
    end(started)


def test_process_that_ends_is_not_waited_for() -> None:
    started = ConnectingProcess([sys.executable, "-c", ""])

    with pytest.raises(EOFError):
        started.channel(deadline())

    end(started)


def test_process_that_does_not_connect_is_waited_for_until_the_deadline() -> None:
    started = ConnectingProcess([sys.executable, "-c", "import time; time.sleep(60)"])

    with pytest.raises(TimeoutError):
        started.channel(time.monotonic() + 0.2)

    end(started)


def test_secret_that_arrives_in_parts_is_known() -> None:
    started = ConnectingProcess([sys.executable, "-c", IN_PARTS])

    channel = started.channel(deadline())

    channel.settimeout(20)
    channel.sendall(b"hello")
    assert channel.recv(100) == b"HELLO"
    end(started)


def test_process_that_does_not_take_the_secret_is_ended() -> None:
    processes = []

    def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout
        with process.stdout as its_output:
            assert its_output.read(4) == b"deaf"
        processes.append(process)
        return process

    with pytest.raises(OSError, match=r"[Bb]roken pipe|Invalid argument"):
        ConnectingProcess([sys.executable, "-c", DEAF], start)

    assert processes[0].returncode is not None
