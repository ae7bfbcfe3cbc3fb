"""Clicks in Slack at `--callbacks`: only what Slack signed is heard, and half a set-up does not start."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from tests.doors.conftest import KINDS
from tests.e2e.processes import free_port
from tests.fake_slack import SECRET, TOKEN, FakeSlack, signed, user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.conftest import OpenDoors

KEYS: Final = {"AWAKEN_CALLBACK_KEYS": f"test:{base64.b64encode(b'k' * 32).decode()}"}
CLICK: Final = {
    "ts": "1.1",
    "channel": "D0001",
    "text": "Pay?",
    "blocks": [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "awaken_approve",
                    "text": {"text": "Approve"},
                    "value": "forged",
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_slack_signed_is_heard(open_doors: OpenDoors, kind: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    with FakeSlack([user("U0001", "lead@example.com")]) as workspace:
        environment = {
            **KEYS,
            "AWAKEN_CALLBACK_URL": "https://links.example.org",
            "AWAKEN_SLACK_TOKEN": TOKEN,
            "AWAKEN_SLACK_SIGNING_SECRET": SECRET,
            "AWAKEN_SLACK_URL": workspace.url,
        }
        body = workspace.click(CLICK, "Approve", "U0001")
        with open_doors(kind, "--callbacks", address, environment=environment):
            url = f"http://{address}/slack"
            # As Slack sends it through a proxy: another Host, and no Origin.
            heard = httpx.post(url, content=body, headers={**signed(body), "host": "links.example.org"})
            old = httpx.post(url, content=body, headers=signed(body, at_s=time.time() - 301))
            other = httpx.post(url, content=body, headers=signed(body, secret="x" * 32))
            rebound = httpx.post(url, content=body, headers={**signed(body), "host": "evil.example"})
            of_a_page = httpx.post(
                url, content=body, headers={**signed(body), "origin": "https://evil.example"}
            )
            opened = httpx.get(url)

    assert heard.status_code == 200
    assert [one["text"] for one in workspace.responses] == ["This message is not known here any more."]
    assert (old.status_code, other.status_code) == (401, 401)
    assert (rebound.status_code, of_a_page.status_code) == (403, 403)
    assert opened.status_code == 401, "it is a link that nobody signed"


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_secret_there_is_no_route(open_doors: OpenDoors, kind: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    with open_doors(kind, "--callbacks", address, environment=KEYS):
        answered = httpx.post(f"http://{address}/slack", content=b"payload=1", headers=signed(b"payload=1"))

    assert answered.status_code == 401


@pytest.mark.parametrize("command", [("dev", "tests.doors.application:app"), ("runtime",), ("gateway",)])
@pytest.mark.parametrize("given", ["AWAKEN_SLACK_TOKEN", "AWAKEN_SLACK_SIGNING_SECRET"])
def test_half_a_set_up_does_not_start(command: tuple[str, ...], given: str, tmp_path: Path) -> None:
    options = ["--callbacks", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
    if command[0] != "gateway":
        options += ["--data-dir", str(tmp_path), "--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0"]

    ended = subprocess.run(
        [sys.executable, "-m", "awaken.cli", *command, *options],
        env={**KEYS, given: "secret-value"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode == 1
    assert f"{given} is set and " in " ".join(ended.stderr.split())
    assert "secret-value" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
