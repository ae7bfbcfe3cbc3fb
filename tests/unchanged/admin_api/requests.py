"""Requests to every route of the server's admin API: good, of the wrong type, incomplete, for what does not exist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REQUESTS", "Asked"]

UNKNOWN_DEPLOYMENT: Final = "dp_13l2xBZsoZUnMZvj054Qkhk"
UNKNOWN_SUBSCRIPTION: Final = "sub_15VqmTOnXH3Vv2pl5HOG7UB"
JSON: Final = "application/json"
#: Where each method is tried.
PATHS: Final = (
    *("/health", "/version", "/cluster-health", "/openapi", "/query", "/no-such-path", "/"),
    *(
        "/services",
        "/services/AdminPlain",
        "/services/AdminPlain/handlers",
        "/services/AdminPlain/handlers/echo",
    ),
    *("/services/AdminPlain/openapi", "/services/AdminPlain/state"),
    *("/subscriptions", "/subscriptions/x", "/kafka-clusters", "/kafka-clusters/c"),
    *("/limits/rules", "/limits/rules/bulk-delete", "/vqueues/x/pause", "/vqueues/x/resume"),
    *("/deployments", "/deployments/x", "/invocations/x", "/invocations/x/kill", "/ui"),
    *("/internal/services/NoSuch/serdes/decode/x", "/internal/invocations_batch_operations/kill"),
)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
GETS: Final = (
    *("/subscriptions?sink=a&source=b", f"/subscriptions/{UNKNOWN_SUBSCRIPTION}", "/subscriptions/inv_1a"),
    *(f"/kafka-clusters/c?include_subscriptions={value}" for value in ("true", "false", "x", "")),
    *("/limits", "/vqueues", "/internal", "/metrics", "/favicon.ico", "/invocations", "/awakeables/x"),
    *("/internal/services/AdminPlain/serdes", "/internal/services/AdminPlain/serdes/x/decode"),
    *(
        "/services/",
        "/health/",
        "/deployments/",
        "/openapi/",
        "/v5/services",
        "/v1/services",
        "/v1/no-such-path",
    ),
    *("/v4/services/AdminPlain", "/v4/no-such-path", "/v4/", "/v40/services"),
    *(f"/services/NoSuch{rest}" for rest in ("", "/handlers", "/handlers/x", "/openapi")),
    *("/services/AdminPlain/handlers/x", "/services/%ff", "/services/a%2Fb"),
    *(
        f"/deployments/{name}"
        for name in (UNKNOWN_DEPLOYMENT, "dp_", "dp_1", "dp_1é", "dp_x", "dp_1" + "z" * 22)
    ),
)
BODIES: Final[dict[tuple[str, str], tuple[Any, ...]]] = {
    ("POST", "/subscriptions"): ({}, [], {"source": 1, "sink": "x"}, {"source": "kafka://c/t"}),
    ("POST", "/kafka-clusters"): ({}, 5, {"name": "c"}, {"name": "c", "properties": 5}),
    ("PATCH", "/kafka-clusters/c"): ({}, {"properties": [1]}, {"properties": {"bootstrap.servers": "x"}}),
    ("PUT", "/limits/rules"): ([], {}, [{}], [5]),
    ("POST", "/limits/rules/bulk-delete"): (
        *([], {}, [{}], [5], [{"pattern": "none"}]),
        [{"pattern": "none", "expected_version": 5}],
    ),
    ("PATCH", "/services/NoSuch"): ({}, {"public": True}, {"public": "x"}),
    ("PATCH", "/services/AdminPlain"): (
        *({}, [], 5, {"unknown": 1}, {"abort_timeout": None}, {"abort_timeout": 5}, {"abort_timeout": "x"}),
        *({"public": "x"}, {"workflow_completion_retention": "1s"}),
    ),
    **{
        ("POST", f"/services/{service}/state"): (
            *(
                {},
                {"object_key": "k"},
                {"object_key": "k", "new_state": {}},
                {"object_key": 5, "new_state": {}},
            ),
            *({"object_key": "k", "new_state": {"a": value}} for value in ([1], [256], 5, "text", None)),
            {"object_key": "k", "new_state": {}, "version": 5},
            {"object_key": "k", "new_state": []},
        )
        for service in ("AdminPlain", "AdminKeyed", "AdminFlowEcho", "NoSuch")
    },
    ("POST", "/deployments"): (
        *({}, [], 5),
        *({"uri": uri} for uri in ("", "/x", "x", 5, "http://a b", "ftp://x/")),
        *({"uri": "http://x/", "additional_headers": headers} for headers in (5, {"a b": "c"})),
        *({"arn": "x"}, {"uri": "http://x/", "force": "x"}),
    ),
    **{
        (method, f"{version}/deployments/{name}"): ({},)
        for method in ("PATCH", "PUT")
        for version in ("", "/v1", "/v2", "/v3", "/v4", "/v5")
        for name in ("x", UNKNOWN_DEPLOYMENT)
    },
    ("PATCH", f"/deployments/{UNKNOWN_DEPLOYMENT}"): (
        *([], 5, {"uri": "x"}, {"additional_headers": {"a": "b"}}, {"additional_headers": {"a b": "c"}}),
        {"unknown": 1},
    ),
    ("POST", "/query"): ({}, [], {"query": 5}),
}


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    body: bytes = b""
    content_type: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.path, self.body.decode(), self.content_type)))


def _requests() -> Iterator[Asked]:
    for path in PATHS:
        for method in METHODS:
            yield Asked(method, path)
    for path in GETS:
        yield Asked("GET", path)
    for (method, path), bodies in BODIES.items():
        for body in bodies:
            yield Asked(method, path, json.dumps(body).encode(), JSON)
        if path.startswith("/v"):
            continue
        for broken in (b"", b"{", b'{"a":\xff}'[:5]):
            yield Asked(method, path, broken, JSON)
        yield Asked(method, path, b"{}", "text/plain")
    for name in ("x", UNKNOWN_DEPLOYMENT, "sub_1a"):
        for query in ("", "?force=true", "?force=false", "?force=1", "?force=", "?force=true&force=true"):
            yield Asked("DELETE", f"/deployments/{name}{query}")
    for query in ("", "?force=true", "?force=x"):
        yield Asked("DELETE", f"/kafka-clusters/c{query}")
    yield Asked("DELETE", f"/subscriptions/{UNKNOWN_SUBSCRIPTION}")
    for name in ("inv_1abc", "_x"):
        yield Asked("POST", f"/vqueues/{name}/pause")


REQUESTS: Final = list(_requests())
