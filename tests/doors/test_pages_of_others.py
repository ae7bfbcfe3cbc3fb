"""Pages of other sites, in the browser of somebody who can reach a runtime, neither read nor change anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from awaken import _core

from tests.doors.setups import APP
from tests.doors.sockets import send_raw, status_of
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.conftest import OpenDoors
    from tests.doors.setups import Setup

EVIL: Final = "http://evil.example"
#: What a browser sends with a form of another site, a picture in its page, and a link on it.
FORM: Final = {
    "origin": EVIL,
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "content-type": "text/plain",
}
PICTURE: Final = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
LINK: Final = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
WAITS: Final = ("suspended", "running")

on_a_runtime = pytest.mark.on("dev", "runtime")


def wait(doors: Setup) -> tuple[str, str]:
    """Return an invocation and its awakeable, which is pending."""
    invocation = doors.client.send("Waiting/wait")
    doors.client.wait_for_status(invocation, WAITS)
    return invocation, awakeable_of(invocation)


def awakeable_of(invocation: str) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)


def changes(doors: Setup, invocation: str) -> list[tuple[str, str, Any]]:
    """Return requests that would change something: method, URL, body."""
    resolve = f"{doors.ingress_url}/restate/awakeables/{awakeable_of(invocation)}/resolve"
    state = {"object_key": "k", "new_state": {"value": list(b'"stolen"')}}
    return [
        ("POST", resolve, '"stolen"'),
        ("POST", f"{doors.ingress_url}/Keeper/k/put", '"stolen"'),
        ("POST", f"{doors.ingress_url}/restate/call/Keeper/k/put", '"stolen"'),
        ("POST", f"{doors.ingress_url}/Keeper/k/put/send", '"stolen"'),
        ("PATCH", f"{doors.admin_url}/invocations/{invocation}/kill", None),
        ("DELETE", f"{doors.admin_url}/invocations/{invocation}?mode=kill", None),
        ("POST", f"{doors.admin_url}/services/Keeper/state", state),
        ("POST", f"{doors.admin_url}/query", {"query": "SELECT * FROM sys_invocation"}),
        ("POST", f"{doors.inbox_url}/invocations/{invocation}", "do=kill"),
        ("POST", f"{doors.inbox_url}/awakeables/{awakeable_of(invocation)}", "do=reject"),
    ]


def reads(doors: Setup) -> list[str]:
    """Return addresses that tell something."""
    paths = ("/health", "/version", "/services", "/awakeables", "/deployments")
    return [
        *(f"{doors.ingress_url}/restate/{path}" for path in ("health", "callbacks", "callbacks/x")),
        *(f"{doors.admin_url}{path}" for path in paths),
        f"{doors.inbox_url}/",
        f"{doors.inbox_url}/invocations",
    ]


def send(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    kind = {} if isinstance(body, str) else {"content-type": "application/json"}
    # Without certificates of authorities, which take longer to load than the request.
    return httpx.request(method, url, content=content, headers={**(headers or {}), **kind}, verify=False)


def check_nothing_changed(doors: Setup, invocation: str) -> None:
    assert doors.client.call("Keeper/k/get") is None
    assert doors.client.resolve(awakeable_of(invocation), b'"right"').status_code == httpx.codes.ACCEPTED
    assert doors.client.attach(invocation) == "right"


@on_a_runtime
def test_name_that_was_rebound_reaches_nothing(doors: Setup) -> None:
    invocation, _ = wait(doors)
    rebound = {
        "host": "evil.example:8080",
        "origin": "http://evil.example:8080",
        "sec-fetch-site": "same-origin",
    }

    answers = [send(method, url, body, rebound) for method, url, body in changes(doors, invocation)]
    answers += [send("GET", url, None, {"host": "evil.example"}) for url in reads(doors)]

    assert {answer.status_code for answer in answers} == {403}
    for answer in answers:
        assert '"evil.example"' in answer.text
        assert "--allow-host evil.example" in answer.text
    check_nothing_changed(doors, invocation)


@on_a_runtime
def test_form_of_another_site_changes_nothing(doors: Setup) -> None:
    invocation, _ = wait(doors)
    requests = changes(doors, invocation)

    for origin in (EVIL, "null", "http://6.6.6.6", "http://localhost.evil.example"):
        answers = [send(method, url, body, {**FORM, "origin": origin}) for method, url, body in requests]

        assert {answer.status_code for answer in answers} == {403}
        assert all(f"--allow-origin {origin}" in answer.text for answer in answers)
        assert not any("access-control-allow-origin" in answer.headers for answer in answers)
    check_nothing_changed(doors, invocation)


@on_a_runtime
def test_picture_and_link_of_another_site_invoke_nothing(doors: Setup) -> None:
    count = "SELECT COUNT(1) AS n FROM sys_invocation WHERE target_service_name = 'Waiting'"
    before = doors.client.query(count)

    answers = [
        httpx.get(f"{doors.ingress_url}{path}", headers=headers)
        for path in ("/Waiting/wait/send", "/Waiting/wait", "/restate/send/Waiting/wait")
        for headers in (PICTURE, LINK, {**LINK, "sec-fetch-dest": "iframe"})
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert doors.client.query(count) == before


@on_a_runtime
def test_question_of_another_site_before_a_request_is_refused(doors: Setup) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    url = f"{doors.ingress_url}/Greeter/greet"

    refused = httpx.options(url, headers={"origin": EVIL, **asked})
    allowed = httpx.options(url, headers={"origin": "http://localhost:3000", **asked})
    called = httpx.post(
        url, json="page", headers={"origin": "http://localhost:3000", "sec-fetch-site": "same-site"}
    )

    assert refused.status_code == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert (allowed.headers["access-control-allow-methods"], called.json()) == ("POST", "hello page")
    assert called.headers["access-control-allow-origin"] == "http://localhost:3000"


@pytest.mark.on("gateway")
def test_other_sites_do_not_reach_the_inbox_of_a_gateway(doors: Setup) -> None:
    invocation, awakeable = wait(doors)
    pages = [
        f"{doors.inbox_url}/{path}" for path in ("", f"invocations/{invocation}", f"awakeables/{awakeable}")
    ]

    rebound = [httpx.get(page, headers={"host": "evil.example"}) for page in pages]
    pictures = [httpx.get(page, headers=PICTURE) for page in pages]
    opened = [httpx.get(page, headers=LINK) for page in pages]
    forms = [send("POST", page, "do=kill", FORM) for page in pages[1:]]

    assert {answer.status_code for answer in rebound + pictures + forms} == {403}
    assert 403 not in {answer.status_code for answer in opened}
    check_nothing_changed(doors, invocation)


@pytest.mark.on("dev")
def test_link_opens_from_web_mail_and_takes_the_answer_of_its_own_form(doors: Setup, tmp_path: Path) -> None:
    invocation, url = ask(doors, tmp_path)

    refused = [
        httpx.post(url, json=True, headers={"origin": EVIL}),
        httpx.post(url, data={"do": "reject"}, headers=FORM),
        httpx.post(url, json=True, headers={"host": "evil.example"}),
        httpx.get(url, headers={"host": "evil.example"}),
        httpx.get(url, headers=PICTURE),
    ]
    with httpx.Client() as browser:
        page = browser.get(url, headers=LINK)
        token = page.text.partition('name="form" value="')[2].partition('"')[0]
        answered = browser.post(
            url,
            data={"form": token, "do": "resolve", "value": "true"},
            headers={
                "origin": doors.ingress_url,
                "sec-fetch-site": "same-origin",
                "sec-fetch-mode": "navigate",
            },
        )

    assert {answer.status_code for answer in refused} == {403}
    assert (page.status_code, answered.status_code) == (200, 200)
    # With no-referrer, browsers would send the form with `Origin: null`.
    assert page.headers["referrer-policy"] == "same-origin"
    assert doors.client.attach(invocation) is True


def ask(doors: Setup, directory: Path) -> tuple[str, str]:
    """Return an invocation and the link that it waits for."""
    path = directory / "link"
    invocation = doors.client.send("Waiting/ask", str(path))
    return invocation, eventually(lambda: path.read_text() if path.exists() else "", what="the link")


@on_a_runtime
@pytest.mark.parametrize(
    "head",
    [
        "host: localhost\r\nhost: evil.example\r\n",
        "host: evil.example\r\nhost: localhost\r\n",
        "host: localhost@evil.example\r\n",
        "host: localhost:99999\r\n",
        "host: localhost/\r\n",
        "host: \r\n",
        "",
    ],
)
def test_request_without_one_proper_host_is_refused(doors: Setup, head: str) -> None:
    answers = [
        send_raw(url, f"GET {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n".encode("latin-1"))
        for url, path in (
            (doors.ingress_url, "/restate/health"),
            (doors.admin_url, "/services"),
            (doors.admin_url, "/ui/"),
        )
    ]

    assert {status_of(answer) for answer in answers} == {400}


@on_a_runtime
def test_client_of_http_1_0_needs_no_host(doors: Setup) -> None:
    assert status_of(send_raw(doors.ingress_url, b"GET /restate/health HTTP/1.0\r\n\r\n")) == 200
    assert (
        status_of(send_raw(doors.ingress_url, b"GET /restate/health HTTP/1.0\r\nhost: evil.example\r\n\r\n"))
        == 403
    )


@on_a_runtime
def test_authority_of_http_2_is_checked(doors: Setup) -> None:
    # With prior knowledge, for as far as the ingress takes HTTP/2: the invocation must not exist.
    count = "SELECT COUNT(1) AS n FROM sys_invocation WHERE target_service_name = 'Waiting'"
    before = doors.client.query(count)

    answer = send_raw(doors.ingress_url, request_over_http2("evil.example", "/Waiting/wait/send"))

    assert b"invocationId" not in answer
    assert doors.client.query(count) == before


def request_over_http2(authority: str, path: str) -> bytes:
    """Return the bytes of a request, and of the end of the connection after it."""
    from h2.connection import H2Connection

    connection = H2Connection()
    connection.initiate_connection()
    head = {":method": "POST", ":scheme": "http", ":authority": authority, ":path": path}
    connection.send_headers(1, list(head.items()), end_stream=True)
    connection.close_connection()
    return connection.data_to_send()


def test_user_allows_names_and_origins(open_doors: OpenDoors) -> None:
    options = ("--allow-host", "awaken.example", "--allow-origin", "https://app.example")
    environment = {"AWAKEN_ALLOW_HOST": "ignored.example"}
    with open_doors("runtime", *options, "--allow-host", ".example.org", environment=environment) as doors:
        url = f"{doors.ingress_url}/Greeter/greet"

        by_name = [
            httpx.post(url, json="you", headers={"host": host}).status_code
            for host in ("awaken.example", "a.example.org:80", "AWAKEN.example.", "ignored.example")
        ]
        by_origin = [
            httpx.post(
                url, json="you", headers={"origin": origin, "sec-fetch-site": "cross-site"}
            ).status_code
            for origin in ("https://app.example", "http://app.example", "https://awaken.example", EVIL)
        ]

    assert by_name == [200, 200, 200, 403]
    assert by_origin == [200, 403, 200, 403]


def test_any_origin_is_what_the_server_accepts(open_doors: OpenDoors) -> None:
    environment = {"AWAKEN_ALLOW_ORIGIN": "*", "AWAKEN_ALLOW_HOST": "awaken.example,other.example"}
    with open_doors("dev", environment=environment) as doors:
        url = f"{doors.ingress_url}/Greeter/greet"

        called = httpx.post(url, json="you", headers={"origin": EVIL, "sec-fetch-site": "cross-site"})
        hosts = [
            httpx.post(url, json="you", headers={"host": host}).status_code
            for host in ("awaken.example", "other.example", "evil.example")
        ]

    assert called.headers["access-control-allow-origin"] == EVIL
    assert (called.json(), hosts) == ("hello you", [200, 200, 403])


@pytest.mark.parametrize("is_http2", [False, True])
def test_page_runs_no_handler_of_an_endpoint(tmp_path: Path, is_http2: bool) -> None:
    endpoint = EndpointProcess(tmp_path, APP)
    endpoint.start()
    try:
        with httpx.Client(http1=not is_http2, http2=is_http2) as page:
            answer = page.post(
                f"{endpoint.url}/invoke/Greeter/greet",
                headers={"origin": EVIL, "content-type": "application/vnd.restate.invocation.v5"},
            )
    finally:
        endpoint.kill()

    assert answer.status_code == 403
    assert f"a page of '{EVIL}' sent this request" in answer.text
