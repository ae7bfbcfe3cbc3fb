"""The same work on both runtimes, so that their tables have the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.runtime import Runtime

PATIENCE_S: Final = 20
#: By target, of each: what the invocations come to.
SETTLED: Final = {
    "Deal/v/run": ["suspended"],
    "Deal/w/run": ["completed"],
    "Deal/w/sign": ["completed"],
    "Shaky/backs_off": ["backing-off"],
    "Shaky/dies": ["completed"],
    "Shaky/pauses": ["paused"],
    "Tally/double": ["completed"] * 3,
    "Tally/nap": ["completed"] * 2 + ["scheduled"] * 2 + ["suspended"],
    "Tally/order": ["completed"],
    "Tally/refuse": ["completed"],
    "Till/a/add": ["completed"] * 2,
    "Till/a/peek": ["completed"],
    "Till/b/add": ["pending"] * 2,
    "Till/b/hold": ["suspended"],
    "Till/c/add": ["completed"],
}


class Filled(NamedTuple):
    """A runtime that has some of everything."""

    runtime: Runtime
    admin: httpx.Client
    #: Of invocations by target, one of each, and of the deployment.
    ids: dict[str, str]

    def ask(self, sql: str, accept: str = "application/json") -> httpx.Response:
        """Ask a question."""
        return self.admin.post("/query", json={"query": sql}, headers={"accept": accept})

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of an answer."""
        response = self.ask(sql)
        assert response.status_code == httpx.codes.OK, response.text
        rows: list[dict[str, Any]] = response.json()["rows"]
        return rows


def fill(runtime: Runtime, endpoint_url: str) -> Filled:
    """Register the application of `shop.py`, call its handlers, and wait until all invocations have come to rest."""
    admin = httpx.Client(base_url=runtime.admin_url, timeout=PATIENCE_S)
    filled = Filled(runtime, admin, {})
    ingress = httpx.Client(base_url=runtime.ingress_url, timeout=PATIENCE_S)

    def call(path: str, argument: Any = None, key: str | None = None) -> Any:
        headers = {} if key is None else {"idempotency-key": key}
        if argument is None:
            return ingress.post(path, headers=headers).json()
        return ingress.post(path, json=argument, headers=headers).json()

    with ingress:
        admin.post("/deployments", json={"uri": endpoint_url}).raise_for_status()
        call("/Till/a/add", 5, "one")
        call("/Till/a/add", 6, "two")
        call("/Till/b/hold/send", key="three")
        _until(filled, {"Till/b/hold": ["suspended"]})
        call("/Till/b/add/send", 1, "four")
        call("/Till/b/add/send", 2, "five")
        call("/Till/a/peek", key="six")
        call("/Tally/nap/send", 3600, "seven")
        call("/Tally/nap/send?delay=1h", 1, "eight")
        call("/Tally/refuse", key="nine")
        call("/Tally/order", "c", "ten")
        for key, offer in (("w", "land"), ("v", "sea")):
            call(f"/Deal/{key}/run/send", offer)
        _until(filled, {"Deal/w/run": ["suspended"], "Deal/v/run": ["suspended"]})
        call("/Deal/w/sign", "me")
        for name in ("pauses", "backs_off"):
            call(f"/Shaky/{name}/send", key=name)
        call("/Shaky/dies", key="eleven")
        for method in ("cancel", "kill"):
            invocation_id = call("/Tally/nap/send", 3600, method)["invocationId"]
            _until(filled, {invocation_id: ["suspended"]}, by="id")
            admin.patch(f"/invocations/{invocation_id}/{method}").raise_for_status()
    _until(filled, SETTLED)
    for row in filled.rows("SELECT id, target FROM sys_invocation"):
        filled.ids[row["target"]] = row["id"]
    filled.ids["deployment"] = filled.rows("SELECT id FROM sys_deployment")[0]["id"]
    return filled


def _until(filled: Filled, wanted: dict[str, list[str]], by: str = "target") -> None:
    def found() -> dict[str, list[str]]:
        statuses: dict[str, list[str]] = {}
        for row in filled.rows(f"SELECT {by}, status FROM sys_invocation ORDER BY status"):
            statuses.setdefault(row[by], []).append(row["status"])
        return {name: sorted(statuses.get(name, [])) for name in wanted}

    eventually(lambda: found() == wanted, within=PATIENCE_S, what=f"invocations with {wanted}")
