"""Commands as users type them: refused before anything is sent, or sent as a runtime expects."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from awaken.cli import app
from typer.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INVOCATION = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"
RAW = bytes.fromhex("b1ff74dae74b3d9b86a1b07f8405a0697968d629989ea615")
AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
LEGACY = AWAKEABLE.replace("sign_1", "prom_1")
NOWHERE = "http://127.0.0.1:1"


class Listener:
    """Answers every POST with one response, and keeps what was asked."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.requests: list[tuple[str, str | None, bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                listener.requests.append((self.path, self.headers.get("content-type"), content))
                self.send_response(status)
                self.send_header("content-type", "application/json" if body[:1] == b"{" else "text/plain")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def accepting() -> Iterator[Listener]:
    listener = Listener(202)
    yield listener
    listener.close()


def run(*arguments: str, env: dict[str, str] | None = None) -> Any:
    return CliRunner().invoke(app, arguments, env=env)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["dev"],
        ["runtime"],
        ["serve"],
        ["register"],
        ["resolve"],
        ["reject"],
        ["id"],
        ["invocations"],
        ["awakeables", "list"],
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_unknown_command_fails() -> None:
    assert run("nope").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("new", "orders", "--template", "nope"), "'nope' is not one of 'minimal', 'approvals', 'fastapi'"),
        (("new",), "Missing argument 'NAME'"),
        (("nope",), "No such command 'nope'"),
        (("id", "--nope"), "No such option: --nope"),
        (("invocations", "list", "--limit", "few"), "Invalid value for '--limit': "),
        (("new", "a/b"), "'a/b' is a path"),
    ],
)
def test_usage_errors_look_alike(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)

    *usage, line = result.stderr.splitlines()
    assert result.exit_code == 2
    assert line.startswith("error: ")
    assert message in line
    assert "Value error" not in line
    assert not usage or usage[0].startswith("Usage: awaken")


def test_command_without_arguments_prints_its_help_alone() -> None:
    result = run("invocations")

    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: awaken invocations ")
    assert "error:" not in result.stderr


# ---------------------------------------------------------------- resolve and reject


@pytest.mark.parametrize(
    ("options", "body", "content_type"),
    [
        ([], b"", None),
        (["--json", '{"a": 1}'], b'{"a": 1}', "application/json"),
        (["--text", 'say "hé"'], b'"say \\"h\\u00e9\\""', "application/json"),
    ],
)
def test_resolve_sends_the_value(
    accepting: Listener, options: list[str], body: bytes, content_type: str | None
) -> None:
    result = run("resolve", AWAKEABLE, *options, "--ingress", accepting.url)

    assert result.exit_code == 0
    assert accepting.requests == [(f"/restate/awakeables/{AWAKEABLE}/resolve", content_type, body)]
    assert result.stdout == (
        f"the runtime accepted the result of {AWAKEABLE} and does not report whether it counts\n"
    )


def test_resolve_sends_the_bytes_of_a_file(accepting: Listener, tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"\x00\xff")

    run("resolve", AWAKEABLE, "--file", str(tmp_path / "value"), "--ingress", accepting.url)

    assert accepting.requests[0][1:] == ("application/json", b"\x00\xff")


def test_reject_sends_the_reason(accepting: Listener) -> None:
    result = run("reject", AWAKEABLE, "too late", "--json-output", "--ingress", accepting.url)

    assert accepting.requests[0][0] == f"/restate/awakeables/{AWAKEABLE}/reject"
    assert accepting.requests[0][2] == b"too late"
    assert json.loads(result.stdout) == {"id": AWAKEABLE, "outcome": "accepted"}


def test_ingress_comes_from_the_environment(accepting: Listener) -> None:
    address = accepting.url.removeprefix("http://")

    assert run("resolve", AWAKEABLE, env={"AWAKEN_INGRESS": address}).exit_code == 0
    assert len(accepting.requests) == 1


