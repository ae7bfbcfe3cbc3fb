"""Whoever reads what a process prints cannot hold it up, nor can callers act on the terminal it prints to."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.doors.setups import APP
from tests.e2e.endpoint import ROOT
from tests.e2e.processes import free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

END_TIMEOUT_S = 15
#: More than a pipe and our own queue hold.
FLOOD_BYTES = 9_000_000
#: Moves the cursor, sets the clipboard, rings, returns to the start of the line, fakes a line, reverses direction.
EVIL = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\r\n23:59:59.999 succeeded\u202e\x9b5m"
COMMANDS = ("dev", "runtime", "serve", "gateway")


class Command:
    """An `awaken` command that a shell starts, with redirections as people type them."""

    def __init__(self, kind: str, folder: Path, redirections: str = "", *options: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        admin = f"127.0.0.1:{free_port()}"
        arguments = {
            "dev": [
                APP,
                "--ingress",
                self._bind,
                "--admin",
                admin,
                "--grpc",
                "off",
                "--data-dir",
                str(folder),
            ],
            "runtime": [
                "--ingress",
                self._bind,
                "--admin",
                admin,
                "--grpc",
                "off",
                "--data-dir",
                str(folder),
            ],
            "serve": [APP, "--bind", self._bind, "--workers", "2"],
            "gateway": ["--grpc", self._bind],
        }
        self.command = [sys.executable, "-m", "awaken.cli", kind, *arguments[kind], *options]
        self.redirections = redirections

    @property
    def _bind(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextmanager
    def run(
        self, *, stdout: int | None = None, stderr: int | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start it, with these files unless a redirection says otherwise, and wait until it listens."""
        script = f'exec "$@" {self.redirections}'
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", *self.command],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        try:
            eventually(lambda: self._listens(process), within=30, what=f"awaken {self.kind}")
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _listens(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, f"it ended with {process.returncode}"
        return is_listening(self.port)

    def call(self, path: str, argument: object) -> httpx.Response:
        return httpx.post(f"{self.url}/{path}", json=argument, timeout=20, trust_env=False)

    def end(self, process: subprocess.Popen[bytes]) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(END_TIMEOUT_S)


def check_it_serves(command: Command) -> None:
    if command.kind == "dev":
        assert command.call("Greeter/greet", "you").json() == "hello you"


@pytest.mark.parametrize(
    ("kind", "redirections"),
    [
        *((kind, "<&- >&- 2>&-") for kind in COMMANDS),
        *(("dev", redirections) for redirections in ("<&-", "2>&-", ">/dev/full 2>/dev/full")),
    ],
)
def test_closed_and_full_streams_do_not_matter(kind: str, redirections: str, tmp_path: Path) -> None:
    command = Command(kind, tmp_path, redirections)

    with command.run() as process:
        check_it_serves(command)

        assert command.end(process) == 0


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_reader_that_leaves_does_not_matter(kind: str, tmp_path: Path) -> None:
    command = Command(kind, tmp_path)
    reading, writing = os.pipe()
    with command.run(stdout=writing, stderr=writing) as process:
        os.close(writing)
        assert os.read(reading, 1)
        os.close(reading)

        check_it_serves(command)
        check_it_serves(command)

        assert command.end(process) == 0


@pytest.mark.parametrize("options", [(), ("--json-output",)], ids=["text", "json"])
def test_a_reader_that_has_stopped_holds_nothing_up(tmp_path: Path, options: tuple[str, ...]) -> None:
    command = Command("dev", tmp_path, "", *options)
    reading, writing = os.pipe()
    with command.run(stdout=writing, stderr=writing) as process:
        os.close(writing)

        printed = command.call("Talker/talk", FLOOD_BYTES)
        logged = command.call("Talker/log", 100_000)
        check_it_serves(command)

        assert (printed.json(), logged.json()) == (FLOOD_BYTES, 100_000)
        assert command.end(process) == 0
    os.close(reading)


def test_everything_arrives_where_the_reader_is_slow_but_reads(tmp_path: Path) -> None:
    command = Command("dev", tmp_path, "", "--quiet")
    reading, writing = os.pipe()
    with command.run(stdout=writing) as process:
        os.close(writing)
        command.call("Talker/talk", 500_000)
        process.send_signal(signal.SIGTERM)

        with os.fdopen(reading) as pipe:
            lines = pipe.read().splitlines()

    numbers = [int(line.split()[1]) for line in lines if line.startswith("line ")]
    assert numbers == list(range(len(numbers)))
    assert sum(len(line) + 1 for line in lines if line.startswith("line ")) >= 500_000


@pytest.mark.parametrize("handler", ["fail", "log_key"])
def test_no_control_character_of_a_caller_reaches_the_terminal(tmp_path: Path, handler: str) -> None:
    command = Command("dev", tmp_path, "", "--show-payloads")
    main, secondary = pty.openpty()
    with command.run(stdout=secondary, stderr=secondary) as process:
        os.close(secondary)
        command.call(f"Talker/{handler}", EVIL)
        command.end(process)
        check_harmless(_read_terminal(main))


def test_a_key_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    command = Command("dev", tmp_path)
    main, secondary = pty.openpty()
    with command.run(stdout=secondary, stderr=secondary) as process:
        os.close(secondary)
        key = "".join(f"%{byte:02X}" for byte in EVIL.encode())
        assert command.call(f"Keeper/{key}/put", 1).is_success
        command.end(process)
        check_harmless(_read_terminal(main))


def check_harmless(shown: str) -> None:
    """Check that the text of a caller was shown, and has become nothing else than text."""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)  # our own colours
    assert "\\x1b[2J" in shown
    assert not set("\x1b\x07\x9b\u202e") & set(shown)
    assert "\r" not in shown.replace("\r\n", "")
    assert not any(line.startswith("23:59:59.999") for line in shown.splitlines())


