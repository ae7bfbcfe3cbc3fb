"""What operators get for each change of an invocation, by its kind and state: the same on both runtimes."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.e2e.waiting import eventually
from tests.unchanged.admin_api.comparing import assert_same, differences
from tests.unchanged.admin_api.manifests import ManifestServer
from tests.unchanged.admin_api.sides import HANDLERS, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.unchanged.admin_api.conftest import Sides
    from tests.unchanged.admin_api.sides import Side

KINDS: Final = ("service", "object", "workflow")
UNKNOWN: Final = "inv_17ZB4peIwK8U4nqrWgc4oagCJWECQUptDk"
NO_DEPLOYMENT: Final = "dp_13l2xBZsoZUnMZvj054Qkhk"
NEW_ID: Final = re.compile(r"inv_1\w{33}")
BATCH: Final = "/internal/invocations_batch_operations"
BATCHES: Final = ("cancel", "kill", "pause", "resume", "purge", "purge-journal", "restart-as-new")
#: Kind, state and change.
Case = tuple[str, str, str]
CHANGES: Final = {
    "cancel": ("PATCH", "/cancel"),
    "kill": ("PATCH", "/kill"),
    "pause": ("PATCH", "/pause"),
    "resume": ("PATCH", "/resume"),
    "resume where it was": ("PATCH", "/resume?deployment=keep"),
    "resume on the latest": ("PATCH", "/resume?deployment=Latest"),
    "resume on an unknown one": ("PATCH", f"/resume?deployment={NO_DEPLOYMENT}"),
    "resume on garbage": ("PATCH", "/resume?deployment=garbage"),
    "purge": ("PATCH", "/purge"),
    "purge-journal": ("PATCH", "/purge-journal"),
    "restart": ("PATCH", "/restart-as-new"),
    "restart from 1": ("PATCH", "/restart-as-new?from=1"),
    "restart from 100": ("PATCH", "/restart-as-new?from=100"),
    "restart from a negative number": ("PATCH", "/restart-as-new?from=-1"),
    "restart on the latest": ("PATCH", "/restart-as-new?deployment=LATEST"),
    "restart on an unknown one": ("PATCH", f"/restart-as-new?deployment={NO_DEPLOYMENT}"),
    "restart on nothing": ("PATCH", "/restart-as-new?deployment="),
    "delete": ("DELETE", ""),
    "delete by killing": ("DELETE", "?mode=kill"),
    "delete by purging": ("DELETE", "?mode=purge"),
    "delete otherwise": ("DELETE", "?mode=otherwise"),
}


#: Those that are tried on the invocations of services only, whose rules do not depend on the kind.
DETAILS: Final = tuple(name for name in CHANGES if len(name.split()) > 1)


def cases(changes: Iterable[str]) -> list[Case]:
    return [
        (kind, state, change)
        for kind, state, change in itertools.product(KINDS, HANDLERS, changes)
        if (state != "inboxed" or kind == "object") and (kind == "service" or change not in DETAILS)
    ]


def start_all(side: Side, wanted: list[Case], prefix: str) -> dict[Case, str]:
    ids = {case: side.start(case[0], case[1], f"{prefix}{index}") for index, case in enumerate(wanted)}
    side.settle({ids[case]: case[1] for case in wanted})
    return ids


def ask(side: Side, invocation_id: str, change: str) -> Any:
    method, path = CHANGES[change]
    answer = side.admin.request(method, f"/invocations/{invocation_id}{path}")
    text = answer.text.replace(invocation_id, "ID")
    return answer.status_code, answer.headers.get("content-type"), NEW_ID.sub("NEW", text)


def statuses(side: Side, ids: Mapping[Case, str]) -> dict[Case, str]:
    """Return what has become of invocations; of those that are gone, nothing."""
    found = side.statuses(ids.values())
    return {case: found[invocation_id] for case, invocation_id in ids.items() if invocation_id in found}


def assert_same_statuses(sides: Sides, server: Mapping[Case, str], embedded: Mapping[Case, str]) -> None:
    def unlike() -> list[str]:
        return list(differences(statuses(sides.server, server), statuses(sides.embedded, embedded)))

    assert eventually(unlike, lambda found: not found, what="the same statuses") == []


@pytest.mark.timeout(60)
def test_changes_of_one_invocation(sides: Sides) -> None:
    wanted = cases(CHANGES)

    def change(side: Side) -> tuple[dict[Case, str], dict[str, Any]]:
        ids = start_all(side, wanted, "one")
        return ids, {" ".join(case): ask(side, ids[case], case[2]) for case in wanted}

    server, embedded = side_by_side(sides, change)

    assert_same(server[1], embedded[1])
    assert_same_statuses(sides, server[0], embedded[0])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("invocation_id", [UNKNOWN, "garbage", "inv_1", "dp_1abc"])
def test_changes_of_what_is_none(sides: Sides, invocation_id: str, change: str) -> None:
    server, embedded = (ask(side, invocation_id, change) for side in sides)

    assert embedded == server


@pytest.mark.timeout(60)
def test_changes_of_many_invocations(sides: Sides) -> None:
    wanted = cases(BATCHES)

    def change(side: Side) -> tuple[dict[Case, str], dict[str, Any]]:
        ids = start_all(side, wanted, "many")
        return ids, {each: ask_for_many(side, ids, each) for each in BATCHES}

    server, embedded = side_by_side(sides, change)

    assert_same(server[1], embedded[1])
    assert "succeeded 0" in embedded[1]["kill"]
    assert_same_statuses(sides, server[0], embedded[0])


def ask_for_many(side: Side, ids: Mapping[Case, str], change: str) -> Any:
    names = {invocation_id: " ".join(case) for case, invocation_id in ids.items() if case[2] == change}
    body = {"invocation_ids": [*names, UNKNOWN]}
    answer = side.admin.post(f"{BATCH}/{change}", json=body)
    text = answer.text
    for invocation_id, name in names.items():
        text = text.replace(invocation_id, name)
    told = json.loads(NEW_ID.sub("NEW", text.replace(UNKNOWN, "UNKNOWN")))
    return {"status": answer.status_code} | {
        f"{what} {number}": one
        for what, those in told.items()
        for number, one in enumerate(sorted(those, key=str))
    }


@pytest.mark.parametrize("change", [*BATCHES, "otherwise"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"invocation_ids": []},
        {"invocation_ids": ["garbage"]},
        {"invocation_ids": [5]},
        {"invocation_ids": "text"},
        {"invocation_ids": [UNKNOWN, UNKNOWN], "more": 1},
        {"invocation_ids": [UNKNOWN], "deployment": "garbage"},
        {"invocation_ids": [UNKNOWN], "deployment": 5},
        {"invocation_ids": [UNKNOWN] * 1001},
    ],
)
def test_requests_for_many(sides: Sides, change: str, body: dict[str, Any]) -> None:
    server, embedded = (side.admin.post(f"{BATCH}/{change}", json=body) for side in sides)

    assert embedded.status_code == server.status_code
    assert embedded.headers.get("content-type") == server.headers.get("content-type")
    if server.is_success:
        assert embedded.json() == server.json()


@pytest.mark.parametrize("first", range(9))
def test_restarting_from_an_entry(sides: Sides, first: int) -> None:
    """The journal of `steps` has commands with and without completions."""
    answers = []
    for side in sides:
        started = side.ingress.post("/AdminPlain/steps")
        old = started.headers["x-restate-id"]
        answer = side.admin.patch(f"/invocations/{old}/restart-as-new?from={first}")
        entries: list[Any] = []
        if answer.is_success:
            new = answer.json()["new_invocation_id"]
            assert side.ingress.get(f"/restate/attach/{new}").status_code == 200
            entries = side.query(
                f"SELECT index, entry_type FROM sys_journal WHERE id = '{new}' ORDER BY index"
            )
        answers.append((answer.status_code, NEW_ID.sub("ID", answer.text), started.text, entries))

    assert answers[1] == answers[0]


@pytest.mark.parametrize(
    ("state", "change", "refusal"), [("paused", "resume", 409), ("completed", "restart-as-new", 400)]
)
def test_deployments_without_the_service(sides: Sides, state: str, change: str, refusal: int) -> None:
    """The server accepts them, and every attempt fails; the embedded runtime refuses them."""
    statuses = []
    with ManifestServer([{"name": "AdminElsewhere", "ty": "SERVICE", "handlers": []}]) as endpoint:
        for side in sides:
            registered = side.admin.post("/deployments", json={"uri": endpoint.url, "use_http_11": True})
            deployment_id = registered.json()["id"]
            invocation_id = side.start("service", state, "")
            side.settle({invocation_id: state})
            path = f"/invocations/{invocation_id}/{change}?deployment={deployment_id}"
            statuses.append(side.admin.patch(path).status_code)
            side.admin.patch(f"/invocations/{invocation_id}/kill")
            side.admin.delete(f"/deployments/{deployment_id}?force=true").raise_for_status()

    assert statuses == [200, refusal]