@pytest.mark.parametrize("command", [["resolve"], ["reject"]])
@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("garbage", "invalid awakeable id"),
        (AWAKEABLE[:-1], "invalid awakeable id"),
        (LEGACY, "can block a partition of the server for good"),
        (_core.format_awakeable_id(RAW, 1), f"would cancel the invocation.*cancel {INVOCATION}"),
        (_core.format_awakeable_id(RAW, 16), "signals below 17 are reserved"),
    ],
)
def test_id_that_is_no_awakeable_is_never_sent(
    accepting: Listener, command: list[str], identifier: str, message: str
) -> None:
    reason = ["why"] if command == ["reject"] else []

    result = run(*command, identifier, *reason, "--ingress", accepting.url)

    assert result.exit_code == 2
    assert_error(result, message)
    assert accepting.requests == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "{"], "is not JSON"),
        (["--json", "NaN"], "is not JSON"),
        (["--json", ""], "'' is not JSON"),
        (["--json", "1", "--text", "a"], "more than one value was given"),
        (["true"], "'true' needs an option that says what it is: --json true"),
        (
            ["fine", "with", "me"],
            "'fine with me' needs an option that says what it is: --text 'fine with me'",
        ),
        (["--file", "/does/not/exist"], "cannot read /does/not/exist: No such file"),
    ],
)
def test_value_that_cannot_be_sent_is_refused(options: list[str], message: str) -> None:
    result = run("resolve", AWAKEABLE, *options, "--ingress", NOWHERE)

    assert result.exit_code == (1 if message.startswith("cannot read") else 2)
    assert_error(result, message)


def test_missing_ingress_says_what_to_do() -> None:
    result = run("resolve", AWAKEABLE, "--ingress", NOWHERE)

    assert result.exit_code == 1
    assert_error(result, f"nothing answers at {NOWHERE}.*--ingress or AWAKEN_INGRESS")


def test_ingress_that_closes_the_connection_may_have_completed_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_nothing() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=answer_nothing)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        result = run("resolve", AWAKEABLE, "--ingress", url)
        thread.join()

    assert result.exit_code == 1
    assert_error(result, f"{url} gave no answer: .*write https:// in the URL.*doing it again is safe")


def test_an_admin_api_that_cannot_be_asked_keeps_no_result_back(accepting: Listener) -> None:
    result = run("resolve", AWAKEABLE, "--ingress", accepting.url, "--admin", NOWHERE)

    assert result.exit_code == 0, result.output
    assert len(accepting.requests) == 1


def test_refusal_of_the_ingress_is_passed_on() -> None:
    listener = Listener(400, b'{"code":400,"message":"bad awakeable id","source":"ingress"}')
    try:
        result = run("resolve", AWAKEABLE, "--ingress", listener.url)
    finally:
        listener.close()

    assert result.exit_code == 1
    assert_error(result, f"{listener.url} refused the result of {AWAKEABLE}: bad awakeable id")


# ---------------------------------------------------------------- id


def test_awakeable_id_is_decoded() -> None:
    result = run("id", AWAKEABLE, "--json-output")

    assert json.loads(result.stdout) == {
        "kind": "awakeable",
        "invocation": INVOCATION,
        "raw": RAW.hex(),
        "partition_key": 0xB1FF74DAE74B3D9B,
        "uuid": "86a1b07f-8405-a069-7968-d629989ea615",
        "signal_index": 17,
        "legacy": False,
        "number": 1,
    }


def test_invocation_and_legacy_ids_are_decoded() -> None:
    assert RAW.hex() in run("id", INVOCATION).stdout
    assert json.loads(run("id", LEGACY, "--json-output").stdout)["legacy"] is True


@pytest.mark.parametrize("identifier", ["garbage", "inv_1", INVOCATION + "0"])
def test_malformed_id_is_explained(identifier: str) -> None:
    result = run("id", identifier)

    assert result.exit_code == 2
    assert_error(result, "is not an id.*copy it whole")


# ---------------------------------------------------------------- register

DEPLOYMENT = {
    "id": "dp_1",
    "services": [{"name": "Greeter", "ty": "Service", "revision": 3, "handlers": [{"name": "greet"}]}],
}


