"""Commands for operators: what they request, how they print it, and what they refuse without a request."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from awaken import _core
from awaken.cli import app
from awaken.cli.ages import age
from awaken.links.description import CallbackDescription, describe_callback
from typer.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

INVOCATION = "inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8q"
OTHER = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
NOWHERE = "http://127.0.0.1:1"


class FakeAdmin:
    """Answers questions with rows, and operations with a status; keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.rows: list[dict[str, Any]] = []
        self.refused: dict[str, tuple[int, str]] = {}
        #: Pages of awakeables, by the token that asks for them.
        self.pages: dict[str, dict[str, Any]] = {}
        #: The invocation at whose request the connection is closed without an answer.
        self.leaves_at = ""
        self.status = 200
        self.body = b""
        admin = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                admin.requests.append(("POST", self.path, asked))
                self._send(200, json.dumps({"rows": admin.rows}).encode())

            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                page = admin.pages.get(asked.get("after", [""])[0])
                self._send(404 if page is None else 200, json.dumps(page).encode())

            def do_PATCH(self) -> None:
                admin.requests.append(("PATCH", self.path, None))
                if self.path.split("/")[2] == admin.leaves_at:
                    return
                status, message = admin.refused.get(self.path.split("/")[2], (admin.status, ""))
                body = json.dumps({"message": message}).encode() if message else admin.body
                self._send(status, body)

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def admin() -> Iterator[FakeAdmin]:
    fake = FakeAdmin()
    yield fake
    fake.close()


@pytest.mark.parametrize("as_json", [True, False])
def test_error_is_a_document_with_json_output(as_json: bool) -> None:
    option = ["--json-output"] if as_json else []

    result = run("invocations", "list", *option, admin=NOWHERE)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    if as_json:
        document = json.loads(result.stderr)
        assert list(document) == ["time", "error"]
        assert document["error"].startswith(f"nothing answers at {NOWHERE}")
    else:
        assert result.stderr.startswith(f"error: nothing answers at {NOWHERE}")


