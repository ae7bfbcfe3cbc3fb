"""Answers to an application with a journal value codec: encoded where the codec is, and refused elsewhere."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from awaken.control.client import connect_control_sync

from tests.doors.sealed import CODEC
from tests.e2e.endpoint import ROOT, EndpointProcess
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

APP = "tests.doors.sealed:app"
WITH_CODEC = ("--codec", "tests.doors.sealed:CODEC")
KEYS = {"AWAKEN_CALLBACK_KEYS": "a:" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}


def ask(doors: Setup, directory: Path, handler: str) -> tuple[str, str, str]:
    """Return invocation, awakeable and link."""
    path = directory / f"waits-{len(list(directory.glob('waits-*')))}"
    path.touch()
    body = CODEC.encode(json.dumps(str(path)).encode())
    sent = doors.client.ingress.post(f"/Sealed/{handler}/send", content=body, headers=JSON)
    awakeable, link = eventually(path.read_text, what="the awakeable").split()
    invocation = sent.json()["invocationId"]
    # Handlers hand ids out while their commands are on the way; until then nobody knows that answers are encoded.
    timer = f"SELECT name FROM sys_journal WHERE id = '{invocation}' AND entry_type = 'Command: Sleep'"
    eventually(lambda: link == "-" or doors.client.query(timer), what="the callback in the journal")
    return invocation, awakeable, link


JSON = {"content-type": "application/json"}


def result(doors: Setup, invocation: str) -> Any:
    answer = doors.client.ingress.get(f"/restate/invocation/{invocation}/attach")
    return json.loads(asyncio.run(CODEC.decode(answer.content)))


@contextmanager
def application_at(doors: Setup, directory: Path) -> Iterator[None]:
    url = {"AWAKEN_CALLBACK_URL": f"{doors.ingress_url}/restate/callbacks"}
    endpoint = EndpointProcess(directory, APP, environment=KEYS | url)
    try:
        endpoint.start()
        doors.client.register(endpoint.url, use_http_11=False)
        yield
    finally:
        endpoint.kill()


@contextmanager
def gateway_to(doors: Setup, directory: Path, *options: str) -> Iterator[str]:
    """Start a gateway and return its address."""
    address = f"127.0.0.1:{free_port()}"
    urls = ("--ingress", doors.ingress_url, "--admin", doors.admin_url, "--grpc", address)
    command = [sys.executable, "-m", "awaken.cli", "gateway", *urls, *options]
    process = Process(command, log=directory / "gateway.log", cwd=ROOT, env={"PYTHONUNBUFFERED": "1"})
    process.start()
    try:
        eventually(lambda: is_listening(int(address.rpartition(":")[2])), what="the gateway")
        yield address
        assert "Traceback" not in process.log
    finally:
        process.kill()


def resolve(directory: Path, code: int, *arguments: str) -> str:
    """Run `awaken resolve`, and return what it printed."""
    command = [sys.executable, "-m", "awaken.cli", "resolve", *arguments]
    process = Process(command, log=directory / "resolve.log", cwd=ROOT, env={})
    process.start()
    assert process.wait(within=30) == code, process.log
    return process.log


@pytest.mark.parametrize("options", [(), WITH_CODEC])
def test_answers_are_encoded_or_refused(
    open_doors: OpenDoors, tmp_path: Path, options: tuple[str, ...]
) -> None:
    is_able = bool(options)
    with (
        open_doors("runtime", *options, environment=KEYS, is_served=False) as doors,
        application_at(doors, tmp_path),
        gateway_to(doors, tmp_path, *options) as gateway,
    ):
        for address in (doors.grpc, gateway):
            invocation, awakeable, _ = ask(doors, tmp_path, "ask")
            with connect_control_sync(address) as control:
                if not is_able:
                    with pytest.raises(grpc.RpcError) as refused:
                        control.resolve(awakeable, b"true")
                    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
                    assert "journal value codec" in str(refused.value)
                    control.resolve(awakeable, CODEC.encode(b"true"), encoded=True)
                else:
                    control.resolve(awakeable, b"true")
            assert result(doors, invocation) is True

        invocation, awakeable, link = ask(doors, tmp_path, "ask")
        page = httpx.get(f"{doors.inbox_url}/awakeables/{awakeable}")
        by_ingress = doors.client.resolve(awakeable, b"true") if is_able else None
        answered = httpx.post(link, content=b"true", headers=JSON)
        if by_ingress is not None:
            assert (page.status_code, by_ingress.status_code, answered.status_code) == (200, 400, 200)
        else:
            assert (page.status_code, answered.status_code) == (501, 501)
            doors.client.resolve(awakeable, CODEC.encode(b"true"))
        assert result(doors, invocation) is True

        if not is_able:
            invocation, awakeable, _ = ask(doors, tmp_path, "ask")
            (tmp_path / "value").write_bytes(CODEC.encode(b"true"))
            urls = ("--ingress", doors.ingress_url, "--admin", doors.admin_url)
            assert "journal value codec" in resolve(tmp_path, 1, awakeable, "--json", "true", *urls)
            resolve(tmp_path, 0, awakeable, "--file", str(tmp_path / "value"), "--encoded", *urls)
            assert result(doors, invocation) is True

        for address in (
            (doors.grpc, gateway) if is_able else ()
        ):  # plain ones have no description that says so
            invocation, awakeable, _ = ask(doors, tmp_path, "wait")
            with connect_control_sync(address) as control:
                control.resolve(awakeable, b'{"a": 1}')
            assert result(doors, invocation) == {"a": 1}


@pytest.mark.parametrize(("codec", "code"), [("tests.doors.sealed:MARK", 1), ("x", 2)])
def test_codec_that_is_none_is_told_at_the_start(tmp_path: Path, codec: str, code: int) -> None:
    command = [sys.executable, "-m", "awaken.cli", "gateway", "--grpc", "127.0.0.1:0", "--codec", codec]
    process = Process(command, log=tmp_path / "gateway.log", cwd=ROOT, env={})
    process.start()

    assert process.wait(within=30) == code
    assert process.log.startswith("error: ")
    assert "Traceback" not in process.log
