"""The gRPC control plane from another language: the example in JavaScript, with its own gRPC library."""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.gateway import Gateway

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

PACKAGES = ("@grpc/grpc-js@1", "@grpc/proto-loader@0.8")


@pytest.fixture(scope="session")
def modules() -> Path:
    """Return a folder whose `node_modules` has the packages; installed once."""
    folder = ROOT / ".tools" / "grpc-js"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / "@grpc" / "proto-loader").is_dir():
            command = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", *PACKAGES)
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.timeout(150)
@pytest.mark.lanes("h2-v6")
def test_javascript_resolves_once(lane: Lane, modules: Path, tmp_path: Path, effects: Effects) -> None:
    invocation = lane.client.send("Awaiting/tagged", effects.path)
    awakeable = effects.wait_for_one("id").split()[1]
    with Gateway(lane, tmp_path) as gateway:
        runs = [
            subprocess.run(
                ["node", "examples/grpc_client/resolve.mjs", gateway.address, awakeable, '"from afar"'],
                cwd=ROOT,
                env=os.environ | {"MODULES": str(modules)},
                capture_output=True,
                text=True,
                timeout=30,
            )
            for _ in range(2)
        ]

    assert [run.returncode for run in runs] == [0, 1], runs
    assert runs[0].stdout == "OUTCOME_APPLIED\n"
    assert runs[1].stderr.startswith("ALREADY_EXISTS: ")
    assert lane.client.attach(invocation) == "from afar"
