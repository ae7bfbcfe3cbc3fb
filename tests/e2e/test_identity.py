"""A runtime that signs its requests, and endpoints that know its key or another one."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually
from tests.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import Runtime, RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
KEY_FILE = "RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def signing_runtime(
    create_runtime: RuntimeFactory, signer: Signer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    directory = tmp_path_factory.mktemp("signing")
    signer.write(directory / "key.pem")
    runtime = create_runtime(directory, {KEY_FILE: str(directory / "key.pem")})
    runtime.start()
    yield runtime
    runtime.kill()


@pytest.fixture
def caller(signing_runtime: Runtime) -> Iterator[Client]:
    with Client(signing_runtime.ingress_url, signing_runtime.admin_url) as client:
        yield client


@contextmanager
def endpoint(directory: Path, port: int, *keys: str, variable: str = "") -> Iterator[Process]:
    options = [option for key in keys for option in ("--identity-key", key)]
    process = Process(
        [
            *(sys.executable, "-m", "awaken.cli", "serve", "tests.e2e.services.app:app"),
            *("--bind", f"127.0.0.1:{port}", *options),
        ],
        log=directory / "endpoint.log",
        cwd=ROOT,
        env={**os.environ, "AWAKEN_IDENTITY_KEYS": variable} if variable else {},
    )
    process.start()
    try:
        eventually(lambda: is_listening(port), within=20, what="the endpoint's readiness")
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize("by", ["option", "variable"])
def test_runtime_whose_key_is_known_registers_and_invokes(
    caller: Client, signer: Signer, tmp_path: Path, by: str
) -> None:
    keys = (Signer().public_key, signer.public_key)
    options, variable = (keys, "") if by == "option" else ((), " ".join(keys))
    port = free_port()
    with endpoint(tmp_path, port, *options, variable=variable):
        caller.register(f"http://127.0.0.1:{port}/deep/prefix", use_http_11=False)

        assert caller.call("Greeter/greet", "signed") == "Hello signed!"
        assert caller.call(f"Tally/my {by}/add", 2) == 2


def test_runtime_whose_key_is_another_one_gets_401(caller: Client, signer: Signer, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with endpoint(tmp_path, port, Signer().public_key) as process:
        with pytest.raises(RuntimeError, match="401"):
            caller.register(url, use_http_11=False)
        assert "not signed by a key of this endpoint" in process.log

    with endpoint(tmp_path, port, signer.public_key):
        caller.register(url, use_http_11=False)
    with endpoint(tmp_path, port, Signer().public_key):
        invocation = caller.send("Greeter/greet", "later")
        row = eventually(
            lambda: caller.invocation(invocation), lambda row: "last_failure" in row, what="a failed attempt"
        )
        assert "401" in row["last_failure"]
    with endpoint(tmp_path, port, signer.public_key):
        assert caller.attach(invocation) == "Hello later!"
