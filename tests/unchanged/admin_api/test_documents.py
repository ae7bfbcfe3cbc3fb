"""Services, deployments and OpenAPI: what one endpoint is on both runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.unchanged.admin_api.comparing import assert_same, differences
from tests.unchanged.admin_api.manifests import ManifestServer, rich_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unchanged.admin_api.conftest import Sides
    from tests.unchanged.admin_api.sides import Side

SERVICES: Final = {service["name"]: service for service in rich_services("Rich")}
#: They differ from registration to registration.
IDENTITY: Final = ("id", "deployment_id", "created_at")
#: Texts are ours. The server's documents do not conform to OpenAPI, because the description of each `externalDocs` is
#: null; ours have none. Examples of errors lack their code on the server.
TEXTS: Final = ("description", "externalDocs", "example", "servers")


class Registered(NamedTuple):
    """What a runtime tells of the endpoint."""

    registration: Any
    deployment: Any
    listed: Any
    services: dict[str, Any]
    handlers: dict[str, Any]
    openapi: dict[str, Any]


def register(side: Side, url: str) -> Registered:
    answer = side.admin.post("/deployments", json={"uri": url, "use_http_11": True})
    assert answer.status_code == 201, answer.text
    deployment_id = answer.json()["id"]
    try:
        return Registered(
            answer.json(),
            side.get(f"/deployments/{deployment_id}"),
            next(each for each in side.get("/deployments")["deployments"] if each["id"] == deployment_id),
            {name: side.get(f"/services/{name}") for name in SERVICES},
            {
                f"{name}/{handler['name']}": side.get(f"/services/{name}/handlers/{handler['name']}")
                for name, service in SERVICES.items()
                for handler in service["handlers"][:2]
            },
            {name: side.get(f"/services/{name}/openapi") for name in SERVICES},
        )
    finally:
        side.admin.delete(f"/deployments/{deployment_id}?force=true").raise_for_status()


@pytest.fixture(scope="module")
def registered(sides: Sides) -> Iterator[tuple[Registered, Registered]]:
    with ManifestServer(list(SERVICES.values())) as endpoint:
        yield register(sides.server, endpoint.url), register(sides.embedded, endpoint.url)


@pytest.mark.parametrize("what", ["registration", "deployment", "listed", "services", "handlers"])
def test_descriptions_are_the_same(registered: tuple[Registered, Registered], what: str) -> None:
    server, embedded = (getattr(each, what) for each in registered)

    assert_same(server, embedded, ignored=IDENTITY)


@pytest.mark.parametrize("name", SERVICES)
def test_openapi_has_the_same_structure(registered: tuple[Registered, Registered], name: str) -> None:
    server, embedded = (each.openapi[name] for each in registered)

    found = [
        *differences(server["paths"], embedded["paths"], ignored=TEXTS),
        *differences(server["info"], embedded["info"]),
        *differences(_handlers(server), _handlers(embedded)),
        *differences(server["components"], embedded["components"], ignored=(*TEXTS, "title", "schemas")),
        *differences(server, embedded, ignored=(*TEXTS, "paths", "info", "components")),
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", SERVICES)
def test_openapi_is_valid(registered: tuple[Registered, Registered], name: str) -> None:
    document = registered[1].openapi[name]

    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_openapi_names_the_ingress(registered: tuple[Registered, Registered], sides: Sides) -> None:
    for side, told in zip(sides, registered, strict=True):
        assert [each["url"] for each in told.openapi["RichEmpty"]["servers"]] == [f"{side.ingress.base_url}/"]


def test_openapi_of_an_unknown_service(sides: Sides) -> None:
    server, embedded = (side.admin.get("/services/NoSuch/openapi") for side in sides)

    assert (embedded.status_code, embedded.json()) == (server.status_code, server.json())


def _handlers(document: Any) -> dict[str, Any]:
    """Return the schemas of handlers, without examples: the server changes what looks like a reference in them."""
    return {
        # `true` and `{}` allow the same; the server writes the one for the input that is declared as the other.
        name: {} if schema is True else {key: value for key, value in schema.items() if key != "examples"}
        for name, schema in document["components"]["schemas"].items()
        if name != "RestateError" and schema is not False
    }
