"""Endpoints that cannot be registered: the same status and code on both runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.unchanged.admin_api.manifests import MANIFEST, ManifestServer
from tests.unchanged.admin_api.sides import side_by_side

if TYPE_CHECKING:
    from tests.unchanged.admin_api.conftest import Sides

H: Final = {"name": "h"}


def one(
    name: str = "AdminBad", ty: str = "SERVICE", handlers: Any = None, **more: Any
) -> list[dict[str, Any]]:
    return [{"name": name, "ty": ty, "handlers": [H] if handlers is None else handlers, **more}]


def with_member(name: str, value: Any) -> list[dict[str, Any]]:
    return [{**one()[0], name: value}]


def with_payload(where: str, declared: Any) -> list[dict[str, Any]]:
    return one(handlers=[{**H, where: declared}])


def handler(ty: str = "SERVICE", **more: Any) -> list[dict[str, Any]]:
    return one(ty=ty, handlers=[{**H, **more}])


CONTENT_TYPES: Final[tuple[Any, ...]] = (
    *("", "text", "text/", "*/*", "text/*", "a/b;c=d", " a/b", "*/b"),
    5,
)
SCHEMAS: Final[tuple[Any, ...]] = (
    *(None, 5, "text", [], True, {"type": 5}, {"type": "other"}, {"$ref": "#/$defs/none"}),
)
VALUES: Final[dict[str, tuple[Any, ...]]] = {
    "inactivityTimeout": (-1, 0, 1.5, "1s", None, True),
    "retryPolicyMaxAttempts": (-1, 0, 1.5, "1s", None, True),
    "retryPolicyExponentiationFactor": (-1, 0, 0.5, 1, "2", None),
    "retryPolicyOnMaxAttempts": ("PAUSE", "pause", "OTHER", 5),
    "metadata": ({}, {"a": 5}, [], None, {"": ""}),
    "documentation": ("", None, 5),
}
SERVICES: Final[dict[str, Any]] = {
    "good": one(),
    "unknown member": one(unknown=1),
    "unknown member of a handler": handler(unknown=1),
    "unknown type": one(ty="OTHER"),
    "no type": [{"name": "AdminBad", "handlers": [H]}],
    "no handlers": [{"name": "AdminBad", "ty": "SERVICE"}],
    "not a list": {},
    "null": None,
    **{
        f"service {name!r}": one(name)
        for name in ("", "1a", "a b", "a/b", "_", "_a", "-a", "é", "a.b-c_d", "x" * 300)
    },
    **{f"service {name!r}": one(name) for name in ("restate", "RestateX", "openapi", "OpenAPI", "discover")},
    **{
        f"handler {name!r}": handler(name=name)
        for name in ("", "1a", "a b", "a/b", "_", "_a", "a-b", "a.b", "send")
    },
    "two services of one name": one() + one(),
    "two handlers of one name": one(handlers=[H, H]),
    **{
        f"{ty} with {kind}": [
            {"name": "AdminBad", "ty": ty, "handlers": [H if kind is None else {**H, "ty": kind}]}
        ]
        for ty in ("SERVICE", "VIRTUAL_OBJECT", "WORKFLOW")
        for kind in (None, "SHARED", "EXCLUSIVE", "WORKFLOW", "OTHER")
    },
    "two runs": one(ty="WORKFLOW", handlers=[{"name": name, "ty": "WORKFLOW"} for name in "ab"]),
    **{
        f"{where} content type {text!r}": with_payload(where, {"contentType": text})
        for where in ("input", "output")
        for text in CONTENT_TYPES
    },
    **{
        f"{where} schema {schema!r}": with_payload(
            where, {"contentType": "application/json", "jsonSchema": schema}
        )
        for where in ("input", "output")
        for schema in SCHEMAS
    },
    **{f"{name} {value!r}": with_member(name, value) for name, values in VALUES.items() for value in values},
    "retention of a workflow on a service": one(workflowCompletionRetention=5),
    "retention of a workflow on a handler": handler(workflowCompletionRetention=5),
    "idempotency of a workflow": one(ty="WORKFLOW", idempotencyRetention=5),
    "public in a private service": one(ingressPrivate=True, handlers=[{**H, "ingressPrivate": False}]),
    "lazy service": one(enableLazyState=True),
}
MEMBERS: Final[dict[str, Any]] = {
    **{
        f"versions {low} to {high}": {"minProtocolVersion": low, "maxProtocolVersion": high}
        for low, high in (
            (5, 5),
            (1, 1),
            (1, 4),
            (6, 5),
            (0, 6),
            (5, 99),
            (8, 9),
            (99, 100),
            (-1, 6),
            ("5", 6),
        )
    },
    "no mode": {"protocolMode": None},
    "other mode": {"protocolMode": "OTHER"},
    "both directions": {"protocolMode": "BIDI_STREAM"},
    "unknown member": {"unknown": 1},
    "compression": {"lambdaCompression": "zstd"},
    "other compression": {"lambdaCompression": "gzip"},
    "compression of nothing": {"lambdaCompression": None},
}
ANSWERS: Final[dict[str, tuple[int, str, bytes]]] = {
    **{f"status {status}": (status, MANIFEST, b"{}") for status in (204, 301, 404, 415)},
    "nothing": (200, MANIFEST, b""),
    "an empty object": (200, MANIFEST, b"{}"),
    "broken": (200, MANIFEST, b'{"services":'),
    "no UTF-8": (200, MANIFEST, b'{"services":"\xff"}'),
    "a list": (200, MANIFEST, b"[]"),
    "a page": (200, "text/html", b"<html>"),
    "plain JSON": (200, "application/json", b"{}"),
    "an unknown version": (200, "application/vnd.restate.endpointmanifest.v9+json", b"{}"),
}


#: Accepted by one of the two only, each with its reason.
DIFFERENT: Final = {
    "two services of one name": "the server keeps one of them, without saying which",
    "no mode": "the server adds META0013 where the mode is null, and not where it is missing; ours the other way round",
    "an empty object": "as for no mode",
    **{
        f"{where} schema {schema!r}": "schemas are not checked against the JSON Schema specification"
        for where in ("input", "output")
        for schema in ({"type": 5}, {"type": "other"}, {"$ref": "#/$defs/none"})
    },
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["services", "members", "answer"])
def test_registrations_get_the_same_answer(sides: Sides, kind: str) -> None:
    found = []
    with ManifestServer(one()) as endpoint:
        for name, value in {"services": SERVICES, "members": MEMBERS, "answer": ANSWERS}[kind].items():
            setattr(endpoint, kind, value)
            server, embedded = register(sides, endpoint)
            if (server == embedded) is (name in DIFFERENT):
                found.append(f"{name}: {server} from the server, {embedded} from the embedded runtime")

    assert not found, "\n".join(found)


def register(sides: Sides, endpoint: ManifestServer) -> list[tuple[int, Any]]:
    body = {"uri": endpoint.url, "use_http_11": True, "dry_run": True}
    answers = side_by_side(sides, lambda side: side.admin.post("/deployments", json=body))
    return [(each.status_code, each.json().get("restate_code")) for each in answers]
