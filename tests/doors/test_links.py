"""Links: what several pages, half-filled forms, late answers and hostile requests do to them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc

from tests.e2e.processes import Process
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

pytestmark = pytest.mark.on("dev")
VERDICT = {"field.approved": "false", "field.amount": "3", "field.comment": "fine"}
ANSWER = {"approved": True, "amount": 1}
JSON = {"content-type": "application/json"}


class Asked(NamedTuple):
    """A handler that waits for a verdict."""

    invocation: str
    awakeable: str
    url: str


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20) as client:
        yield client


def ask(doors: Setup, directory: Path, **more: object) -> Asked:
    path = directory / f"link-{len(list(directory.glob('link-*')))}"
    path.touch()
    invocation = doors.client.send("Waiting/judge", {"path": str(path), **more})
    text = eventually(path.read_text, what="the link")
    # Handlers hand links out while their commands are on the way; until then the type is known to the link alone.
    timer = f"SELECT name FROM sys_journal WHERE id = '{invocation}' AND entry_type = 'Command: Sleep'"
    eventually(lambda: doors.client.query(timer), what="the callback in the journal")
    return Asked(invocation, *text.split())


def token_in(page: httpx.Response) -> str:
    return page.text.partition('name="form" value="')[2].partition('"')[0]


def fill(browser: httpx.Client, url: str, page: httpx.Response, **change: str | None) -> httpx.Response:
    """Send the form of a page, with fields replaced, or left out where they are None."""
    fields = {"form": token_in(page), "do": "resolve"} | VERDICT | change
    return browser.post(url, data={name: value for name, value in fields.items() if value is not None})


@pytest.mark.parametrize("is_reversed", [False, True])
def test_links_that_are_open_at_once_do_not_touch_each_other(
    doors: Setup, browser: httpx.Client, tmp_path: Path, *, is_reversed: bool
) -> None:
    asked = [ask(doors, tmp_path) for _ in range(3)]
    pages = [(one, browser.get(one.url)) for one in asked]
    pages += [(one, browser.get(one.url)) for one in asked]  # each a second time
    order = pages[2::-1] if is_reversed else pages[:3]

    sent = [fill(browser, one.url, page) for one, page in order]

    assert [answer.status_code for answer in sent] == [200] * 3
    assert [doors.client.attach(one.invocation) for one in asked] == ["False 3 fine"] * 3


def test_cookie_belongs_to_one_link(doors: Setup, browser: httpx.Client, tmp_path: Path) -> None:
    one, other = ask(doors, tmp_path), ask(doors, tmp_path)

    first, second = browser.get(one.url), browser.get(other.url)
    swapped = fill(browser, other.url, first)

    cookies = [page.headers["set-cookie"] for page in (first, second)]
    assert cookies[0].partition("=")[0] != cookies[1].partition("=")[0]
    for cookie, asked in zip(cookies, (one, other), strict=True):
        assert f"Path={urlsplit(asked.url).path};" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
    assert "cookie" not in browser.build_request("GET", doors.ingress_url).headers
    assert swapped.status_code == 403


def test_public_address_tells_what_browsers_know(
    open_doors: OpenDoors, browser: httpx.Client, tmp_path: Path
) -> None:
    """A proxy ends TLS, and knows the links under another path."""
    public = {"AWAKEN_CALLBACK_URL": "https://pay.example.org/answers"}
    with open_doors("dev", environment=public) as doors:
        asked = ask(doors, tmp_path)
        token = asked.url.rpartition("/")[2]

        page = browser.get(
            f"{doors.ingress_url}/restate/callbacks/{token}", headers={"host": "pay.example.org"}
        )

        cookies = page.headers.get_list("set-cookie")
        assert asked.url == f"https://pay.example.org/answers/{token}"
        assert [cookie.partition("Path=")[2].partition(";")[0] for cookie in cookies] == [
            f"/answers/{token}",
            f"/restate/callbacks/{token}",
        ]
        assert all("Secure" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"field.approved": None}, "choose yes or no"),
        ({"field.approved": ""}, "choose yes or no"),
        ({"field.approved": "on"}, "is not yes or no"),
        ({"field.amount": None}, "is missing"),
        ({"field.amount": ""}, "is missing"),
        ({"field.amount": "1.5"}, "is not a whole number"),
        ({"do": None}, "press one of the two buttons"),
        ({"do": "resolve "}, "press one of the two buttons"),
        ({"do": "reject", "reason": "x" * 1001}, "1001 characters"),
    ],
)
def test_what_a_form_does_not_say_is_asked_again(
    doors: Setup, browser: httpx.Client, tmp_path: Path, change: dict[str, str | None], problem: str
) -> None:
    asked = ask(doors, tmp_path)

    again = fill(browser, asked.url, browser.get(asked.url), **change)

    assert (again.status_code, problem in again.text) == (422, True)
    assert ">\nfine</textarea>" in again.text
    assert not doors.client.is_completed(asked.invocation)
    assert fill(browser, asked.url, again).status_code == 200
    assert doors.client.attach(asked.invocation) == "False 3 fine"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"do=resolve&do=reject", b"&".join(b"f%d=" % n for n in range(5000)), b"a=%ff", b"[]"],
)
def test_bodies_that_are_no_form_change_nothing(
    doors: Setup, browser: httpx.Client, tmp_path: Path, body: bytes
) -> None:
    asked = ask(doors, tmp_path)
    browser.get(asked.url)

    answered = browser.post(
        asked.url, content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answered.status_code in (400, 403)
    assert not doors.client.is_completed(asked.invocation)


def test_link_says_on_opening_what_became_of_it(doors: Setup, browser: httpx.Client, tmp_path: Path) -> None:
    answered, killed, purged, expired = (
        *(ask(doors, tmp_path) for _ in range(3)),
        ask(doors, tmp_path, seconds=0.5),
    )
    before = browser.get(answered.url)
    browser.post(answered.url, json=ANSWER)
    for one in (killed, purged):
        doors.client.kill(one.invocation)
        doors.client.wait_for_status(one.invocation, ("completed",))
    doors.client.admin.patch(f"/invocations/{purged.invocation}/purge").raise_for_status()
    assert doors.client.attach(expired.invocation) == "too late"

    pages = {
        name: browser.get(url)
        for name, (_, _, url) in {
            "answered": answered,
            "killed": killed,
            "purged": purged,
            "expired": expired,
        }.items()
    }

    assert before.status_code == 200
    assert {name: page.status_code for name, page in pages.items()} == {
        "answered": 409,
        "killed": 410,
        "purged": 410,
        "expired": 410,
    }
    assert not [page for page in pages.values() if "<form" in page.text or "set-cookie" in page.headers]
    assert all("Pay?" in page.text for page in pages.values())
    assert "There is an answer already" in pages["answered"].text
    assert fill(browser, answered.url, before).status_code == 409


@pytest.mark.parametrize("name", ["x" * 500, "<script>alert(1)</script>", "\n\0\x1b[31m\u202e", "😀" * 125])
def test_name_of_any_characters_has_a_link_that_works(
    doors: Setup, browser: httpx.Client, tmp_path: Path, name: str
) -> None:
    asked = ask(doors, tmp_path, name=name)

    page = browser.get(asked.url)

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "\u202e" not in page.text  # shows what follows backwards
    assert len(asked.url) < 2000
    assert fill(browser, asked.url, page).status_code == 200


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"name": "x" * 3000}, "has 3000 bytes"),
        ({"name": ""}, "say what you ask for"),
        ({"name": "Pay \ud800?"}, "half of a character"),
        *(({"seconds": wrong}, "expires_in of callback") for wrong in (0, -1, 1e300, 10**12, "soon", True)),
    ],
)
def test_callback_that_no_link_can_carry_is_refused_at_once(
    doors: Setup, tmp_path: Path, more: dict[str, object], problem: str
) -> None:
    body = json.dumps({"path": str(tmp_path / "link"), **more})

    answer = doors.client.ingress.post("/Waiting/judge", content=body, headers=JSON)

    assert answer.json().startswith("refused: ")
    assert problem in answer.json()


@pytest.mark.parametrize("value", ['{"approved": true, "amount": "many"}', "null"])
def test_value_of_another_type_is_refused_by_every_command_and_interface(
    doors: Setup, browser: httpx.Client, tmp_path: Path, value: str
) -> None:
    asked = ask(doors, tmp_path)

    by_http = doors.client.resolve(asked.awakeable, value.encode())
    by_link = browser.post(asked.url, content=value, headers=JSON)
    command = ["resolve", asked.awakeable, "--json", value, "--ingress", doors.ingress_url]
    by_command = run_to_its_end(tmp_path, command, {})
    with grpc.insecure_channel(doors.grpc) as channel:
        stub = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        request = awakeables_pb2.ResolveRequest(id=asked.awakeable, value=value.encode())
        with pytest.raises(grpc.RpcError, match="INVALID_ARGUMENT") as by_grpc:
            stub.Resolve(request, timeout=20)

    assert (by_http.status_code, by_link.status_code) == (400, 422)
    text = by_http.json()["message"]
    assert text.startswith("the answer does not fit its declared type")
    assert text in by_command
    assert text in str(by_grpc.value)
    assert not doors.client.is_completed(asked.invocation)
    doors.client.resolve(asked.awakeable, json.dumps(ANSWER).encode())
    assert doors.client.attach(asked.invocation) == "True 1 "


@pytest.mark.parametrize(
    ("kind", "environment", "problem"),
    [
        ("dev", {"AWAKEN_CALLBACK_KEYS": "x"}, "AWAKEN_CALLBACK_KEYS"),
        ("serve", {"AWAKEN_CALLBACK_URL": "example.org"}, "AWAKEN_CALLBACK_URL"),
        ("dev", {}, "callback.key has 0 bytes"),
        ("dev", {"AWAKEN_PAGES_COLOR": "teal"}, "AWAKEN_PAGES_COLOR is 'teal'"),
        ("runtime", {"AWAKEN_PAGES_LOGO": "missing.png"}, "AWAKEN_PAGES_LOGO: cannot read missing.png"),
        ("gateway", {"AWAKEN_PAGES_NAME": "x" * 61}, "AWAKEN_PAGES_NAME is"),
    ],
)
def test_settings_that_cannot_work_are_one_line_at_the_start(
    tmp_path: Path, kind: str, environment: dict[str, str], problem: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "callback.key").touch()
    app = ["tests.doors.application:app"] if kind in ("dev", "serve") else []
    free = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grpc", "off", "--data-dir", str(data))
    places = {
        "serve": ["--bind", "127.0.0.1:0"],
        "gateway": ["--grpc", "127.0.0.1:0", "--inbox", "127.0.0.1:0"],
    }.get(kind, [*free])

    ended = run_to_its_end(tmp_path, [kind, *app, *places], environment)

    assert ended.startswith("error: ")
    assert problem in ended
    assert ended.count("\n") == 1


def run_to_its_end(directory: Path, arguments: list[str], environment: dict[str, str]) -> str:
    """Return what a command printed that has to fail."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "awaken.cli", *arguments]
    process = Process(command, log=directory / "command.log", cwd=root, env=environment)
    process.start()
    assert process.wait(within=30) == 1
    return process.log
