"""The official ingress client for TypeScript: everything it does gives the same on both runtimes."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.e2e.ingress import Client
from tests.npm import install_packages
from tests.unchanged.entry_points.programs import Program
from tests.unchanged.entry_points.running import Running

if TYPE_CHECKING:
    from tests.e2e.runtime import Runtime
    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]

HERE: Final = Path(__file__).parent
PACKAGE: Final = "@restatedev/restate-sdk-clients@1.17.2"
ENDPOINT: Final = Program(
    ("awaken", "serve", "services:app", "--bind", "127.0.0.1:{port}"),
    {"services.py": (HERE / "services.py").read_text()},
)


def outcomes_on(runtime: Runtime, endpoint_url: str, modules: Path, run: str) -> dict[str, dict[str, Any]]:
    """Run every check on a runtime, and return their outcomes by their names."""
    with Client(runtime.ingress_url, runtime.admin_url) as client:
        deployment = client.register(endpoint_url, use_http_11=False)
        ended = subprocess.run(
            ["node", HERE / "client.mjs", runtime.ingress_url],
            env={**os.environ, "MODULES": str(modules), "RUN": run},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        client.remove(deployment)
    assert ended.returncode == 0, ended.stderr
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    return {outcome.pop("check"): outcome for outcome in outcomes}


def test_every_check_has_the_same_outcome_on_both(both: Both, tmp_path: Path) -> None:
    modules = install_packages("typescript-clients", PACKAGE)
    endpoint = Running(ENDPOINT, "awaken", tmp_path)
    endpoint.start()
    try:
        endpoint.wait_until_ready()
        with ThreadPoolExecutor() as pool:  # most of the time, they wait
            server = pool.submit(outcomes_on, both.server, endpoint.url, modules, "r001")
            on_embedded = outcomes_on(both.embedded, endpoint.url, modules, "r002")
            on_server = server.result()
    finally:
        endpoint.kill()

    assert len(on_server) > 50
    assert on_embedded == on_server
    assert on_embedded["call"]["result"]["text"] == "é ü 漢"
    assert on_embedded["codec of the connection"] == {"result": "x"}
    assert on_embedded["failure of a handler"]["status"] == 418
    assert on_embedded["result of a send"] == {"result": {"a": 1}}
    assert on_embedded["awakeable rejected"] == {"result": "rejected with 500 not today"}
    assert on_embedded["workflow"]["result"][1:] == [
        False,
        "PreviouslyAccepted",
        True,
        "flow-RUN",
        "Ada: yes",
        {"ready": True, "result": "Ada: yes"},
    ]
