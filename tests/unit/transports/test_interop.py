"""Third-party clients: httpx, curl, and h2spec, the conformance suite."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme
from awaken.transports import limits
from awaken.transports.server.server import make_tls_context

from tests.unit.transports.receivers import Acceptor, Echo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.transports.server.server import Server

    Start = Callable[..., Awaitable[Server]]


class Talker(Echo):
    """Answers with a body, as some cases of h2spec need to see DATA, or to keep it waiting."""

    def receive_end(self) -> None:
        self.answer(body=b"something to be held back by flow control")


TOOLS = Path(__file__).parents[3] / ".tools"
H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"


async def execute(*command: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(25):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output


def url_of(server: Server, scheme: str = "http") -> str:
    host, port = server.address
    return f"{scheme}://{host}:{port}/x"


@pytest.mark.parametrize("http2", [False, True])
async def test_httpx_is_answered(start: Start, http2: bool) -> None:
    acceptor = Acceptor(Echo)
    server = await start(acceptor)

    async with httpx.AsyncClient(http1=not http2, http2=http2, trust_env=False) as client:
        responses = [await client.post(url_of(server), content=b"x" * size) for size in (0, 10, 300_000)]

    assert [len(response.content) for response in responses] == [0, 10, 300_000]
    assert {response.http_version for response in responses} == {"HTTP/2" if http2 else "HTTP/1.1"}


@pytest.mark.parametrize(
    ("option", "version"), [("--http2-prior-knowledge", "2"), ("--http1.1", "1.1"), ("--http2", "1.1")]
)
async def test_curl_is_answered(start: Start, option: str, version: str) -> None:
    curl = shutil.which("curl")
    assert curl, "this test needs curl on the PATH"
    server = await start(Echo)

    code, output = await execute(
        curl, "--silent", "--show-error", "--max-time", "10", option, "--data", "body",
        "--write-out", " over %{http_version} %{http_code}", url_of(server),
    )  # fmt: skip

    assert (code, output) == (0, f"body over {version} 200".encode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A certificate for 127.0.0.1, its key, and the authority that issued it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key, authority = folder / "cert.pem", folder / "key.pem", folder / "authority.pem"
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(authority)
    issued = issuer.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(key)
    for link in issued.cert_chain_pems:
        link.write_to_path(certificate, append=True)
    return certificate, key, authority


async def test_tls_handshake_that_is_never_finished_is_closed(
    start: Start, certificate: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OPENING_TIMEOUT", 0.05)
    server = await start(Echo, tls=make_tls_context(*certificate[:2]))
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(b"\x16\x03\x01\x02\x00")  # a record's head, of a ClientHello that does not follow

    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
async def test_tls_negotiates_the_version(
    start: Start, certificate: tuple[Path, Path, Path], version: str
) -> None:
    import ssl

    server = await start(Echo, tls=make_tls_context(*certificate[:2]))
    trust = ssl.create_default_context(cafile=certificate[2])

    async with httpx.AsyncClient(verify=trust, http2=version == "HTTP/2", trust_env=False) as client:
        response = await client.post(url_of(server, "https"), content=b"secret" * 50_000)

    assert response.http_version == version
    assert response.content == b"secret" * 50_000


@pytest.fixture(scope="session")
def h2spec() -> Path:
    """The h2spec binary, built once by the Go toolchain; a machine without either fails, it does not skip."""
    binary = TOOLS / "h2spec"
    if not binary.exists():
        go = shutil.which("go")
        assert go, f"this test needs Go on the PATH, or the h2spec binary at {binary}"
        TOOLS.mkdir(exist_ok=True)
        command = ["env", f"GOBIN={TOOLS}", go, "install", H2SPEC]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    return binary


@pytest.mark.h2spec
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_h2spec_passes_completely(start: Start, h2spec: Path) -> None:
    server = await start(Talker)
    host, port = server.address

    code, output = await execute(
        str(h2spec), "--host", host, "--port", str(port), "--strict", "--timeout", "3"
    )

    assert code == 0, output.decode()
    assert b"146 tests, 146 passed, 0 skipped, 0 failed" in output