def run(*arguments: str, admin: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--admin", admin])


def test_list_asks_one_question_with_quoted_conditions(admin: FakeAdmin) -> None:
    result = run(
        *("invocations", "list", "--status", "suspended", "--key", "it's", "--limit", "7"), admin=admin.url
    )

    assert result.exit_code == 0
    (asked,) = admin.requests
    assert asked[2]["query"].endswith(
        " FROM sys_invocation WHERE status IN ('suspended') AND target_service_key = 'it''s' "
        "ORDER BY created_at DESC, id LIMIT 7"
    )
    assert result.stdout == "No invocations.\n"


def test_list_prints_one_line_for_each(admin: FakeAdmin) -> None:
    admin.rows = [
        {
            "id": INVOCATION,
            "target": "Greeter/greet",
            "status": "backing-off",
            "created_at": "2026-11-22T09:48:21.213Z",
            "retry_count": 3,
            "last_failure": "[500 Internal] ValueError('[x]')\nTraceback",
        }
    ]

    result = run("invocations", "list", admin=admin.url)

    (line,) = [line for line in result.stdout.splitlines() if INVOCATION in line]
    assert "Greeter/greet" in line
    assert "backing-off" in line
    assert line.rstrip().endswith("3          [500 Internal] ValueError('[x]')")


def test_list_shows_the_beginning_of_a_long_failure(admin: FakeAdmin) -> None:
    admin.rows = [{"id": INVOCATION, "target": "Greeter/greet", "last_failure": "x" * 70_000}]

    result = run("invocations", "list", admin=admin.url)

    assert result.stdout.splitlines()[-1].endswith(" " + "x" * 199 + "…")


@pytest.mark.parametrize(
    "beginning", [INVOCATION[:9], INVOCATION[:20] + "…", INVOCATION[:37], INVOCATION[:12] + "..."]
)
def test_a_unique_beginning_names_an_invocation(admin: FakeAdmin, beginning: str) -> None:
    admin.rows = [{"id": INVOCATION}]

    result = run("invocations", "kill", beginning, admin=admin.url)

    assert result.stdout == f"{INVOCATION}: killed\n"
    assert [path for _, path, _ in admin.requests] == ["/query", f"/invocations/{INVOCATION}/kill"]


def test_a_beginning_that_several_have_changes_nothing(admin: FakeAdmin) -> None:
    admin.rows = [{"id": f"{INVOCATION[:37]}{last}"} for last in "abcd"]

    result = run("invocations", "kill", INVOCATION[:20], admin=admin.url)

    assert result.exit_code == 1
    assert f"more than one invocation has an id that begins with {INVOCATION[:20]}: " in result.stderr
    assert ", and others" in result.stderr
    assert len(admin.requests) == 1


@pytest.mark.parametrize(
    "text", [INVOCATION[:8], f"{INVOCATION[:20]}%", f"{INVOCATION[:20]}'", f"{INVOCATION}…x"]
)
def test_what_cannot_begin_an_id_is_never_sent(admin: FakeAdmin, text: str) -> None:
    result = run("invocations", "kill", text, admin=admin.url)

    assert result.exit_code == 2
    assert "is not an invocation id" in result.stderr
    assert admin.requests == []


def test_unknown_status_is_refused(admin: FakeAdmin) -> None:
    result = run("invocations", "list", "--status", "asleep", admin=admin.url)

    assert result.exit_code == 1
    assert "there is no status 'asleep'; it is one of scheduled, pending" in result.stderr
    assert admin.requests == []


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["cancel"], "cancel"),
        (["kill"], "kill"),
        (["pause"], "pause"),
        (["resume"], "resume"),
        (["resume", "--deployment", "latest"], "resume?deployment=latest"),
        (["purge"], "purge"),
        (["purge", "--journal"], "purge-journal"),
        (["restart"], "restart-as-new?from=0"),
        (["restart", "--from", "3"], "restart-as-new?from=3"),
    ],
)
def test_operations_are_sent(admin: FakeAdmin, command: list[str], path: str) -> None:
    admin.body = json.dumps({"new_invocation_id": OTHER}).encode() if command[0] == "restart" else b""

    result = run("invocations", *command, INVOCATION, admin=admin.url)

    assert result.exit_code == 0
    assert admin.requests == [("PATCH", f"/invocations/{INVOCATION}/{path}", None)]
    assert result.stdout.startswith(f"{INVOCATION}: ")
    assert (OTHER in result.stdout) == (command[0] == "restart")


def test_what_is_only_asked_for_is_not_called_done(admin: FakeAdmin) -> None:
    admin.status = 202

    assert (
        "asked to stop; the handler ends it"
        in run("invocations", "cancel", INVOCATION, admin=admin.url).stdout
    )


def test_one_refusal_does_not_hide_the_others(admin: FakeAdmin) -> None:
    admin.refused[INVOCATION] = (409, "The invocation was already completed.")

    result = run("invocations", "kill", INVOCATION, OTHER, admin=admin.url)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"cannot kill {INVOCATION}: The invocation was already completed."
    assert lines[1] == f"{OTHER}: killed"
    assert "1 of 2 failed" in result.stderr


@pytest.mark.parametrize("command", ["cancel", "kill", "pause", "resume", "purge", "restart", "show"])
def test_what_is_no_id_is_never_sent(admin: FakeAdmin, command: str) -> None:
    result = run("invocations", command, "garbage", admin=admin.url)

    assert result.exit_code == 2
    assert "'garbage' is not an invocation id" in result.stderr
    assert admin.requests == []


def test_unknown_invocation_is_told(admin: FakeAdmin) -> None:
    result = run("invocations", "show", INVOCATION, admin=admin.url)

    assert result.exit_code == 1
    assert f"there is no invocation {INVOCATION}" in result.stderr


