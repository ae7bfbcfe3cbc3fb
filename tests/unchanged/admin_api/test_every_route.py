"""Every route of the admin API, with requests of every kind: the same status, headers and document on both runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.unchanged.admin_api.comparing import assert_same
from tests.unchanged.admin_api.exclusions import DIFFERENT, NOT_HERE
from tests.unchanged.admin_api.requests import REQUESTS
from tests.unchanged.admin_api.sides import side_by_side

if TYPE_CHECKING:
    from tests.unchanged.admin_api.conftest import Sides
    from tests.unchanged.admin_api.requests import Asked
    from tests.unchanged.admin_api.sides import Side

JSON: Final = "application/json"


def ask(side: Side, asked: Asked) -> dict[str, Any]:
    # Each on a connection of its own: both may close one whose request they refuse without reading its body.
    headers = {"connection": "close"}
    if asked.content_type is not None:
        headers["content-type"] = asked.content_type
    answer = side.admin.request(asked.method, asked.path, content=asked.body, headers=headers)
    content_type = answer.headers.get("content-type")
    told: dict[str, Any] = {
        "status": answer.status_code,
        "content type": content_type,
        "allow": sorted(answer.headers.get("allow", "").replace(" ", "").split(",")),
        "location": answer.headers.get("location"),
    }
    if answer.status_code >= 300:
        # What follows the colon of a text is the decoder's: it names the place in the document in its own way.
        told["error"] = (
            answer.json() if content_type == JSON and answer.content else answer.text.partition(":")[0]
        )
    return told


def test_every_request_gets_the_same_answer(sides: Sides) -> None:
    server, embedded = side_by_side(sides, lambda side: {str(asked): ask(side, asked) for asked in REQUESTS})

    alike = [request for request in DIFFERENT if server.pop(request) == embedded.pop(request)]
    assert_same(server, embedded)
    assert alike == []  # a difference that is none any more


@pytest.mark.parametrize(("method", "path"), NOT_HERE)
def test_what_is_not_on_the_embedded_runtime(sides: Sides, method: str, path: str) -> None:
    answer = sides.embedded.admin.request(method, path, json=NOT_HERE[method, path])

    assert answer.status_code == 501
    assert answer.json()["message"].startswith("This is not on the embedded runtime. It ")


@pytest.mark.parametrize("path", ["/version", "/cluster-health", "/subscriptions", "/kafka-clusters"])
@pytest.mark.parametrize("version", ["", "/v2", "/v3", "/v4"])
def test_documents_about_the_runtime(sides: Sides, version: str, path: str) -> None:
    server, embedded = (side.get(f"{version}{path}") for side in sides)

    assert_same(server, embedded, ignored=("ingress_endpoint", "runtime"))
