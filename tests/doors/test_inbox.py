"""Handlers that disguise what they wait for, and what the inbox and the lists make of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from awaken import _core
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc
from awaken.inbox import create_inbox

from tests.doors.attacks import Attacker, attacks, templates
from tests.e2e.waiting import eventually
from tests.unit.runtime.fakes import FakeOperations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doors.setups import Setup

#: A module of the standard library that prints a poem when it is imported.
POEM = "this"
#: Of the addresses of pages.
PARAMETERS = ("q", "after", "skip", "id", "person", "service", "key", "page", "status", "part", "age", "mine")
SCRIPT = "<script>alert(1)</script>"
EVIL_TYPES = [
    f"{POEM}:s",
    "subprocess:Popen",
    "awaken.cli:dev",
    "pydantic:ImportString",
    SCRIPT,
    ":",
    "x:y:z",
]


def described(**change: Any) -> str:
    return "callback " + json.dumps({"index": 17, "name": "n", "type": "", "labels": {}} | change)


NO_TYPES: list[Any] = [None, 1, {}, "\udfff", "y" * 100_000]
NO_LABELS: list[Any] = [[], 1, {"a": 1}, {"a": "\ud800"}, {"a": "z" * 100_000}]
BROKEN = [
    *("callback {", "callback []", "callback null", "callback 1", "callback " + "[" * 20_000),
    *("callback " + '{"index":' * 5_000, 'callback {"index":' + "9" * 5_000 + "}"),
    *(described(index=wrong) for wrong in (True, -1, 2**64, "17", None, 17.5)),
    *(described(name=wrong) for wrong in (None, 1, ["x"], "\ud800", "x" * 100_000)),
    *(described(type=wrong) for wrong in NO_TYPES),
    *(described(labels=wrong) for wrong in NO_LABELS),
]


def wait_disguised(doors: Setup, names: list[str]) -> awakeables_pb2.Awakeable:
    """Return how an awakeable is listed whose handler named its timers like this."""
    invocation = doors.client.send("Waiting/disguise", names)
    with grpc.insecure_channel(doors.grpc) as channel:
        stub = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        request = awakeables_pb2.ListAwakeablesRequest(service="Waiting", page_size=1000)

        def mine() -> list[awakeables_pb2.Awakeable]:
            listed = stub.List(request, timeout=10).awakeables
            return [one for one in listed if one.invocation_id == invocation]

        (found,) = eventually(mine, within=20, what="the awakeable in the list")
        watched = stub.Watch(awakeables_pb2.WatchAwakeablesRequest(service="Waiting"), timeout=10)
        assert any(event.awakeable.invocation_id == invocation for event in watched)
        assert stub.Get(awakeables_pb2.GetAwakeableRequest(id=found.id), timeout=10).name == found.name
        watched.cancel()
    return found


def pages_of(doors: Setup, found: awakeables_pb2.Awakeable) -> list[str]:
    """Return every page that shows an awakeable; each has to be there."""
    paths = ("/", f"/awakeables/{found.id}", f"/invocations/{found.invocation_id}")
    pages = [httpx.get(f"{doors.inbox_url}{path}", timeout=20) for path in paths]
    if doors.kind != "gateway":
        pages.append(httpx.get(f"{doors.admin_url}/awakeables?limit=1000", timeout=20))
    assert [page.status_code for page in pages] == [200] * len(pages), [page.text[-500:] for page in pages]
    return [page.text for page in pages]


def test_names_that_only_look_like_descriptions_break_no_list_and_no_page(doors: Setup) -> None:
    found = wait_disguised(doors, BROKEN)

    assert (found.name, found.type_name, dict(found.labels)) == ("", "", {})
    pages_of(doors, found)
    for command in ("awakeables list --json-output", f"awakeables show {found.id}"):
        listed = [sys.executable, "-m", "awaken.cli", *command.split(), "--admin", doors.admin_url]
        assert (
            found.id in subprocess.run(listed, check=True, capture_output=True, text=True, timeout=60).stdout
        )
    doors.client.resolve(found.id, b"1")
    assert doors.client.attach(found.invocation_id) == 1


def test_pages_that_are_open_at_once_do_not_touch_each_other(doors: Setup) -> None:
    found = [wait_disguised(doors, [described(name=name, type="bool")]) for name in ("one", "two")]
    urls = [f"{doors.inbox_url}/awakeables/{one.id}" for one in found]
    pages = [httpx.get(url, timeout=20) for url in urls]  # at once: before either cookie arrives
    with httpx.Client(timeout=20) as browser:
        for page in pages:
            browser.cookies.extract_cookies(page)
        forms = [page.text.partition('name="form" value="')[2].partition('"')[0] for page in pages]
        fields = [{"form": form, "do": "resolve", "value": "false"} for form in forms]
        empty = browser.post(urls[1], data=fields[1] | {"value": ""})
        swapped = browser.post(urls[1], data=fields[0])
        sent = [browser.post(url, data=form) for url, form in zip(urls[::-1], fields[::-1], strict=True)]

    assert (empty.status_code, swapped.status_code) == (422, 403)
    assert [answer.status_code for answer in sent] == [303, 303]
    assert [doors.client.attach(one.invocation_id) for one in found] == [False, False]
    cookies = [page.headers["set-cookie"] for page in pages]
    assert all("SameSite=lax" in cookie and "HttpOnly" in cookie for cookie in cookies)


def test_type_that_a_journal_names_is_never_imported(doors: Setup) -> None:
    evil = [described(name=SCRIPT, type=name, labels={SCRIPT: SCRIPT}) for name in EVIL_TYPES]
    waiting = {name: wait_disguised(doors, [one]) for name, one in zip(EVIL_TYPES, evil, strict=True)}

    for type_name, found in waiting.items():
        pages = pages_of(doors, found)
        assert found.type_name == type_name
        assert not [page for page in pages[:3] if "<script>alert" in page]
        assert 'name="value"' in pages[1], "any JSON is taken, and the handler checks it"
        doors.client.resolve(found.id, b"1")
        assert doors.client.attach(found.invocation_id) == 1
    assert "Beautiful is better than ugly" not in doors.log


def routes() -> Iterator[tuple[str, str]]:
    """Yield the routes of the application itself: a new one is attacked as well."""
    for method, path in templates(create_inbox(FakeOperations()).routes):
        if path != "/events":  # it does not end
            yield method, path


@pytest.mark.on("dev", "gateway")
def test_every_route_refuses_every_attack(doors: Setup) -> None:
    failures = []

    with Attacker(doors.inbox_url) as attacker:
        for method, path in routes():
            for attack in attacks(method, path, PARAMETERS):
                answer = attacker.send(attack)
                if answer.status >= 500:
                    failures.append(f"{answer.status} {attack}: {answer.text[-300:]}")

    assert failures == []


def test_streams_of_events_are_not_held_by_other_requests(doors: Setup) -> None:
    with httpx.Client(timeout=20) as browser:
        for headers in ({"accept": "x"}, {"last-event-id": "x" * 5_000}, {"range": "bytes=0-1"}):
            with browser.stream("GET", f"{doors.inbox_url}/events?part=1", headers=headers) as events:
                first = next(line for line in events.iter_lines() if line.startswith("data: "))
            assert events.status_code == httpx.codes.OK
            assert set(json.loads(first.removeprefix("data: "))) >= {"waiting", "changed"}
        refused = browser.post(f"{doors.inbox_url}/events")

    assert refused.status_code == httpx.codes.METHOD_NOT_ALLOWED


@pytest.mark.on("dev", "gateway")
def test_page_of_a_large_journal_stays_small(doors: Setup) -> None:
    """It is read again every second while somebody looks at it."""
    entries, value = 20_000, '"' + "x" * 20_000_000 + '"'
    invocation = doors.client.send("Waiting/busy", entries)
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    eventually(lambda: is_waiting(doors, awakeable), within=60, what="the awakeable")

    waiting = httpx.get(f"{doors.inbox_url}/invocations/{invocation}", timeout=20)
    doors.client.resolve(awakeable, value.encode())
    doors.client.wait_for_status(invocation, ("completed",))
    over = httpx.get(f"{doors.inbox_url}/invocations/{invocation}", timeout=20)
    form = httpx.get(f"{doors.inbox_url}/awakeables/{awakeable}", timeout=20)

    assert (waiting.status_code, over.status_code, form.status_code) == (200, 200, 200)
    assert ("It is recorded" in form.text, "<form method" in form.text) == (True, False)
    assert max(len(page.content) for page in (waiting, over, form)) < 1_000_000
    assert re.search(r"Entries \d{5} to \d{5} of \d{5}", waiting.text)
    assert "timer 19999" in waiting.text
    assert "timer 100<" not in waiting.text


def is_waiting(doors: Setup, awakeable: str) -> bool:
    return httpx.get(f"{doors.inbox_url}/awakeables/{awakeable}", timeout=20).status_code == httpx.codes.OK


@pytest.mark.on("dev")
def test_failures_of_megabytes_do_not_fill_the_lists(doors: Setup) -> None:
    for _ in range(5):
        doors.client.ingress.post("/Greeter/fail/send", json="y" * 2_000_000).raise_for_status()
    sent = doors.client.send("Greeter/fail", "y" * 2_000_000)
    doors.client.wait_for_status(sent, ("completed",))

    pages = [
        httpx.get(f"{doors.inbox_url}{path}", timeout=20) for path in ("/invocations", f"/invocations/{sent}")
    ]

    assert [page.status_code for page in pages] == [200, 200]
    assert max(len(page.content) for page in pages) < 500_000
