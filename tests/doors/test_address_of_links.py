"""Links on an address of their own: it can be published, because nothing else is there."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from awaken import _core
from awaken.links import Link, LinkSigner, name_of_type

from tests.doors.conftest import KINDS
from tests.e2e.processes import free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

KEY: Final = b"k" * 32
KEYS: Final = {"AWAKEN_CALLBACK_KEYS": f"test:{base64.b64encode(KEY).decode()}"}
PREFIX: Final = "/restate/callbacks"


def wait(doors: Setup) -> tuple[str, str, str]:
    """Return an invocation, its pending awakeable, and the token of a link to it."""
    invocation = doors.client.send("Waiting/wait")
    doors.client.wait_for_status(invocation, ("suspended", "running"))
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    link = Link(awakeable, "approve?", name_of_type(bool), time.time_ns() // 1_000_000 + 60_000)
    return invocation, awakeable, LinkSigner({"test": KEY}).sign(link)


@pytest.mark.parametrize("kind", KINDS)
def test_links_alone_are_on_their_address(open_doors: OpenDoors, kind: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    with open_doors(kind, "--callbacks", address, environment=KEYS) as doors:
        invocation, awakeable, token = wait(doors)
        others = [
            ("POST", "/Greeter/greet"),
            ("POST", f"/restate/awakeables/{awakeable}/resolve"),
            ("GET", f"/restate/invocation/{invocation}/output"),
            ("GET", "/restate/health"),
            ("POST", "/query"),
            ("GET", "/services"),
            ("GET", "/awakeables"),
            ("PATCH", f"/invocations/{invocation}/kill"),
            ("GET", "/ui/"),
            ("GET", "/"),
        ]

        unserved = [
            httpx.request(method, f"http://{address}{path}", json=True, follow_redirects=True)
            for method, path in others
        ]
        health = httpx.get(f"http://{address}/health", headers={"host": "balancer.internal"})
        rebound = httpx.get(f"http://{address}/{token}", headers={"host": "evil.example"})
        beside = [httpx.get(f"{url}{PREFIX}/{token}") for url in doors.own_urls]
        opened = [httpx.get(f"http://{address}{prefix}/{token}") for prefix in (PREFIX, "")]
        answered = httpx.post(f"http://{address}/{token}", json=True)
        result = doors.client.attach(invocation)

    assert f"links on http://{address}{PREFIX}\n" in doors.log
    assert {answer.status_code for answer in unserved} <= {401, 404, 405}
    assert (health.status_code, health.text) == (200, "ok\n")
    assert rebound.status_code == 403
    assert {answer.status_code for answer in beside} == {404}
    assert {answer.status_code for answer in opened} == {200}
    assert (answered.status_code, result) == (200, True)


def test_links_of_handlers_lead_there(open_doors: OpenDoors, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    path = tmp_path / "link"
    options = ("--token", "all:secret", "--callbacks", address)
    with open_doors("dev", *options) as doors:
        called = {"authorization": "Bearer secret"}
        sent = httpx.post(f"{doors.ingress_url}/Waiting/ask/send", json=str(path), headers=called)
        link = eventually(lambda: path.read_text() if path.exists() else "", what="the link")
        answered = httpx.post(link, json=True)
        result = httpx.get(
            f"{doors.ingress_url}/restate/invocation/{sent.json()['invocationId']}/attach", headers=called
        )

    assert link.startswith(f"http://{address}{PREFIX}/")
    assert answered.status_code == 200, "who has a link needs no token"
    assert result.json() is True


def test_links_lead_to_the_public_address(open_doors: OpenDoors, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    path = tmp_path / "link"
    environment = {"AWAKEN_CALLBACK_BIND": address, "AWAKEN_CALLBACK_URL": "https://links.example.org"}
    with open_doors("dev", environment=environment) as doors:
        doors.client.send("Waiting/ask", str(path))
        link = eventually(lambda: path.read_text() if path.exists() else "", what="the link")
        here = f"http://{address}{link.removeprefix('https://links.example.org')}"
        host = {"host": "links.example.org"}
        page = httpx.get(here, headers=host)
        form = {"form": page.text.partition('name="form" value="')[2].partition('"')[0], "do": "reject"}
        at_home = {
            "origin": "https://links.example.org",
            "sec-fetch-site": "same-origin",
            "cookie": page.headers["set-cookie"].partition(";")[0],
        }
        # A proxy may keep the Host, or put its own in place.
        answers = [httpx.post(here, data=form, headers={**at_home, **kept}) for kept in (host, {})]
        at_ingress = httpx.get(f"{doors.ingress_url}/restate/health", headers=host)

    assert link.startswith("https://links.example.org/")
    assert page.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 409]
    assert at_ingress.status_code == 403, "the name of the links is no name of the ingress"


@pytest.mark.parametrize("kind", ["runtime", "gateway"])
@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            None,
            "error: --callbacks needs the keys of links that handlers make in other processes; set AWAKEN_",
        ),
        ("secret", "error: AWAKEN_CALLBACK_KEYS: key 1 is not written as ID:BASE64"),
    ],
)
def test_keys_are_needed_where_no_handlers_are(
    kind: str, keys: str | None, message: str, tmp_path: Path
) -> None:
    environment = {"AWAKEN_CALLBACK_KEYS": keys} if keys else {}
    command = [sys.executable, "-m", "awaken.cli", kind, "--callbacks", "127.0.0.1:0"]

    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=20
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(message)
    assert not (tmp_path / ".awaken").exists()


def test_address_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        ended = subprocess.run(
            [sys.executable, "-m", "awaken.cli", "gateway", "--grpc", "127.0.0.1:0", "--callbacks", address],
            cwd=tmp_path,
            env=KEYS,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "--callbacks" in ended.stderr
