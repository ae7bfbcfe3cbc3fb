"""The steps of the demo, on any engine: one wait, a killed process, one result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol

from examples.demo.stage import curl, expect, quiet_curl, run, say, until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Engine", "play"]

EXPENSE: Final = "a standing desk, 300 EUR"
DECISION: Final = {"approved": True, "by": "Ada"}
OUTCOME: Final = f"{EXPENSE}: approved by Ada"


class Engine(Protocol):
    """Runs `examples/approval.py`. Its files are in the parent directory of the outbox."""

    ingress_url: str
    admin_url: str

    def start(self) -> None:
        """Start everything, and wait until it answers."""
        ...

    def kill(self) -> None:
        """Kill the process that runs the handler, with signal 9."""
        ...

    def start_again(self) -> None:
        """Start a new process in its place, which knows nothing of the old one."""
        ...

    def stop(self) -> None:
        """Ask that process to stop, and check that it does."""
        ...

    def tell(self) -> None:
        """Show the output since the last call."""
        ...


def play(engine: Engine, directory: Path) -> None:
    """Play all steps."""
    outbox = directory / "outbox"
    outbox.mkdir()
    engine.start()
    engine.tell()

    say("Submit an expense. The answer is the id of the invocation; the handler starts.")
    sent = json.loads(curl(f"{engine.ingress_url}/expenses/submit/send", json.dumps(EXPENSE)))
    invocation = sent["invocationId"]

    say("The handler asked for a decision: it wrote a request with the id of its awakeable.")
    until("the request is in the outbox", lambda: (outbox / "request.json").exists())
    awakeable = json.loads(run(["cat", str(outbox / "request.json")]))["awakeable"]

    say(
        "Now it waits. After a second without news (a minute by default) the runtime suspends it: "
        "it holds no stream, no task, no thread."
    )
    sql = json.dumps({"query": f"SELECT status FROM sys_invocation WHERE id = '{invocation}'"})  # noqa: S608
    query = f"{engine.admin_url}/query", sql, "-H", "accept: application/json"
    until("the invocation is suspended", lambda: '"suspended"' in (quiet_curl(*query) or ""))
    expect("the status", json.loads(curl(*query)), {"rows": [{"status": "suspended"}]})
    engine.tell()

    engine.kill()
    engine.start_again()
    expect("the status", json.loads(curl(*query)), {"rows": [{"status": "suspended"}]})
    engine.tell()

    say("Decide: any process that knows the id can, with plain HTTP.")
    curl(f"{engine.ingress_url}/restate/awakeables/{awakeable}/resolve", json.dumps(DECISION))

    say("The handler continues where it stopped. Fetch its result, and look into the ledger.")
    result = json.loads(curl(f"{engine.ingress_url}/restate/invocation/{invocation}/attach"))
    expect("the result", result, OUTCOME)
    expect("the ledger", run(["cat", str(outbox / "ledger.txt")]), f"{OUTCOME}\n")
    engine.tell()

    say("Stop it; it shuts down and exits with 0.")
    engine.stop()
    print("\nThat is all: one wait, two processes, one result, and every side effect done once.")
