"""The life of a serving process: its first line, signals, workers, its exit code."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.serve import run

from tests.unit.transports.receivers import Greeter, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

APP = Path(__file__).with_name("app.py")

pytestmark = pytest.mark.slow


class Program:
    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    def signal(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    async def exit_code(self) -> int:
        async with asyncio.timeout(25):
            return await self.process.wait()

    async def stderr(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def program(workers: int = 1, grace: float = 5) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(APP),
        str(workers),
        str(grace),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(25):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("awaken: listening on http://127.0.0.1:"), await _rest(process)
        yield Program(process, line.split()[-1])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _rest(process: asyncio.subprocess.Process) -> str:
    process.kill()
    _, stderr = await process.communicate()
    return stderr.decode()


def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(http1=False, http2=True, trust_env=False, timeout=10)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
async def test_signal_ends_an_idle_process_with_0(signum: signal.Signals, workers: int) -> None:
    async with program(workers) as served:
        async with client() as http:
            assert (await http.get(served.url + "/pid")).status_code == 200

        served.signal(signum)

        assert await served.exit_code() == 0
        assert "Traceback" not in await served.stderr()


@pytest.mark.parametrize("workers", [1, 2])
async def test_stream_that_winds_up_is_complete_and_the_exit_code_0(workers: int) -> None:
    async with program(workers) as served, client() as http:
        async with http.stream("GET", served.url + "/until-drain") as response:
            body = response.aiter_raw()
            first = await anext(body)
            served.signal(signal.SIGTERM)
            rest = b"".join([chunk async for chunk in body])

        assert (first[-1:], rest) == (b"\n", b"wound up")
        assert await served.exit_code() == 0


async def test_stream_that_never_ends_is_reset_after_the_grace_period() -> None:
    curl = shutil.which("curl")
    assert curl, "this test needs curl on the PATH"
    async with program(grace=0.3) as served:
        # Not httpx: it gives a stream up as soon as it sees GOAWAY.
        peer = await asyncio.create_subprocess_exec(
            curl, "--silent", "--no-buffer", "--http2-prior-knowledge", served.url + "/never",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert peer.stdout is not None
        await peer.stdout.readline()
        served.signal(signal.SIGTERM)

        assert await served.exit_code() == 0
        assert await peer.wait() != 0
        assert "1 exchanges did not end within 0:00:00.300000: reset" in await served.stderr()


async def test_port_is_closed_during_the_drain() -> None:
    async with (
        program(grace=5) as served,
        client() as http,
        http.stream("GET", served.url + "/never") as response,
    ):
        await anext(response.aiter_raw())
        served.signal(signal.SIGTERM)
        await port_is_closed(served.url)
        assert served.process.returncode is None


async def port_is_closed(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    async with asyncio.timeout(25):
        while True:
            with suppress(ConnectionResetError):  # it was in the backlog of the port that closed
                try:
                    _, writer = await asyncio.open_connection(host, int(port))
                except ConnectionRefusedError:
                    return
                writer.close()
                await writer.wait_closed()


async def test_second_signal_ends_at_once() -> None:
    async with program(grace=60) as served, client() as http:
        async with http.stream("GET", served.url + "/never") as response:
            body = response.aiter_raw()
            await anext(body)
            served.signal(signal.SIGTERM)
            await port_is_closed(served.url)  # two signals of one kind that are pending are one
            served.signal(signal.SIGTERM)
            with pytest.raises(httpx.TransportError):
                await anext(body)

        assert await served.exit_code() == -signal.SIGTERM


async def pids(url: str, count: int) -> set[int]:
    """Connect anew until `count` processes have answered."""
    found: set[int] = set()
    async with asyncio.timeout(25):
        while len(found) < count:
            async with client() as http:
                try:
                    found.add(int((await http.get(url + "/pid")).text))
                except httpx.TransportError:
                    continue  # it reached the one that died
    return found


async def test_workers_share_the_port_and_a_dead_one_is_replaced() -> None:
    async with program(workers=2) as served:
        before = await pids(served.url, 2)
        victim = min(before)
        assert served.process.pid not in before

        os.kill(victim, signal.SIGKILL)
        async with asyncio.timeout(25):
            while len(after := await pids(served.url, 2)) < 2 or victim in after:
                pass

        assert len(after & before) == 1
        served.signal(signal.SIGTERM)
        assert await served.exit_code() == 0
        assert (
            f"worker {victim} was ended by SIGKILL; the runtime repeats its attempts; another one starts in 0.1 s"
            in await served.stderr()
        )


async def test_signal_that_reaches_workers_as_well_is_still_the_first() -> None:
    async with program(workers=2) as served, client() as http:
        async with http.stream("GET", served.url + "/until-drain") as response:
            body = response.aiter_raw()
            worker = int(await anext(body))
            served.signal(signal.SIGTERM)
            os.kill(worker, signal.SIGTERM)
            rest = b"".join([chunk async for chunk in body])

        assert rest == b"wound up"
        assert await served.exit_code() == 0
        assert "ended" not in await served.stderr()


async def test_second_signal_ends_workers_at_once() -> None:
    async with program(workers=2, grace=60) as served, client() as http:
        async with http.stream("GET", served.url + "/never") as response:
            body = response.aiter_raw()
            worker = int(await anext(body))
            served.signal(signal.SIGTERM)
            await port_is_closed(served.url)  # two signals of one kind that are pending are one
            os.kill(worker, signal.SIGTERM)  # as a terminal does, to all of its group
            await asyncio.sleep(0.2)
            assert is_alive(worker)
            served.signal(signal.SIGTERM)
            await wait_until(lambda: not is_alive(worker))

        assert await served.exit_code() == 0


async def test_second_signal_to_the_parent_alone_ends_workers() -> None:
    """As in a container, where nothing else gets the signal."""
    async with program(workers=2, grace=60) as served, client() as http:
        async with http.stream("GET", served.url + "/never") as response:
            worker = int(await anext(response.aiter_raw()))
            served.signal(signal.SIGTERM)
            await port_is_closed(served.url)
            assert is_alive(worker)
            served.signal(signal.SIGTERM)
            await wait_until(lambda: not is_alive(worker))

        assert await served.exit_code() == 0


async def test_workers_stop_when_their_parent_is_gone() -> None:
    async with program(workers=2) as served:
        workers = await pids(served.url, 2)

        served.process.kill()
        await served.process.wait()

        # Would time out if a worker outlived its parent.
        await wait_until(lambda: not any(is_alive(pid) for pid in workers))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_run_refuses_options_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="workers is 0: at least 1 is needed"):
        run(Greeter, port=0, workers=0)
    with pytest.raises(ValueError, match=r"tls_cert is cert\.pem, tls_key is None"):
        run(Greeter, port=0, tls_cert="cert.pem")