def test_register_shows_services_and_revisions() -> None:
    listener = Listener(201, json.dumps(DEPLOYMENT).encode())
    try:
        table = run("register", "127.0.0.1:9080", "--admin", listener.url, "--force", "--use-http1.1")
        document = run("register", "http://127.0.0.1:9080/", "--admin", listener.url, "--json-output")
    finally:
        listener.close()

    assert [json.loads(body) for _, _, body in listener.requests] == [
        {"uri": "http://127.0.0.1:9080", "force": True, "use_http_11": True},
        {"uri": "http://127.0.0.1:9080", "force": False, "use_http_11": False},
    ]
    assert all(word in table.stdout for word in ("dp_1", "Greeter", "Service", "3", "greet"))
    assert json.loads(document.stdout) == DEPLOYMENT


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (500, b'{"message":"[META0003] h2","restate_code":"META0003"}', r"META0003\] h2\. The"),
        (
            *(500, b'{"message":"HTTP1.1? [META0014] try --use-http1.1","restate_code":"META0014"}'),
            r"500: \[META0014\] The endpoint speaks HTTP/1.1 only, perhaps because of a proxy; add --use-http1.1\.$",
        ),
        (409, b'{"message":"type","restate_code":"META0006"}', "use --force"),
        (422, b"data did not match", "status 422: data did not match"),
        (404, b"", "404: Not Found. Is this the URL of an admin API"),
        (200, b"hello", "not as an admin API does"),
    ],
)  # fmt: skip
def test_refused_registration_says_what_to_do(status: int, body: bytes, message: str) -> None:
    listener = Listener(status, body)
    try:
        result = run("register", "http://127.0.0.1:9080", "--admin", listener.url)
    finally:
        listener.close()

    assert result.exit_code == 1
    assert_error(result, message)


def test_missing_admin_api_says_what_to_do() -> None:
    result = run("register", "http://127.0.0.1:9080", "--admin", NOWHERE)

    assert result.exit_code == 1
    assert_error(result, f"nothing answers at {NOWHERE}.*AWAKEN_ADMIN")


# ---------------------------------------------------------------- serve


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["app"], "names no application; write MODULE:NAME"),
        (["app.py:app"], "name the module instead: app:app"),
        (["no_such_module:app"], "there is no module 'no_such_module'"),
        (["json:nope"], "json has no 'nope'; it has .*dumps"),
        (["json:dumps"], "json:dumps is the function dumps"),
        (["json:__path__"], "json:__path__ is a list. Name what `awaken.app"),
        (["json:app", "--bind", "9080"], "is not an address to listen on"),
        (["json:app", "--register", "ftp://x"], "is not the URL of an admin API"),
    ],
)
def test_application_that_cannot_be_served_is_explained(arguments: list[str], message: str) -> None:
    result = run("serve", *arguments)

    is_malformed = not message.startswith(("there is no module", "json"))
    assert result.exit_code == (2 if is_malformed else 1)
    assert_error(result, message)


@pytest.mark.slow
def test_help_imports_neither_clients_nor_applications() -> None:
    script = (
        "import sys, awaken.cli\nprint({'httpx', 'rich.table', 'pydantic', 'h2', 'h11'} & set(sys.modules))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    loaded = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True)

    assert loaded.stdout == b"set()\n"


def assert_error(result: Any, message: str) -> None:
    """One paragraph on stderr, and nothing for programs to trip over on stdout."""
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert re.search(message, result.stderr), result.stderr


@pytest.mark.parametrize("seconds", ["-1", "inf", "nan", "1e300", "86401"])
def test_grace_is_a_time_that_ends(seconds: str) -> None:
    result = run("serve", "greeter:app", "--grace", seconds)

    assert result.exit_code == 2
    assert "--grace" in result.output


def test_gateway_that_would_serve_nothing_is_refused() -> None:
    result = run("gateway", "--grpc", "off")

    assert result.exit_code == 1
    assert "--grpc off leaves nothing to serve; add --inbox or --callbacks" in result.output


@pytest.mark.parametrize(
    "name", ["models:Decision", "models.py", "./models", "models,others", "..models", ""]
)
def test_types_are_named_by_their_module(name: str) -> None:
    result = run("gateway", "--grpc", "127.0.0.1:0", "--types", name)

    assert result.exit_code == 2
    assert "is not the name of a module" in result.output