@pytest.mark.parametrize(
    "command", [["invocations", "list"], ["invocations", "kill", INVOCATION], ["awakeables", "list"]]
)
def test_missing_runtime_is_told(command: list[str]) -> None:
    result = run(*command, admin=NOWHERE)

    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:1" in result.stderr


def test_each_invocation_is_accounted_for_when_the_runtime_leaves(admin: FakeAdmin) -> None:
    admin.leaves_at = OTHER

    result = run("invocations", "kill", INVOCATION, OTHER, admin=admin.url)

    assert result.exit_code == 1
    killed, lost = result.stdout.splitlines()
    assert killed == f"{INVOCATION}: killed"
    assert lost.startswith(f"cannot kill {OTHER}: the admin API at {admin.url} gave no answer")
    assert "1 of 2 failed" in result.stderr


def test_each_invocation_is_accounted_for_without_a_runtime() -> None:
    result = run("invocations", "kill", INVOCATION, OTHER, admin=NOWHERE)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"cannot kill {one}" for one in (INVOCATION, OTHER)]
    assert "2 of 2 failed" in result.stderr


@pytest.mark.parametrize(("limit", "listed"), [("2", 2), ("5", 5), ("100000", 6)])
def test_awakeables_are_listed_over_all_pages(admin: FakeAdmin, limit: str, listed: int) -> None:
    waiting = {"invocation": INVOCATION, "service": "S", "handler": "h", "status": "suspended"}
    ids = [_core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), index) for index in range(17, 23)]
    for page, (token, following) in enumerate((("", "a"), ("a", "b"), ("b", None))):
        found = [waiting | {"id": one} for one in ids[page * 2 : page * 2 + 2]]
        admin.pages[token] = {"awakeables": found} | ({"next": following} if following else {})

    result = run("awakeables", "list", "--json-output", "--limit", limit, admin=admin.url)

    assert [one["id"] for one in json.loads(result.stdout)] == ids[:listed]


def test_awakeables_are_rebuilt_from_what_is_awaited(admin: FakeAdmin) -> None:
    future = {
        "Unknown": [
            {"Single": {"SignalIndex": 18}},
            {"Single": {"SignalIndex": 1}},
            {"Single": {"CompletionId": 4}},
        ]
    }
    admin.rows = [
        {
            "id": INVOCATION,
            "target_service_name": "Desk",
            "target_handler_name": "sign",
            "target_service_key": "k",
            "status": "suspended",
            "modified_at": "2026-11-22T09:48:21.213Z",
            "suspended_waiting_future_json": json.dumps(future),
            # The same rows answer the question about the journal.
            "name": describe_callback(CallbackDescription(18, "sign", "app:Decision", {"team": "red"})),
            "entry_json": '{"Command":{"Sleep":{"wake_up_time":1798143061196,"completion_id":4}}}',
        },
        {"id": OTHER, "target_service_name": "S", "target_handler_name": "h", "status": "running"},
    ]

    result = run("awakeables", "list", "--json-output", admin=admin.url)

    assert json.loads(result.stdout) == [
        {
            "id": _core.format_awakeable_id(_core.parse_invocation_id(INVOCATION), 18),
            "name": "sign",
            "type": "app:Decision",
            "labels": {"team": "red"},
            "expires_at": "2026-12-24T20:11:01.196Z",
            "invocation": INVOCATION,
            "handler": "Desk/sign",
            "key": "k",
            "status": "suspended",
            "since": "2026-11-22T09:48:21.213Z",
            "waits_for": "callback 'sign', CompletionId 4",
        }
    ]


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=5), "5s ago"),
        (timedelta(minutes=2, seconds=3), "2m 3s ago"),
        (timedelta(days=3, hours=4, minutes=5), "3d 4h ago"),
        (timedelta(seconds=-5), "0s ago"),
    ],
)
def test_age_has_its_two_largest_units(ago: timedelta, expected: str) -> None:
    assert age((datetime.now(UTC) - ago - timedelta(milliseconds=1)).isoformat()) == expected
