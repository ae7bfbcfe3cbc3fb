"""The life of deployments and services, one request after the other: the same answers on both runtimes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from tests.unchanged.admin_api.comparing import assert_same
from tests.unchanged.admin_api.manifests import ManifestServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unchanged.admin_api.conftest import Sides
    from tests.unchanged.admin_api.sides import Side

DEPLOYMENT_ID: Final = re.compile(r"dp_1\w{22}")
NAME: Final = "AdminChanging"
#: Of deployments, in the order in which they appear.
NAMES: Final = ("FIRST", "SECOND", "THIRD", "FOURTH")


def service(kind: str = "SERVICE", **more: Any) -> dict[str, Any]:
    return {"name": NAME, "ty": kind, "handlers": [{"name": "one"}], **more}


class Story:
    """Requests to one runtime, and what it answered."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._names: dict[str, str] = {}
        self.answers: dict[str, Any] = {}

    def ask(self, method: str, path: str, **body: Any) -> None:
        """Send a request; `FIRST` in a path is the deployment that was seen first, and so on."""
        for deployment_id, name in self._names.items():
            path = path.replace(name, deployment_id)
        has_body = method in ("POST", "PATCH", "PUT")
        answer = self._side.admin.request(method, path, json=body if has_body else None)
        is_json = answer.headers.get("content-type") == "application/json"
        told: Any = answer.json() if is_json else answer.text.partition(":")[0]
        if isinstance(told, dict) and told.get("restate_code") == "META0006":
            told["message"] = told["message"].partition("previous revision")[0]  # ours also says what to do
        if isinstance(told, dict) and "deployments" in told:
            told = {
                self._names[each["id"]]: each for each in told["deployments"] if each["id"] in self._names
            }
        elif answer.is_success and is_json and "uri" in body:
            name = "DRY" if body.get("dry_run") else NAMES[len(set(self._names.values()) - {"DRY"})]
            self._names.setdefault(told["id"], name)
        self.answers[f"{len(self.answers)} {method} {path} {body}"] = {
            "status": answer.status_code,
            "location": answer.headers.get("location"),
            "type": answer.headers.get("content-type"),
            "told": told,
        }

    def told(self) -> dict[str, Any]:
        return {self._masked(question): self._masked(answer) for question, answer in self.answers.items()}

    def _masked(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._masked(each) for name, each in value.items() if name != "created_at"}
        if isinstance(value, list):
            return [self._masked(each) for each in value]
        if isinstance(value, str):
            return DEPLOYMENT_ID.sub(lambda found: self._names.get(found[0], found[0]), value)
        return value


class Endpoints(NamedTuple):
    one: ManifestServer
    two: ManifestServer


def tell(side: Side, endpoints: Endpoints) -> dict[str, Any]:
    story = Story(side)
    ask = story.ask
    one = {"uri": endpoints.one.url, "use_http_11": True}
    two = {"uri": endpoints.two.url, "use_http_11": True}
    endpoints.one.services = [service()]
    endpoints.two.services = [service(documentation="two")]

    ask("POST", "/deployments", **one, dry_run=True)
    ask("GET", f"/services/{NAME}")
    ask("POST", "/deployments", **one, metadata={"a": "b"}, additional_headers={"X-One": "1"})
    ask("POST", "/deployments", **one)
    ask("POST", "/deployments", **one, dry_run=True, force=True)
    ask("POST", "/deployments", **one, force=True, metadata={"c": "d"})
    ask("POST", "/v2/deployments", **one, force=False)
    ask("POST", "/v2/deployments", **one)
    ask("POST", "/v3/deployments", **one)
    ask("GET", "/deployments/FIRST")
    ask("PATCH", "/deployments/FIRST")
    ask("PATCH", "/deployments/FIRST", additional_headers={"y": "2"})
    ask("PATCH", "/deployments/FIRST", metadata={"ignored": "yes"})
    ask("PATCH", "/deployments/FIRST", uri="/relative")
    endpoints.one.services = [service(documentation="new")]
    ask("PATCH", "/deployments/FIRST", **one)
    ask("PATCH", "/deployments/FIRST", **one, dry_run=True, overwrite=True)
    ask("PATCH", "/deployments/FIRST", **one, overwrite=True)
    ask("GET", f"/services/{NAME}")
    endpoints.one.services = [service("VIRTUAL_OBJECT")]
    ask("POST", "/deployments", **one)
    ask("PUT", "/v2/deployments/FIRST", **one)
    ask("PUT", "/v4/deployments/FIRST", **one)
    ask("PATCH", "/deployments/FIRST", **one, overwrite=True)
    ask("POST", "/deployments", **two)
    ask("POST", "/deployments", **two, breaking=True, dry_run=True)
    ask("POST", "/deployments", **two, breaking=True)
    ask("GET", f"/services/{NAME}")
    ask("GET", "/deployments")
    for setting in (
        {"public": False},
        {"public": True},
        {"public": None},
        {"inactivity_timeout": "30s"},
        {"abort_timeout": "PT90S"},
        {"journal_retention": "1h 30m"},
        {"journal_retention": "0"},
        {"idempotency_retention": "2 days"},
        {"workflow_completion_retention": "1s"},
        {"retry_policy": {"max_attempts": 1}},
    ):
        ask("PATCH", f"/services/{NAME}", **setting)
    ask("GET", f"/services/{NAME}")
    ask("DELETE", "/deployments/SECOND")
    ask("DELETE", "/deployments/SECOND?force=true")
    ask("GET", f"/services/{NAME}")
    ask("GET", "/deployments/SECOND")
    ask("DELETE", "/deployments/SECOND?force=true")
    ask("DELETE", "/deployments/FIRST?force=true")
    ask("GET", f"/services/{NAME}")
    endpoints.one.services = [
        {
            "name": NAME,
            "ty": "WORKFLOW",
            "handlers": [{"name": "run", "ty": "WORKFLOW", "workflowCompletionRetention": 5000}],
        },
        {"name": f"{NAME}Plain", "ty": "WORKFLOW", "handlers": [{"name": "run", "ty": "WORKFLOW"}]},
    ]
    ask("POST", "/deployments", **one)
    for name in (NAME, f"{NAME}Plain"):
        ask("PATCH", f"/services/{name}", workflow_completion_retention="5 days")
        ask("GET", f"/services/{name}/handlers")
    for deployment in NAMES:
        ask("DELETE", f"/deployments/{deployment}?force=true")
    return story.told()


@pytest.fixture
def endpoints() -> Iterator[Endpoints]:
    with ManifestServer([]) as one, ManifestServer([]) as two:
        yield Endpoints(one, two)


def test_deployments_and_services_change_alike(sides: Sides, endpoints: Endpoints) -> None:
    server, embedded = (tell(side, endpoints) for side in sides)

    assert_same(server, embedded)