def test_with_json_output_everything_on_stdout_is_json_with_a_time(tmp_path: Path) -> None:
    command = Command("dev", tmp_path, "", "--json-output", "--show-payloads", "--log-level", "info")
    reading, writing = os.pipe()
    with command.run(stdout=writing) as process:
        os.close(writing)
        command.call("Talker/talk", 300)
        command.call("Talker/log_key", EVIL)
        command.call("Talker/fail", EVIL)
        assert command.end(process) == 0
    with os.fdopen(reading, "rb") as pipe:
        output = pipe.read()

    assert not set(b"\x1b\x07\r") & set(output)
    documents = [json.loads(line) for line in output.splitlines()]
    assert all(document["time"].endswith("Z") for document in documents)
    assert {"ingress", "step", "printed", "message"} <= {name for document in documents for name in document}
    assert [document["detail"] for document in documents if document.get("step") == "failed"] == [
        f"[500] {EVIL}"
    ]
    (logged,) = [document for document in documents if document.get("logger") == "talker"]
    assert (logged["level"], logged["target"], logged["message"]) == ("info", "Talker/log_key", f"key {EVIL}")
    assert json.loads(next(one["input"] for one in documents if one.get("target") == "Talker/fail")) == EVIL


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind != "dev"])
def test_other_commands_print_json_alike(kind: str, tmp_path: Path) -> None:
    command = Command(kind, tmp_path, "", "--json-output")
    reading, writing = os.pipe()
    with command.run(stdout=writing) as process:
        os.close(writing)
        assert command.end(process) == 0
    with os.fdopen(reading) as pipe:
        documents = [json.loads(line) for line in pipe]

    assert {"runtime": "ingress", "serve": "url", "gateway": "grpc"}[kind] in documents[0]
    assert all(document["time"].endswith("Z") for document in documents)


def _read_terminal(main: int) -> str:
    shown = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(main)
    return shown.decode()
