"""Show `approval.py` on the real Restate server: a wait that outlives the process that waits.

Starts everything on free ports in a temporary directory, types the commands a person would type, checks each
answer, and leaves nothing behind. Exits with 0 when all went as told, else with a reason.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
INSTALLER = HERE.parent / "scripts" / "install_server.py"
#: The command of the environment that this script runs in.
AWAKEN = Path(sys.executable).with_name("awaken")

EXPENSE = "a standing desk, 300 EUR"
DECISION = {"approved": True, "by": "Ada"}
OUTCOME = f"{EXPENSE}: approved by Ada"
PATIENCE_S = 60


class DemoError(Exception):
    """Something was not as it should be."""


def main() -> None:
    """Play the demo in a temporary directory."""
    if shutil.which("curl") is None:
        sys.exit("demo: curl is not on the PATH; install it first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("demo: stopped by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="awaken-demo-") as directory:
        try:
            with ExitStack() as processes:
                play(Path(directory), processes)
        except (DemoError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            logs = "".join(
                f"\n--- {log.name}\n{log.read_text()[-3000:]}" for log in Path(directory).glob("*.log")
            )
            sys.exit(f"\ndemo: {error}{logs}")


def play(directory: Path, processes: ExitStack) -> None:
    """Play all steps, one after the other."""
    ingress, admin, endpoint, node = free_ports(4)
    ingress_url, admin_url = f"http://127.0.0.1:{ingress}", f"http://127.0.0.1:{admin}"
    outbox = directory / "outbox"
    outbox.mkdir()

    say("1. Start a Restate server. (The first time, npm downloads it; that may take a minute.)")
    server = subprocess.run([sys.executable, INSTALLER], check=True, stdout=subprocess.PIPE, text=True)
    settings = {
        "RESTATE_LISTEN_MODE": "tcp",
        "RESTATE_BIND_IP": "127.0.0.1",
        "RESTATE_BIND_PORT": str(node),
        "RESTATE_INGRESS__BIND_PORT": str(ingress),
        "RESTATE_ADMIN__BIND_PORT": str(admin),
        "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "192 MiB",
        "RESTATE_DISABLE_TELEMETRY": "true",
        # The default is a minute; nobody wants to watch that.
        "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s",
    }
    show(["env", *(f"{name}={value}" for name, value in settings.items()), "restate-server"])
    command = [server.stdout.strip(), "--base-dir", str(directory / "data")]
    processes.enter_context(running(command, directory / "server.log", settings))
    until(
        "the server answers",
        lambda: quiet_curl(f"{admin_url}/health") and quiet_curl(f"{ingress_url}/restate/health"),
    )

    say("2. Serve examples/approval.py, and tell the server where it is.")
    first = processes.enter_context(serving(endpoint, directory, outbox))
    run(["awaken", "register", f"http://127.0.0.1:{endpoint}", "--admin", admin_url])

    say("3. Submit an expense. The answer is the id of the invocation; the handler is on its way.")
    sent = json.loads(curl(f"{ingress_url}/expenses/submit/send", json.dumps(EXPENSE)))
    invocation = sent["invocationId"]

    say("4. The handler asked for a decision: it wrote a request with the id of its awakeable.")
    until("the request is in the outbox", lambda: (outbox / "request.json").exists())
    awakeable = json.loads(run(["cat", str(outbox / "request.json")]))["awakeable"]

    say(
        "5. Now it waits. After a second without news the server suspends it: "
        "it holds no stream, no task, no thread."
    )
    sql = json.dumps({"query": f"SELECT status FROM sys_invocation WHERE id = '{invocation}'"})  # noqa: S608
    query = f"{admin_url}/query", sql, "-H", "accept: application/json"
    until("the invocation is suspended", lambda: '"suspended"' in (quiet_curl(*query) or ""))
    expect("the status", json.loads(curl(*query)), {"rows": [{"status": "suspended"}]})

    say(
        "6. Kill the process that served it, without a warning. The invocation still waits; nobody serves it."
    )
    run(["kill", "-9", str(first.pid)])
    expect("the exit of the endpoint", first.wait(PATIENCE_S), -signal.SIGKILL)
    expect("the status", json.loads(curl(*query)), {"rows": [{"status": "suspended"}]})

    say("7. Start a new process. It knows nothing of the old one.")
    second = processes.enter_context(serving(endpoint, directory, outbox))

    say("8. Somebody decides: any process that knows the id, with plain HTTP.")
    curl(f"{ingress_url}/restate/awakeables/{awakeable}/resolve", json.dumps(DECISION))

    say("9. The handler goes on where it stopped. Fetch its result, and see the ledger.")
    result = json.loads(curl(f"{ingress_url}/restate/invocation/{invocation}/attach"))
    expect("the result", result, OUTCOME)
    expect("the ledger", run(["cat", str(outbox / "ledger.txt")]), f"{OUTCOME}\n")

    say("10. Stop the endpoint; it winds up and exits with 0.")
    run(["kill", str(second.pid)])
    expect("the exit of the endpoint", second.wait(PATIENCE_S), 0)
    print("\nThat is all: one wait, two processes, one result, and every side effect done once.")


# ---------------------------------------------------------------- what a person does


def say(text: str) -> None:
    """Explain the next step."""
    print(f"\n{text}")


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    print(f"   $ {shlex.join(command)}", flush=True)


def run(command: list[str]) -> str:
    """Type a command, show what it prints and return that."""
    show(command)
    program = str(AWAKEN) if command[0] == "awaken" else command[0]
    result = subprocess.run(
        [program, *command[1:]], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    for line in (result.stdout + result.stderr).splitlines():
        print(f"   {line}")
    if result.returncode != 0:
        raise DemoError(f"`{shlex.join(command)}` exited with {result.returncode}")
    return result.stdout


def curl(url: str, body: str | None = None, *options: str) -> str:
    """Type a curl command; an HTTP error is a failure."""
    return run(_curl(url, body, *options))


def quiet_curl(url: str, body: str | None = None, *options: str) -> str | None:
    """Ask without showing it; None when there is no good answer."""
    command = _curl(url, body, *options)
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return (result.stdout or "empty") if result.returncode == 0 else None


def _curl(url: str, body: str | None, *options: str) -> list[str]:
    payload = [] if body is None else ["-H", "content-type: application/json", "-d", body]
    return ["curl", "-sS", "--fail-with-body", url, *options, *payload]


def expect(what: str, seen: object, wanted: object) -> None:
    """Stop the demo when something is not as told."""
    if seen != wanted:
        raise DemoError(f"{what} is {seen!r}, but should be {wanted!r}")


def until(what: str, condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {PATIENCE_S} s in vain until {what}")
        time.sleep(0.1)


# ---------------------------------------------------------------- processes and ports


@contextmanager
def serving(port: int, directory: Path, outbox: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the example until the end of the block."""
    command = ["awaken", "serve", "approval:app", "--bind", f"127.0.0.1:{port}"]
    show(command)
    log = directory / "endpoint.log"
    with running([str(AWAKEN), *command[1:]], log, {"OUTBOX": str(outbox)}, cwd=HERE) as process:
        until("the endpoint listens", lambda: is_listening(port, process))
        yield process


@contextmanager
def running(
    command: list[str], log: Path, settings: dict[str, str], cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background; it never outlives the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT, cwd=cwd
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]


def is_listening(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Tell whether connections are accepted."""
    if process.poll() is not None:
        raise DemoError(f"the endpoint exited with {process.returncode} while starting")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
