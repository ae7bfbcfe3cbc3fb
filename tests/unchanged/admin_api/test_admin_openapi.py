"""The OpenAPI document of the admin API: the operations of the server's, valid, and true of what the routes answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.unchanged.admin_api.comparing import assert_same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unchanged.admin_api.conftest import Sides

#: Only the embedded runtime has them.
OURS: Final = ("/awakeables", "/answers")
#: Paths to try, by the path of the document.
EXAMPLES: Final = {
    "/version": "/version",
    "/cluster-health": "/cluster-health",
    "/deployments": "/deployments",
    "/services": "/services",
    "/services/{service}": "/services/AdminFlowWait",
    "/services/{service}/handlers": "/services/AdminKeyed/handlers",
    "/services/{service}/handlers/{handler}": "/services/AdminKeyed/handlers/look",
    "/subscriptions": "/subscriptions",
    "/kafka-clusters": "/kafka-clusters",
    **{path: path for path in OURS},
}


@pytest.fixture(scope="module")
def documents(sides: Sides) -> tuple[Any, Any]:
    return sides.server.get("/openapi"), sides.embedded.get("/openapi")


def operations(document: Any) -> dict[str, Any]:
    """Return what matters to who calls an operation, without descriptions and schemas."""
    return {
        operation["operationId"]: {
            "method": method,
            "path": path,
            "is deprecated": operation.get("deprecated", False),
            "parameters": {
                f"{each['in']} {each['name']}": each.get("required", False)
                for each in operation.get("parameters", [])
            },
            "body": sorted(_properties(document, _body(operation))),
            "refusals": sorted(status for status in operation["responses"] if status >= "4"),
        }
        for path, methods in document["paths"].items()
        if path not in OURS
        for method, operation in methods.items()
    }


def _body(operation: Any) -> Any:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})


def _properties(document: Any, schema: Any) -> Iterator[str]:
    """Yield the names of members, also those of variants and of items."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield from schema.get("properties", ())
    for variant in schema.get("oneOf", ()):
        yield from _properties(document, variant)
    if "items" in schema:
        yield from _properties(document, schema["items"])


def test_operations_are_those_of_the_server(documents: tuple[Any, Any]) -> None:
    server, embedded = map(operations, documents)
    for each in (server, embedded):
        for operation in each.values():
            # What is not here is refused with 501. Members for features that are not here are missing.
            operation["refusals"] = [status for status in operation["refusals"] if status != "501"]
            operation["body"] = sorted(set(operation["body"]) - {"limits", "precondition"})

    assert_same(server, embedded)


def test_document_is_valid(documents: tuple[Any, Any]) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(documents[1]).iter_errors()] == []


@pytest.mark.parametrize("path", EXAMPLES)
def test_answers_are_as_described(documents: tuple[Any, Any], sides: Sides, path: str) -> None:
    document = documents[1]
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    described = OAS31Validator({**schema, "components": document["components"]})

    for side in sides if path not in OURS else (sides.embedded,):
        assert [error.message for error in described.iter_errors(side.get(EXAMPLES[path]))] == []
