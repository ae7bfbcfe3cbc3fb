"""`awaken dev` and `awaken runtime` as users run them: processes, ports and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest
from awaken.control.client import connect_control_sync
from awaken.control.v1 import awakeables_pb2

from tests.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

APP = """
from dataclasses import dataclass
from pathlib import Path

import awaken

desk = awaken.Service("Desk")

@desk.handler()
async def sign(ctx: awaken.Context, paper: str) -> str:
    awakeable = ctx.awakeable(type_hint=str)
    signature = await awakeable
    return f"{paper}, signed by {signature}"

@dataclass
class Decision:
    approved: bool

@desk.handler()
async def decide(ctx: awaken.Context, paper: str) -> str:
    def post(link: awaken.CallbackLink) -> None:
        Path("link.txt").write_text(link.url)

    decision = await ctx.wait_for_callback(post, Decision, name=f"sign {paper}")
    return f"{paper}: {decision.approved}"

@desk.handler()
async def greet(ctx: awaken.Context, name: str) -> str:
    return f"GREETING {name}"

app = awaken.app([desk])
"""


class Command:
    """A command in a process of its own, with what it prints."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        # Read by its path: a handle would share its position with the process, which then writes over its own lines.
        self._path = folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        self._log = self._path.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "awaken.cli", *arguments],
            cwd=folder,
            env={**os.environ, "AWAKEN_GRPC": "off", "COLUMNS": "200", **environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()

    @property
    def output(self) -> str:
        return self._path.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed this."""
        deadline = time.monotonic() + 20
        while (found := re.search(pattern, self.output)) is None:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)
        return found

    @property
    def ingress(self) -> str:
        return self.wait_for(r"ingress on (http\S+)").group(1)

    @property
    def admin(self) -> str:
        return self.wait_for(r"admin API on (http[^\s,]+)").group(1)

    def end(self, signum: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=15)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "desk_app.py").write_text(APP)
    return tmp_path


def dev(folder: Path, *more: str, **environment: str) -> Command:
    ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    return Command(folder, "dev", "desk_app:app", *ports, *more, **environment)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=15) as client:
        yield client


def post(client: httpx.Client, url: str, argument: Any) -> Any:
    response = client.post(url, json=argument)
    assert response.is_success, response.text
    return response.json() if response.content else None


def awakeable_of(client: httpx.Client, command: Command, invocation_id: str) -> str:
    from awaken import _core

    return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), 17)


def wait_for_text(path: Path) -> str:
    deadline = time.monotonic() + 20
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, f"{path} stays empty"
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_dev_serves_shows_each_step_and_drains(
    folder: Path, client: httpx.Client, signum: signal.Signals
) -> None:
    with dev(folder) as command:
        assert post(client, f"{command.ingress}/Desk/greet", "Ada") == "GREETING Ada"
        invocation_id = post(client, f"{command.ingress}/Desk/sign/send", "lease")["invocationId"]
        command.wait_for(rf"attempt +Desk/sign +{invocation_id}")

        assert command.end(signum) == 0

        lines = command.output
        assert "awaken: serving Desk (decide, greet, sign)" in lines
        assert re.search(r"accepted +Desk/greet", lines)
        assert re.search(r"succeeded +Desk/greet .* after \d+ ms", lines)
        assert re.search(rf"suspended +Desk/sign +{invocation_id} +waits for awakeable 17", lines)
        assert lines.count("awaken: stopping") == 1
        assert "Traceback" not in lines


def test_what_waits_goes_on_after_a_kill(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        invocation_id = post(client, f"{command.ingress}/Desk/sign/send", "lease")["invocationId"]
        command.wait_for(r"attempt +Desk/sign")
        command.process.kill()
        command.process.wait()

    with dev(folder) as command:
        awakeable = awakeable_of(client, command, invocation_id)
        client.post(f"{command.ingress}/restate/awakeables/{awakeable}/resolve", json="Ada")
        answer = client.get(f"{command.ingress}/restate/invocation/{invocation_id}/attach")

        assert answer.json() == "lease, signed by Ada"
        assert command.end() == 0


def test_links_and_the_inbox_work_without_setting_up(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        invocation_id = post(client, f"{command.ingress}/Desk/decide/send", "lease")["invocationId"]
        url = wait_for_text(folder / "link.txt")
        command.process.kill()
        command.process.wait()

    with dev(folder) as command:
        _, prefix, token = url.partition("/restate/callbacks/")
        link = f"{command.ingress}{prefix}{token}"
        page = client.get(link)
        wrong = client.post(link, json={"approved": "perhaps"})
        sent = client.post(link, json={"approved": True})
        again = client.post(link, json={"approved": False})
        answer = client.get(f"{command.ingress}/restate/invocation/{invocation_id}/attach")
        inbox = client.get(command.wait_for(r"inbox on (http\S+)").group(1))

    assert page.status_code == 200
    assert "sign lease" in page.text
    assert (wrong.status_code, sent.status_code, again.status_code) == (422, 200, 409)
    assert answer.json() == "lease: True"
    assert "Nothing waits for an answer" in inbox.text
    assert oct((folder / ".awaken" / "callback.key").stat().st_mode & 0o777) == "0o600"


def test_second_process_on_a_directory_is_refused(folder: Path) -> None:
    with dev(folder) as first:
        first.wait_for("ingress on")
        with dev(folder) as second:
            assert second.process.wait(timeout=15) == 1
            assert f".awaken is in use by process {first.process.pid}; stop that one" in second.output
            assert "Traceback" not in second.output
        assert first.end() == 0


@pytest.mark.parametrize("option", ["--ingress", "--admin", "--grpc"])
def test_taken_port_is_told_before_anything_runs(folder: Path, client: httpx.Client, option: str) -> None:
    with dev(folder) as command:
        post(client, f"{command.ingress}/Desk/sign/send", "lease")
        command.wait_for(r"attempt +Desk/sign")
        assert command.end() == 0

    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with dev(folder, option, address) as command:
            assert command.process.wait(timeout=15) == 1
            printed = command.output.splitlines()

    assert len(printed) == 1, printed
    assert printed[0].startswith(f"error: cannot listen on {address}: ")
    assert printed[0].endswith(f"another address with {option}")


def test_grpc_answers_what_the_inbox_lists(folder: Path, client: httpx.Client) -> None:
    with dev(folder, AWAKEN_GRPC="127.0.0.1:0") as command:
        invocation_id = post(client, f"{command.ingress}/Desk/decide/send", "lease")["invocationId"]
        inbox = command.wait_for(r"inbox on (http\S+)").group(1)
        with connect_control_sync(command.wait_for(r"gRPC on (\S+)").group(1)) as control:
            watching = control.awakeables.Watch(awakeables_pb2.WatchAwakeablesRequest(), timeout=20)
            pending = next(watching).awakeable
            listed = client.get(inbox).text
            answer = control.resolve(pending.id, b'{"approved": true}')
            result = control.attach(invocation_id)
        assert command.end() == 0

    assert (pending.name, pending.invocation_id) == ("sign lease", invocation_id)
    assert f"/awakeables/{pending.id}" in listed
    assert answer.outcome == awakeables_pb2.CompletionResponse.OUTCOME_APPLIED
    assert json.loads(result.value) == "lease: True"


def test_settings_have_the_servers_names(folder: Path, client: httpx.Client) -> None:
    with dev(folder, RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT="0s") as command:
        post(client, f"{command.ingress}/Desk/sign/send", "lease")
        command.wait_for(r"suspended +Desk/sign")
    with dev(folder, RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT="soon") as command:
        assert command.process.wait(timeout=15) == 2
        assert (
            "a setting in the environment is invalid: RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"
            in command.output
        )


def test_json_output_is_a_document_a_line(folder: Path, client: httpx.Client) -> None:
    with dev(folder, "--json-output") as command:
        command.wait_for("\n")
        addresses = json.loads(command.output.splitlines()[0])
        post(client, f"{addresses['ingress']}/Desk/greet", "Ada")
        command.wait_for("succeeded")

        steps = [json.loads(line) for line in command.output.splitlines()[1:]]

        assert addresses["pid"] == command.process.pid
        assert [step["step"] for step in steps] == ["accepted", "attempt", "succeeded"]
        assert {step["target"] for step in steps} == {"Desk/greet"}


def test_reload_runs_the_new_code_and_keeps_what_waits(folder: Path, client: httpx.Client) -> None:
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(free.getsockname()[1])
    addresses = ("--ingress", f"127.0.0.1:{ports[0]}", "--admin", f"127.0.0.1:{ports[1]}")
    ingress = f"http://127.0.0.1:{ports[0]}"
    with Command(folder, "dev", "desk_app:app", *addresses, "--reload") as command:
        command.wait_for("ingress on")
        invocation_id = post(client, f"{ingress}/Desk/sign/send", "lease")["invocationId"]
        command.wait_for(r"attempt +Desk/sign")

        (folder / "desk_app.py").write_text("this is no Python")
        command.wait_for("desk_app.py changed, starting again")
        command.wait_for("waiting for a change")
        (folder / "desk_app.py").write_text(APP.replace("GREETING", "Welcome,"))
        command.wait_for(r"(?s)waiting for a change.*ingress on")

        assert post(client, f"{ingress}/Desk/greet", "Ada") == "Welcome, Ada"
        awakeable = awakeable_of(client, command, invocation_id)
        client.post(f"{ingress}/restate/awakeables/{awakeable}/resolve", json="Ada")
        answer = client.get(f"{ingress}/restate/invocation/{invocation_id}/attach")
        assert answer.json() == "lease, signed by Ada"
        assert command.end() == 0


def test_runtime_serves_an_endpoint_that_is_registered(folder: Path, client: httpx.Client) -> None:
    ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    with Command(folder, "runtime", *ports, "--steps") as runtime:
        endpoint = ("serve", "desk_app:app", "--bind", "127.0.0.1:0", "--register", runtime.admin)
        with Command(folder, *endpoint) as serving:
            serving.wait_for("Desk")

            assert post(client, f"{runtime.ingress}/Desk/greet", "Ada") == "GREETING Ada"
            runtime.wait_for(r"succeeded +Desk/greet")
            assert serving.end() == 0
        assert runtime.end() == 0

    with Command(folder, "runtime", *ports) as again:
        again.wait_for("awaken: registered services: Desk")
        assert again.end() == 0


def test_callers_that_still_wait_are_told_to_ask_again(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command, ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.post, f"{command.ingress}/Desk/sign", json="lease")
        command.wait_for("attempt  .*Desk/sign")

        assert command.end() == 0
        response = waiting.result()

    assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "the runtime is stopping; ask again after its next start" in response.text


def test_a_handler_that_does_not_suspend_in_time_is_named(folder: Path, client: httpx.Client) -> None:
    (folder / "late_app.py").write_text(
        "import asyncio\nimport awaken\ns = awaken.Service('Late')\n\n"
        "@s.handler()\nasync def wait(ctx: awaken.Context) -> None:\n    await asyncio.sleep(600)\n\n"
        "app = awaken.app([s])\n"
    )
    ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    with Command(folder, "dev", "late_app:app", *ports) as command:
        client.post(f"{command.ingress}/Late/wait/send")
        command.wait_for("attempt  .*Late/wait")

        assert command.end() == 0
        assert re.search(r"Late/wait \(inv_1\w+\) was cut off at .*late_app\.py:7, because", command.output)


def test_the_address_of_the_admin_api_leads_browsers_to_the_inbox(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        response = client.get(f"{command.admin}/")

        assert response.is_redirect
        assert response.headers["location"] == "/ui/"
        assert "text/html" in client.get(f"{command.admin}/", follow_redirects=True).headers["content-type"]


def test_a_restart_says_how_much_waits(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        command.wait_for("ingress on")
        assert "continuing" not in command.output
        for _ in range(2):
            client.post(f"{command.ingress}/Desk/sign/send", json="x")
        client.post(f"{command.ingress}/Desk/greet/send", params={"delay": "1h"}, json="x")
        command.wait_for("(?s)attempt.*Desk/sign.*attempt.*Desk/sign")
        assert command.end() == 0
    with dev(folder, "--json-output") as command:
        ready = json.loads(command.wait_for(r'.*"ingress".*').group())
        assert command.end() == 0
    with dev(folder) as command:
        told = command.wait_for(r"continuing (.*)").group(1)

    assert (ready["open_invocations"], ready["pending_awakeables"]) == (3, 2)
    assert ready["next_timer"] > ready["time"]
    assert re.fullmatch(r"3 open invocations, 2 pending awakeables, the next timer is due at \S+ \S+", told)


def test_a_start_after_a_kill_says_that_handlers_ran(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        client.post(f"{command.ingress}/Desk/sign/send", json="x")
        command.wait_for("attempt.*Desk/sign")
        command.process.kill()
        command.process.wait()
    with dev(folder, "--json-output") as command:
        ready = json.loads(command.wait_for(r'.*"ingress".*').group())
        command.process.kill()
        command.process.wait()
    with dev(folder) as command:
        told = command.wait_for(r"continuing (.*)").group(1)

    # What it waits for is in no journal: the handler says so again.
    assert (ready["open_invocations"], ready["running_invocations"], ready["pending_awakeables"]) == (1, 1, 0)
    assert told == "1 open invocation, cut off while running"


def test_a_runtime_that_signs_tells_the_key_that_endpoints_take(folder: Path) -> None:
    signer = Signer()
    signer.write(folder / "key.pem")
    key_file = {"RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": str(folder / "key.pem")}
    with dev(folder, **key_file) as command:
        told = command.wait_for(r"--identity-key (\S+)").group(1)
        command.wait_for("ingress on")
        assert command.end() == 0
    with dev(folder, "--json-output") as command:
        unsigned = json.loads(command.wait_for(r'.*"ingress".*').group())

    assert told == signer.public_key
    assert unsigned["identity_key"] is None


def test_a_handler_that_the_code_no_longer_has_is_named(folder: Path, client: httpx.Client) -> None:
    with dev(folder) as command:
        post(client, f"{command.ingress}/Desk/sign/send", "lease")
        invocation_id = post(client, f"{command.ingress}/Desk/sign/send", "lease")["invocationId"]
        command.wait_for("(?s)attempt.*Desk/sign.*attempt.*Desk/sign")
        assert command.end() == 0
    (folder / "desk_app.py").write_text(APP.replace("def sign", "def seal"))
    with dev(folder) as command:
        post(
            client,
            f"{command.ingress}/restate/awakeables/{awakeable_of(client, command, invocation_id)}/resolve",
            "Ada",
        )
        failed = command.wait_for(r"backing off +Desk/sign .*").group()
        admin = command.admin

        assert (
            "awaken: warning: 2 open invocations are of Desk/sign, which the code no longer has"
            in command.output
        )
        assert f"`awaken invocations kill ID... --admin {admin}`" in command.output
        assert "Desk has no handler 'sign', it has decide, greet, seal; bring it back" in failed


def test_steps_name_what_is_awaited(folder: Path, client: httpx.Client) -> None:
    (folder / "desk_app.py").write_text(
        APP.replace(
            "app = awaken.app",
            """
import asyncio
from datetime import timedelta

@desk.handler()
async def remind(ctx: awaken.Context, paper: str) -> None:
    await asyncio.gather(ctx.sleep(timedelta(hours=1), name="reminder"), ctx.service_call(sign, paper))

app = awaken.app""",
        )
    )
    with dev(folder) as command:
        post(client, f"{command.ingress}/Desk/decide/send", "lease")
        post(client, f"{command.ingress}/Desk/remind/send", "lease")
        command.wait_for("attempt +Desk/sign")
        wait_for_text(folder / "link.txt")
        time.sleep(0.2)
        assert command.end() == 0

        assert re.search("suspended +Desk/decide .*waits for callback 'sign lease'", command.output)
        assert re.search(
            "suspended +Desk/remind .*waits for the result of Desk/sign, timer 'reminder'", command.output
        )
