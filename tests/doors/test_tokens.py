"""Who has no token, or one for something else, reaches nothing."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from awaken.callbacks import create_callback_app
from awaken.cli import app
from awaken.client import HttpError, create_client, create_sync_client
from awaken.control.client import connect_control_sync
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc, invocations_pb2, invocations_pb2_grpc
from awaken.links import CallbackSettings, LinkSigner
from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.applications import Starlette
from starlette.routing import Mount
from typer.testing import CliRunner

from tests.doors.setups import APP, Setup
from tests.doors.sockets import send_raw, status_of
from tests.e2e.endpoint import ROOT
from tests.e2e.processes import free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.doors.conftest import OpenDoors

GROUPS = ("complete", "read", "invoke", "operate", "all")
TOKENS = {group: f"secret-to-{group}-8c1f" for group in GROUPS}
OPTIONS = [text for group, token in TOKENS.items() for text in ("--token", f"{group}:{token}")]
NO_AWAKEABLE = "sign_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tAAAAEQ"
NO_INVOCATION = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"

#: What each group of tokens opens: door, method, path, and a body.
INGRESS: list[tuple[str, str, str]] = [
    ("invoke", "POST", "/Greeter/greet"),
    ("invoke", "POST", "/Greeter/greet/send"),
    ("invoke", "POST", "/restate/call/Greeter/greet"),
    ("invoke", "GET", f"/restate/invocation/{NO_INVOCATION}/output"),
    ("invoke", "GET", "/no/such/path"),
    ("complete", "POST", f"/restate/awakeables/{NO_AWAKEABLE}/resolve"),
    ("complete", "POST", f"/restate/a/{NO_AWAKEABLE}/reject"),
    ("complete", "POST", f"//restate/awakeables/{NO_AWAKEABLE}/resolve//"),
]
ADMIN = [
    ("read", "GET", "/version"),
    ("read", "GET", "/services"),
    ("read", "GET", "/deployments"),
    ("read", "GET", "/awakeables"),
    ("read", "GET", "/answers"),
    ("read", "POST", "/query"),
    ("read", "POST", "/v3/query"),
    ("operate", "POST", "/deployments"),
    ("operate", "POST", "/v3/deployments"),
    ("operate", "PATCH", f"/invocations/{NO_INVOCATION}/kill"),
    ("operate", "PATCH", f"/invocations/{NO_INVOCATION}/cancel"),
    ("operate", "DELETE", f"/invocations/{NO_INVOCATION}"),
    ("operate", "POST", "/services/Keeper/state"),
    ("operate", "POST", "//query"),
]
INBOX = [
    ("read", "GET", "/"),
    ("read", "GET", "/invocations"),
    ("read", "GET", "/static/style.css"),
    ("read", "GET", "/history"),
    ("complete", "POST", f"/awakeables/{NO_AWAKEABLE}"),
    ("complete", "POST", f"/awakeables?id={NO_AWAKEABLE}"),
    ("operate", "POST", f"/invocations/{NO_INVOCATION}"),
    *(
        ("operate", "POST", f"/invocations/{NO_INVOCATION}/{change}")
        for change in ("cancel", "kill", "pause", "resume", "restart", "purge", "purge-journal")
    ),
    ("read", "GET", f"/invocations/{NO_INVOCATION}/kill"),
    ("read", "GET", f"/invocations/{NO_INVOCATION}/entries/0"),
    ("read", "GET", "/services"),
    ("read", "GET", "/services/Greeter/greet"),
    ("invoke", "POST", "/services/Greeter/greet"),
    ("read", "GET", "/state/key?service=Counter&key=a"),
    ("operate", "POST", "/state/edit?service=Counter&key=a"),
    ("operate", "POST", "/state/delete?service=Counter&key=a&name=b"),
    ("read", "GET", "/deployments"),
]
BAD_AUTHORIZATIONS = {
    "another token": b"authorization: Bearer another\r\n",
    "the beginning of a token": b"authorization: Bearer secret-to-all\r\n",
    "more than a token": f"authorization: Bearer {TOKENS['all']}x\r\n".encode(),
    "no token": b"authorization: Bearer \r\n",
    "no scheme": f"authorization: {TOKENS['all']}\r\n".encode(),
    "another scheme": f"authorization: Digest {TOKENS['all']}\r\n".encode(),
    "no base64": b"authorization: Basic %%%\r\n",
    "the token as a name": b"authorization: Basic "
    + base64.b64encode(f"{TOKENS['all']}:".encode())
    + b"\r\n",
    "no letters": b"authorization: Bearer \xff\xfe\r\n",
    "twice": f"authorization: Bearer {TOKENS['all']}\r\n".encode() * 2,
    "twice, once wrong": f"authorization: Bearer x\r\nauthorization: Bearer {TOKENS['all']}\r\n".encode(),
    "very long": b"authorization: Bearer " + b"x" * 60_000 + b"\r\n",
    "another header": f"x-authorization: Bearer {TOKENS['all']}\r\n".encode(),
    "a cookie": f"cookie: authorization={TOKENS['all']}\r\n".encode(),
}


@pytest.fixture(scope="module", params=["dev", "runtime", "gateway"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """Each command with a token for each group."""
    behind = request.getfixturevalue("server") if request.param == "gateway" else None
    directory = tmp_path_factory.mktemp(f"guarded-{request.param}")
    with Setup(request.param, directory, options=OPTIONS, server=behind, is_served=False) as setup:
        yield setup
        assert "Traceback" not in setup.log
        assert not [token for token in TOKENS.values() if token in setup.log]


def doors_of(setup: Setup) -> list[tuple[str, str, str]]:
    """Return the group, method and URL of every kind of request to the HTTP interfaces of a command."""
    bases = {setup.inbox_url: INBOX}
    if setup.kind != "gateway":
        bases |= {setup.ingress_url: INGRESS, setup.admin_url: ADMIN}
    return [(group, method, base + path) for base, table in bases.items() for group, method, path in table]


def test_http_is_closed_without_a_token_that_is_known(guarded: Setup) -> None:
    with httpx.Client() as client:
        answers = {
            (name, method, url): client.request(method, url, headers=headers)
            for name, headers in (("none", {}), ("wrong", {"authorization": "Bearer wrong"}))
            for _, method, url in doors_of(guarded)
        }

    assert {answer.status_code for answer in answers.values()} == {401}
    assert all("Bearer" in answer.headers["www-authenticate"] for answer in answers.values())
    assert all("send `authorization: Bearer TOKEN`" in answer.text for answer in answers.values())


@pytest.mark.parametrize("name", BAD_AUTHORIZATIONS)
def test_http_is_closed_to_what_only_looks_like_a_token(guarded: Setup, name: str) -> None:
    for url in guarded.own_urls:
        path = httpx.URL(f"{url}/invocations").raw_path
        request = b"GET %b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n%b\r\n"

        answer = send_raw(url, request % (path, BAD_AUTHORIZATIONS[name]))

        assert status_of(answer) in (400, 401, 431), answer[:300]


def test_a_token_opens_what_its_group_names_and_nothing_else(guarded: Setup) -> None:
    wrong = []
    with httpx.Client() as client:
        for needed, method, url in doors_of(guarded):
            for group, token in TOKENS.items():
                answer = client.request(method, url, headers={"authorization": f"Bearer {token}"})
                # The inbox refuses forms of other pages with this status as well.
                is_refused = answer.status_code == 403 and "this token allows" in answer.text
                if answer.status_code == 401 or is_refused is (group in (needed, "all")):
                    wrong.append((method, url, group, answer.status_code, answer.text[:100]))

    assert not wrong


def test_a_large_body_without_a_token_is_refused_at_once(guarded: Setup) -> None:
    for url in guarded.own_urls:
        head = b"POST /query HTTP/1.1\r\nhost: localhost\r\ncontent-length: 30000000\r\nconnection: close\r\n\r\n"

        answer = send_raw(url, head)

        assert status_of(answer) == 401


def test_a_body_that_nobody_may_send_does_not_hold_the_connection(guarded: Setup) -> None:
    body = b"x" * 10_000_000
    with httpx.Client() as client:
        for url in guarded.own_urls:
            for _ in range(3):
                assert client.post(f"{url}/query", content=body).status_code == 401
                assert client.get(f"{url}/invocations").status_code == 401


def test_a_page_that_may_call_learns_that_it_needs_a_token(guarded: Setup) -> None:
    if guarded.kind == "gateway":
        return  # it has no ingress
    page = "http://localhost:3000"

    answer = httpx.post(f"{guarded.ingress_url}/Greeter/greet", headers={"origin": page})

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == page


def test_health_is_open_to_all(guarded: Setup) -> None:
    with grpc.insecure_channel(guarded.grpc) as channel:
        assert is_serving(channel)
    if guarded.kind != "gateway":
        assert httpx.get(f"{guarded.admin_url}/health").status_code == 200
        assert httpx.get(f"{guarded.admin_url}/v3/health").status_code == 200
        assert httpx.get(f"{guarded.ingress_url}/restate/health").status_code == 200
        assert httpx.options(f"{guarded.ingress_url}/Greeter/greet").status_code == 200


def test_grpc_asks_for_the_same_tokens(guarded: Setup) -> None:
    with grpc.insecure_channel(guarded.grpc) as channel:
        awakeables: Any = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        invocations: Any = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]
        calls: list[tuple[str, Callable[..., Any], Any]] = [
            ("complete", awakeables.Resolve, awakeables_pb2.ResolveRequest(id=NO_AWAKEABLE)),
            ("read", awakeables.List, awakeables_pb2.ListAwakeablesRequest()),
            ("invoke", invocations.GetOutput, invocations_pb2.GetOutputRequest(invocation_id=NO_INVOCATION)),
            ("operate", invocations.Kill, invocations_pb2.KillRequest(invocation_id=NO_INVOCATION)),
        ]
        wrong = []
        for needed, call, message in calls:
            for group, token in TOKENS.items():
                code = code_of(call, message, f"Bearer {token}")
                if (code == "PERMISSION_DENIED") is (group in (needed, "all")):
                    wrong.append((needed, group, code))
            for sent in ((), ("Bearer wrong",), (TOKENS["all"],), (f"Bearer {TOKENS['all']}",) * 2):
                code = code_of(call, message, *sent)
                if code != "UNAUTHENTICATED":
                    wrong.append((needed, " ".join(sent), code))

    assert not wrong


def code_of(call: Callable[..., Any], message: Any, *authorizations: str) -> str:
    """Return the status of a call, sent with these headers."""
    try:
        call(message, timeout=10, metadata=[("authorization", text) for text in authorizations])
    except grpc.RpcError as error:
        return str(error.code().name)
    return "OK"


def test_browsers_send_the_token_as_a_password_to_the_inbox_alone(guarded: Setup) -> None:
    user = httpx.BasicAuth("anybody", TOKENS["read"])

    page = httpx.get(f"{guarded.inbox_url}/", auth=user)
    asked = httpx.get(f"{guarded.inbox_url}/")

    assert page.status_code == 200
    assert [text.partition(" ")[0] for text in asked.headers.get_list("www-authenticate")] == [
        "Basic",
        "Bearer",
    ]
    if guarded.kind != "gateway":
        refused = httpx.get(f"{guarded.admin_url}/services", auth=user)
        assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Bearer")


def test_a_token_reaches_neither_handlers_nor_the_disk(open_doors: OpenDoors) -> None:
    token = TOKENS["invoke"]
    with open_doors("dev", *OPTIONS) as doors:
        sent = {"authorization": f"Bearer {token}", "x-mine": "kept"}

        seen = httpx.post(f"{doors.ingress_url}/Greeter/headers", headers=sent).json()

        assert seen["x-mine"] == "kept"
        assert "authorization" not in seen
        files = [path for path in doors.data.iterdir() if path.is_file()]
        stored = b"".join(path.read_bytes() for path in files)
        assert b"x-mine" in stored
        assert token.encode() not in stored


def test_links_need_no_token(open_doors: OpenDoors, tmp_path: Path) -> None:
    with open_doors("dev", *OPTIONS) as doors:
        url = make_link(doors, tmp_path / "link")

        answer = httpx.post(url, json=True)

        assert answer.status_code == 200


def make_link(doors: Setup, path: Path) -> str:
    """Return the URL that a handler handed out."""
    headers = {"authorization": f"Bearer {TOKENS['invoke']}"}
    httpx.post(f"{doors.ingress_url}/Waiting/ask/send", json=str(path), headers=headers)
    return str(eventually(lambda: path.exists() and path.read_text(), what="the link"))


# ------------------------------------------------------------ clients


@pytest.fixture(scope="module")
def guarded_dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """The application behind tokens."""
    with Setup("dev", tmp_path_factory.mktemp("guarded-app"), options=OPTIONS) as setup:
        yield setup


def commands_of(doors: Setup) -> dict[str, tuple[str, ...]]:
    """Return commands by what their token has to allow."""
    ingress, admin = ("--ingress", doors.ingress_url), ("--admin", doors.admin_url)
    return {
        "complete": ("resolve", NO_AWAKEABLE, "--text", "x", *ingress),
        "complete ": ("reject", NO_AWAKEABLE, "x", *ingress),
        "read": ("awakeables", "list", *admin),
        "read ": ("invocations", "list", *admin),
        "operate": ("invocations", "kill", NO_INVOCATION, *admin),
        "operate ": ("register", doors.ingress_url, *admin),
    }


def test_commands_say_in_one_line_that_they_need_a_token(guarded_dev: Setup) -> None:
    for command in commands_of(guarded_dev).values():
        for environment in ({}, {"AWAKEN_TOKEN": "wrong"}, {"AWAKEN_TOKEN": TOKENS["invoke"]}):
            ended = CliRunner().invoke(app, command, env=environment)

            assert ended.exit_code == 1
            assert ended.stderr.startswith("error: ")
            assert ended.stderr.count("\n") == 1
            status = "403" if TOKENS["invoke"] in environment.values() else "401"
            assert f"status {status}" in ended.stderr
            assert "AWAKEN_TOKEN" in ended.stderr


def test_commands_take_the_token_of_the_environment_or_of_a_file(guarded_dev: Setup, tmp_path: Path) -> None:
    for group, command in commands_of(guarded_dev).items():
        token = TOKENS[group.strip()]
        (tmp_path / "token").write_text(f"{token}\n")
        for environment in ({"AWAKEN_TOKEN": token}, {"AWAKEN_TOKEN_FILE": str(tmp_path / "token")}):
            ended = CliRunner().invoke(app, command, env=environment)

            assert "AWAKEN_TOKEN" not in ended.stderr
            assert (ended.exit_code == 0) is (group.strip() == "read"), ended.stderr


def test_a_token_file_that_cannot_be_read_is_named(guarded_dev: Setup) -> None:
    for command in (*commands_of(guarded_dev).values(), ("gateway", "--grpc", "127.0.0.1:0")):
        ended = CliRunner().invoke(app, command, env={"AWAKEN_TOKEN_FILE": "none"})

        assert ended.exit_code == 1
        assert ended.stderr == "error: AWAKEN_TOKEN_FILE: cannot read none: No such file or directory\n"


def test_an_endpoint_registers_itself_with_a_token(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS) as (_, _, admin, _):
        serve = ("serve", APP, "--bind", "127.0.0.1:0", "--register", f"http://{admin}")
        refused = run(ROOT, *serve)
        process = subprocess.Popen(
            [sys.executable, "-m", "awaken.cli", *serve],
            cwd=ROOT,
            env={**os.environ, "AWAKEN_TOKEN": TOKENS["operate"]},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        registered = next((line for line in process.stderr if "registered http" in line), "")
        process.terminate()
        process.communicate(timeout=20)

    assert refused.returncode == 1
    assert "AWAKEN_TOKEN" in refused.stderr
    assert "Greeter (revision 1)" in registered


async def test_python_clients_take_a_token(guarded_dev: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    urls: dict[str, Any] = {"ingress": guarded_dev.ingress_url, "admin": guarded_dev.admin_url}
    async with create_client(**urls) as client:
        with pytest.raises(HttpError, match="give the client a token, or set AWAKEN_TOKEN") as raised:
            await client.generic_call("Greeter", "greet", b'"Ada"')
        assert raised.value.status_code == 401
    async with create_client(**urls, token=TOKENS["invoke"]) as client:
        assert await client.generic_call("Greeter", "greet", b'"Ada"') == b'"hello Ada"'
    monkeypatch.setenv("AWAKEN_TOKEN", TOKENS["invoke"])
    with create_sync_client(**urls) as blocking:
        assert blocking.generic_call("Greeter", "greet", b'"Ada"') == b'"hello Ada"'
    with create_sync_client(**urls, token="") as blocking, pytest.raises(HttpError):
        blocking.generic_call("Greeter", "greet", b'"Ada"')
    with connect_control_sync(guarded_dev.grpc) as control:
        assert control.invoke("Greeter", "greet", b'"Ada"').value == b'"hello Ada"'


async def test_a_mounted_route_of_links_needs_complete_and_read(
    open_doors: OpenDoors, tmp_path: Path
) -> None:
    tokens = ("--token", "complete:for-links-8c1f0d", "--token", "read:for-links-8c1f0d")
    keys = f"local:{base64.b64encode(bytes(32)).decode()}"
    environment = {"AWAKEN_CALLBACK_KEYS": keys, "AWAKEN_CALLBACK_URL": "http://links/callbacks"}
    with open_doors("dev", *OPTIONS, *tokens, environment=environment) as doors:
        url = make_link(doors, tmp_path / "link")
        settings = CallbackSettings("http://links/callbacks", LinkSigner({"local": bytes(32)}))

        answers = {}
        for token in ("for-links-8c1f0d"[:-1], TOKENS["complete"], "for-links-8c1f0d"):
            route = create_callback_app(doors.ingress_url, doors.admin_url, token=token, settings=settings)
            web = Starlette(routes=[Mount("/callbacks", route)])
            async with (
                route.router.lifespan_context(route),
                httpx.AsyncClient(transport=httpx.ASGITransport(web)) as visitor,
            ):
                answers[token] = await visitor.post(url, json=True)

    assert [answer.status_code for answer in answers.values()] == [502, 502, 200]
    assert not [answer.text for answer in answers.values() if doors.admin_url in answer.text]


def test_a_gateway_shows_its_own_token_to_a_runtime(guarded_dev: Setup, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    options = ("--ingress", guarded_dev.ingress_url, "--admin", guarded_dev.admin_url, "--grpc", address)
    for token, ending in (("wrong", "INTERNAL"), (TOKENS["all"], "OK")):
        process = subprocess.Popen(
            [sys.executable, "-m", "awaken.cli", "gateway", *options, "--token", "invoke:for-the-gateway"],
            env={**os.environ, "AWAKEN_TOKEN": token},
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        with connect_control_sync(address, token="for-the-gateway") as control:
            try:
                control.invoke("Greeter", "greet", b'"Ada"', timeout=10)
                code, details = "OK", ""
            except grpc.RpcError as error:
                code, details = error.code().name, str(error.details())
        process.terminate()
        process.communicate(timeout=20)

        assert code == ending
        assert ("AWAKEN_TOKEN" in details) is (ending == "INTERNAL")


# ------------------------------------------------------------ addresses that others can reach


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("dev", APP, "--ingress", "0.0.0.0:0"), "--ingress 0.0.0.0:0"),
        (("dev", APP, "--admin", "0.0.0.0:0"), "--admin 0.0.0.0:0"),
        (("runtime", "--grpc", "0.0.0.0:0"), "--grpc 0.0.0.0:0"),
        (("runtime", "--ingress", "[::]:0", "--admin", "0:0"), "--ingress [::]:0 and --admin 0:0"),
        (("gateway", "--grpc", "0.0.0.0:0"), "--grpc 0.0.0.0:0"),
        (("gateway", "--grpc", "127.0.0.1:0", "--inbox", "0.0.0.0:0"), "--inbox 0.0.0.0:0"),
    ],
)
def test_what_others_can_reach_needs_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], named: str
) -> None:
    monkeypatch.chdir(tmp_path)

    ended = CliRunner().invoke(app, arguments)

    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"error: {named} would be open to everyone")
    assert all(word in ended.stderr for word in ("127.0.0.1", "proxy", "--token", "--insecure", "edit state"))


def test_an_address_of_the_environment_counts_as_well(tmp_path: Path) -> None:
    ended = run(tmp_path, "runtime", environment={"RESTATE_BIND_IP": "0.0.0.0"})

    assert ended.returncode == 2
    assert "--ingress 0.0.0.0:8080 and --admin 0.0.0.0:9070" in ended.stderr


def run(
    directory: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself, in a directory of its own."""
    return subprocess.run(
        [sys.executable, "-m", "awaken.cli", *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("options", [("--insecure",), ("--token", "all:0f6c2a")])
def test_who_asks_for_it_is_served(tmp_path: Path, options: tuple[str, ...]) -> None:
    with running(tmp_path, "--grpc", f"0.0.0.0:{free_port()}", *options) as (printed, *_):
        assert ("anyone who reaches this may do everything" in printed) is (options == ("--insecure",))


@pytest.mark.parametrize("options", [("--inbox-user-header", "X-User"), ("--inbox-anonymous",)])
def test_an_inbox_that_others_reach_knows_names_or_need_not(tmp_path: Path, options: tuple[str, ...]) -> None:
    address = f"0.0.0.0:{free_port()}"
    token = "0f6c2a9b0f6c2a9b"
    arguments = ("--admin", address, "--token", f"all:{token}", *options)
    with running(tmp_path, *arguments):
        url = f"http://127.0.0.1:{address.rpartition(':')[2]}/ui/"
        authorization = {"authorization": f"Bearer {token}"}
        unknown = httpx.get(url, headers=authorization)
        named = httpx.get(url, headers={**authorization, "x-user": "lead@example.com"})

    assert (unknown.status_code, named.status_code) == (200, 200)
    assert ("lead@example.com" in named.text) is (options[0] == "--inbox-user-header")
    assert "lead@example.com" not in unknown.text


@contextmanager
def running(directory: Path, *options: str) -> Iterator[tuple[str, str, str, str]]:
    """Run a runtime; return what it printed, and the addresses of its ingress, its admin API and gRPC."""
    ingress, admin, control = (f"127.0.0.1:{free_port()}" for _ in range(3))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "awaken.cli", "runtime", "--ingress", ingress, "--admin", admin),
            *("--grpc", control, "--data-dir", str(directory / "data"), *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = ""
    try:
        while "awaken: ingress on " not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield printed, ingress, admin, control
    finally:
        process.kill()
        process.communicate()


# ------------------------------------------------------------ TLS


def test_all_doors_speak_tls_to_clients_with_the_right_certificate(tmp_path: Path) -> None:
    import trustme

    ours, others = trustme.CA(), trustme.CA()
    issue(ours, tmp_path / "server", "127.0.0.1")
    issue(ours, tmp_path / "friend", "friend@example.com")
    issue(others, tmp_path / "stranger", "friend@example.com")
    ours.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = ("--tls-cert", f"{tmp_path}/server.pem", "--tls-key", f"{tmp_path}/server.key")

    with running(tmp_path, *options, "--tls-client-ca", f"{tmp_path}/ca.pem") as (printed, *addresses):
        ingress, admin, control = addresses
        environment = {"SSL_CERT_FILE": f"{tmp_path}/ca.pem"}
        friend = {
            "AWAKEN_CLIENT_CERT": f"{tmp_path}/friend.pem",
            "AWAKEN_CLIENT_KEY": f"{tmp_path}/friend.key",
        }
        listing = ("invocations", "list", "--admin", f"https://{admin}")
        assert CliRunner().invoke(app, listing, env=environment | friend).exit_code == 0
        assert "SSL_CERT_FILE" in CliRunner().invoke(app, listing, env=friend).stderr
        assert CliRunner().invoke(app, listing, env=environment).exit_code == 1
        assert f"ingress on https://{ingress}" in printed
        for path in (f"{ingress}/restate/health", f"{admin}/version", f"{admin}/ui/"):
            url = f"https://{path}"
            assert get(url, tmp_path, "friend").status_code == 200
            for wrong in (None, "stranger"):
                with pytest.raises(httpx.TransportError):
                    get(url, tmp_path, wrong)
            with pytest.raises(httpx.TransportError):
                httpx.get(url.replace("https", "http"))
        assert grpc_health(control, tmp_path, "friend")
        for wrong in (None, "stranger"):
            with pytest.raises(grpc.RpcError):
                grpc_health(control, tmp_path, wrong)


def issue(authority: Any, path: Path, identity: str) -> None:
    """Write a certificate and its key."""
    certificate = authority.issue_cert(identity)
    path.with_suffix(".pem").write_bytes(b"".join(one.bytes() for one in certificate.cert_chain_pems))
    path.with_suffix(".key").write_bytes(certificate.private_key_pem.bytes())


def get(url: str, directory: Path, name: str | None) -> httpx.Response:
    """Fetch a page with a certificate of one's own, if there is one."""
    import ssl

    context = ssl.create_default_context(cafile=str(directory / "ca.pem"))
    if name is not None:
        context.load_cert_chain(directory / f"{name}.pem", directory / f"{name}.key")
    return httpx.get(url, verify=context)


def grpc_health(address: str, directory: Path, name: str | None) -> bool:
    """Ask for health with a certificate of one's own, if there is one."""
    pair: tuple[bytes | None, bytes | None] = (None, None)
    if name is not None:
        pair = ((directory / f"{name}.key").read_bytes(), (directory / f"{name}.pem").read_bytes())
    credentials = grpc.ssl_channel_credentials((directory / "ca.pem").read_bytes(), *pair)
    with grpc.secure_channel(address, credentials) as channel:
        return is_serving(channel)


def is_serving(channel: grpc.Channel) -> bool:
    """Ask for health."""
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
