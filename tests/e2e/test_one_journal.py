"""One result, given in five ways: the handler's journal is the same for all of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.callbacks import create_callback_app
from awaken.control.client import connect_control
from awaken.control.remote import connect_runtime

from tests.e2e.effects import Effects
from tests.e2e.gateway import Gateway
from tests.e2e.services.callbacks import SETTINGS
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.timeout(60)
ANSWER = {"approved": True, "amount": 300, "cost": "office", "comment": "fine"}
BODY = json.dumps(ANSWER).encode()


async def give(way: str, lane: Lane, folder: Path, awakeable: str, path: str) -> None:
    """Answer in one of the five ways."""
    if way == "http":
        lane.client.resolve(awakeable, BODY)
    elif way == "sdk":
        lane.client.call("Resolving/resolve", {"id": awakeable, "value": ANSWER})
    elif way == "grpc":
        with Gateway(lane, folder) as gateway:
            async with connect_control(gateway.address) as control:
                await control.resolve(awakeable, BODY, timeout=10)
    else:
        runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
        transport = httpx.ASGITransport(create_callback_app(settings=SETTINGS, operations=runtime))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            if way == "link":
                answered = await browser.post(
                    path, content=BODY, headers={"content-type": "application/json"}
                )
            else:
                form = re.search(r'name="form" value="(\w+)"', (await browser.get(path)).text)
                assert form is not None
                fields = {f"field.{name}": str(value) for name, value in ANSWER.items()}
                data = {"do": "resolve", "form": form.group(1), **fields, "field.approved": "true"}
                answered = await browser.post(path, data=data)
        await runtime.close()
        assert answered.status_code == 200, answered.text


def entry_types(lane: Lane, invocation: str) -> list[str]:
    rows = lane.client.query(f"SELECT entry_type FROM sys_journal WHERE id = '{invocation}'")
    return [row["entry_type"] for row in rows]


async def journal_after(way: str, lane: Lane, folder: Path) -> list[tuple[Any, ...]]:
    """Return type, name and content of each entry of an invocation that was answered like this."""
    effects = Effects(folder / "effects")
    invocation = lane.client.send("Callbacks/decide", effects.path)
    awakeable, url = effects.wait_for_one("link").split()
    lane.client.wait_for_status(invocation, lane.waiting)
    # The link is known while the run is still executing: the answer must not overtake its result.
    eventually(lambda: "Notification: Run" in entry_types(lane, invocation), what="the result of the run")
    await give(way, lane, folder, awakeable, url.removeprefix("http://localhost/callbacks"))
    assert lane.client.attach(invocation) == "True 300 office fine"
    rows = lane.client.query(
        f"SELECT entry_type, name, entry_json FROM sys_journal WHERE id = '{invocation}' ORDER BY \"index\""
    )
    # Only the effects' file in the input and the time of the timer may differ; all other bytes must be the same.
    return [
        (row["entry_type"], row.get("name"), row["entry_json"])
        for row in rows
        if row["entry_type"] not in ("Command: Input", "Command: Sleep")
    ]


async def test_every_way_writes_the_same_journal(lane: Lane, tmp_path: Path) -> None:
    ways = ("http", "sdk", "grpc", "link", "page")

    folders = {way: tmp_path / way for way in ways}
    for folder in folders.values():
        folder.mkdir()
    journals = {way: await journal_after(way, lane, folders[way]) for way in ways}

    assert [entry[0] for entry in journals["http"]] == [
        "Command: Run",
        "Notification: Run",
        "Notification: Signal",
        "Command: Output",
    ]
    assert journals == dict.fromkeys(ways, journals["http"])
