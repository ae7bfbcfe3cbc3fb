"""One runtime with the application of these tests: requests to its admin API, and invocations in a wanted state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.e2e.runtime import Runtime

T = TypeVar("T")

#: What an invocation of each state runs, before anything is done to it.
HANDLERS: Final = {
    "scheduled": "echo",
    "inboxed": "echo",
    "running": "busy",
    "backing-off": "fail",
    "suspended": "wait",
    "paused": "fail",
    "completed": "echo",
    "without journal": "echo",
}
#: How the server's table calls the states that it calls otherwise.
_STATUSES: Final = {"inboxed": "pending", "without journal": "completed"}


def side_by_side(sides: Iterable[Side], do: Callable[[Side], T]) -> list[T]:
    """Do something on all runtimes at once, and return what came of it in their order."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(do, sides))


class Side:
    """One runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.admin = httpx.Client(base_url=runtime.admin_url, timeout=20)
        self.ingress = httpx.Client(base_url=runtime.ingress_url, timeout=20)

    def close(self) -> None:
        self.admin.close()
        self.ingress.close()

    def get(self, path: str) -> Any:
        """Return the JSON at a path of the admin API."""
        answer = self.admin.get(path)
        answer.raise_for_status()
        return answer.json()

    def query(self, sql: str) -> list[dict[str, Any]]:
        answer = self.admin.post("/query", json={"query": sql}, headers={"accept": "application/json"})
        answer.raise_for_status()
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    def start(self, kind: str, state: str, key: str) -> str:
        """Begin to bring an invocation into a state, and return its id; `settle` waits for it.

        Args:
            kind: service, object or workflow.
            state: one of HANDLERS.
            key: of its own.
        """
        handler = HANDLERS[state]
        match kind:
            case "service":
                path = f"/AdminPlain/{handler}"
            case "object":
                path = f"/AdminKeyed/{key}/{handler}"
            case _:
                path = f"/AdminFlow{handler.capitalize()}/{key}/run"
        if state == "inboxed":
            self.ingress.post(f"/AdminKeyed/{key}/busy/send").raise_for_status()
        body: dict[str, Any] = {"json": "value"} if handler == "echo" else {}
        delay = {"delay": "1h"} if state == "scheduled" else {}
        answer = self.ingress.post(f"{path}/send", params=delay, **body)
        answer.raise_for_status()
        invocation_id: str = answer.json()["invocationId"]
        return invocation_id

    def settle(self, states: dict[str, str]) -> None:
        """Wait until invocations, by their ids, are in the states that they were started for."""
        paused = [invocation_id for invocation_id, state in states.items() if state == "paused"]
        purged = [invocation_id for invocation_id, state in states.items() if state == "without journal"]
        self.wait_for(dict.fromkeys(paused, "backing-off"))
        for invocation_id in paused:
            self.admin.patch(f"/invocations/{invocation_id}/pause").raise_for_status()
        self.wait_for({each: _STATUSES.get(state, state) for each, state in states.items()})
        for invocation_id in purged:
            self.admin.patch(f"/invocations/{invocation_id}/purge-journal").raise_for_status()

    def wait_for(self, statuses: dict[str, str]) -> None:
        def are_there() -> bool:
            now = self.statuses(statuses)
            return all(now.get(each) == status for each, status in statuses.items())

        if statuses:
            eventually(are_there, within=15, what=f"the statuses {sorted(set(statuses.values()))}")

    def statuses(self, ids: Iterable[str]) -> dict[str, str]:
        names = ", ".join(f"'{each}'" for each in ids)
        rows = self.query(f"SELECT id, status FROM sys_invocation WHERE id IN ({names})")
        return {row["id"]: row["status"] for row in rows}
