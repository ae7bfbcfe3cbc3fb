"""`awaken serve --register` stops the endpoint if no runtime will ever call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from awaken.cli.admin import register_deployment
from awaken.cli.failures import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Stands in for the endpoint: ends the registration when it is stopped, and exits with its status.
ENDPOINT = """
import os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
arguments = ["http://127.0.0.1:9080", "http://127.0.0.1:1", str(os.getpid()), "0"]
unblock = lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
command = [sys.executable, "-m", "awaken.cli.registrar", *arguments, *sys.argv[1:]]
registration = subprocess.Popen(command, preexec_fn=unblock)
signal.sigwait([signal.SIGTERM])
registration.terminate()
sys.exit(registration.wait())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "beginning"), [([], "error: "), (["json"], '{"time": ')], ids=["text", "documents"]
)
def test_failed_registration_stops_the_endpoint_and_is_seen_by_it(option: list[str], beginning: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    endpoint = subprocess.run(
        [sys.executable, "-c", ENDPOINT, *option], env=environment, capture_output=True, text=True
    )

    assert endpoint.returncode == 1
    assert endpoint.stderr.startswith(beginning)
    assert "nothing answers at http://127.0.0.1:1" in endpoint.stderr
    assert endpoint.stderr.count("\n") == 1  # and Python has nothing to warn of


@pytest.mark.slow
def test_waiting_for_a_runtime_is_shown_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="nothing answers"):
        register_deployment("http://127.0.0.1:1", "http://127.0.0.1:9080", patience=1.0)

    assert capfd.readouterr().err.count("waiting for the admin API") == 1


@contextmanager
def admin_api(status: int, answer: bytes) -> Iterator[str]:
    """Answer every request alike; yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_node_of_a_cluster_that_is_there_registers() -> None:
    with admin_api(201, b'{"id": "dp_1", "services": []}') as alive:
        deployment = register_deployment(["http://127.0.0.1:1", alive], "http://127.0.0.1:9080")

    assert deployment["id"] == "dp_1"


def test_refusal_of_one_node_is_that_of_the_cluster() -> None:
    refusal = b'{"message": "no such endpoint", "restate_code": "META0003"}'
    with (
        admin_api(500, refusal) as first,
        admin_api(201, b'{"id": "dp_1", "services": []}') as second,
        pytest.raises(CommandError, match="no such endpoint"),
    ):
        register_deployment([first, second], "http://127.0.0.1:9080")


def test_all_nodes_of_a_cluster_are_named_when_none_answers() -> None:
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    with pytest.raises(
        CommandError, match=r"nothing answers at http://127\.0\.0\.1:1, http://127\.0\.0\.1:2"
    ):
        register_deployment(urls, "http://127.0.0.1:9080")


@contextmanager
def runtime_with(handlers: list[str], planned: list[str]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Stand in for a runtime that knows the endpoint; yield its URL and what it was asked for."""
    asked: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            is_forced = asked[-1]["force"]
            service = {
                "name": "shop",
                "handlers": [{"name": name} for name in (planned if is_forced else handlers)],
                "revision": 2 if is_forced else 1,
            }
            answer = json.dumps({"id": "dp_1", "services": [service]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(("planned", "revision"), [(["buy", "sell"], 1), (["sell", "buy"], 1), (["buy"], 2)])
def test_a_restart_makes_a_revision_only_for_other_handlers(planned: list[str], revision: int) -> None:
    with runtime_with(["buy", "sell"], planned) as (url, asked):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "awaken.cli.registrar",
                "http://127.0.0.1:9080",
                url,
                str(os.getpid()),
                "0",
            ],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )

    assert f"shop (revision {revision})" in done.stderr
    assert [one for one in asked if one["force"] and not one.get("dry_run")] == asked[2:]
    assert len(asked) == revision + 1
