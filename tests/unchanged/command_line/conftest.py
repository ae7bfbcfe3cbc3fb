"""The official command line on both runtimes, which are in the same situation."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.processes import free_port
from tests.unchanged.command_line import situation
from tests.unchanged.command_line.command_line import CommandLine
from tests.unchanged.command_line.prepared import Pair, Prepared
from tests.unchanged.command_line.readings import READINGS
from tests.unchanged.runtimes import KINDS, open_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from tests.unchanged.command_line.command_line import Outcome

MODULE = "tests.unchanged.command_line.application"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair[Prepared]]:
    """Both runtimes, with one set of endpoints."""
    with contextlib.ExitStack() as processes, ThreadPoolExecutor(len(KINDS)) as threads:
        directory = tmp_path_factory.mktemp("endpoints")
        urls = {
            name: _serve(processes, directory, app)
            for name, app in (("endpoint", "app"), ("annexe", "annexe"), ("annexe_changed", "changed_annexe"))
        }
        urls["nothing"] = f"http://127.0.0.1:{free_port()}"
        urls["old_fashioned"] = processes.enter_context(_serve_http_11())

        def prepare(kind: str) -> Prepared:
            runtime = processes.enter_context(open_runtime(kind, tmp_path_factory.mktemp(kind)))
            client = processes.enter_context(Client(runtime.ingress_url, runtime.admin_url))
            home = tmp_path_factory.mktemp(f"{kind}-home")
            names = {
                **urls,
                **situation.build(client, urls["endpoint"]),
                "admin": runtime.admin_url,
                "ingress": runtime.ingress_url,
                "home": str(home),
            }
            return Prepared(CommandLine(runtime, home), client, names)

        yield Pair(*threads.map(prepare, KINDS))


def _serve(processes: ExitStack, directory: Path, app: str) -> str:
    endpoint = EndpointProcess(directory, f"{MODULE}:{app}")
    processes.callback(endpoint.kill)
    endpoint.start()
    return endpoint.url


@contextlib.contextmanager
def _serve_http_11() -> Iterator[str]:
    """A server that is no endpoint, and speaks HTTP/1.1 only: it answers 501."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def read(prepared: Pair[Prepared]) -> Mapping[str, Pair[Outcome]]:
    """What each command that changes nothing said, before anything was changed."""
    with ThreadPoolExecutor(4) as threads:
        sides = [
            threads.map(lambda reading, on=one: on.command_line.run(reading.command, on.names), READINGS)
            for one in prepared
        ]
        return {reading.command: Pair(*outcomes) for reading, *outcomes in zip(READINGS, *sides, strict=True)}


@pytest.fixture(scope="session")
def changeable(prepared: Pair[Prepared], read: Mapping[str, Pair[Outcome]]) -> Pair[Prepared]:
    """Both runtimes, after everything that needs them unchanged has been read."""
    return prepared
