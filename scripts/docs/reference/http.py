"""The HTTP APIs: the ingress, whose routes are listed here, and the admin API, from its own OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from awaken.runtime.admin.app import describe_api

#: Routes of the ingress: what to send, and what is answered. The page has an example, which its test runs.
INGRESS: Final = (
    ("POST", "/SERVICE/HANDLER", "call a handler of a service; the answer is its result"),
    ("POST", "/OBJECT/KEY/HANDLER", "call a handler of a virtual object or a workflow"),
    ("POST", "/SERVICE/HANDLER/send", "start it; the answer has `invocationId` and `status`, and 202"),
    ("POST", "/OBJECT/KEY/HANDLER/send", "start it; `?delay=PT10M` starts it later, `delay=10m` as well"),
    ("POST", "/restate/call/SERVICE/HANDLER", "call it, whatever its name; `/restate/send/...` starts it"),
    ("GET", "/restate/invocation/ID/attach", "wait for the result"),
    ("GET", "/restate/invocation/ID/output", "get the result; 470 while there is none"),
    (
        "GET",
        "/restate/workflow/WORKFLOW/KEY/attach",
        "wait for the result of a workflow; `output` does not wait",
    ),
    ("POST", "/restate/awakeables/ID/resolve", "complete an awakeable with the body"),
    ("POST", "/restate/awakeables/ID/reject", "fail it, with the body as the reason"),
    ("GET", "/restate/health", "the services that are registered"),
    ("GET", "/restate/callbacks/TOKEN", "the form of a signed link; POST answers it"),
)
_EXAMPLE: Final = """\
<!-- copy: examples/approval.py -->
<!-- environment: OUTBOX=. -->
```console
$ awaken dev approval:app
...
awaken: ingress on http://127.0.0.1:8080
$ curl http://127.0.0.1:8080/restate/health
{"services":["expenses"]}
$ curl 'http://127.0.0.1:8080/restate/send/expenses/submit?delay=PT0.1S' -H 'idempotency-key: 7' --json '"a desk"'
{"invocationId":"inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr",...,"status":"Accepted"}
$ curl http://127.0.0.1:8080/expenses/submit/send -H 'idempotency-key: 7' --json '"a desk"'
{"invocationId":"inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr",...,"status":"PreviouslyAccepted"}
$ curl http://127.0.0.1:8080/restate/invocation/inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr/output
{"code":470,"message":"the invocation exists but has not completed yet",...}
$ cat request.json
{"expense": "a desk", "awakeable": "sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ"}
$ curl http://127.0.0.1:8080/restate/awakeables/sign_1KWm2hOZDmMRFiu4_49ryuAlEQgn4gXRgAAAAEQ/resolve \\
    --json '{"approved": true, "by": "Ada"}'
{"outcome":"applied"}
$ curl http://127.0.0.1:8080/restate/invocation/inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr/attach
"a desk: approved by Ada"
$ curl http://127.0.0.1:9070/services/expenses/openapi
{...,"openapi":"3.1.0",...}
```
"""
_HEADERS: Final = (
    ("authorization", "`Bearer TOKEN`, where the runtime asks for tokens"),
    ("content-type", "what the body is; the handler's serde checks it"),
    ("idempotency-key", "a second request with the same key attaches to the invocation of the first"),
)


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    lines = [
        "# HTTP APIs",
        "",
        "Both runtimes have an ingress, where callers enter, and an admin API for operators, with the paths and the",
        "JSON of the official server. The embedded runtime serves a document of its admin API, in OpenAPI 3.1, at",
        "`/openapi`, and one for each service at `/services/SERVICE/openapi`, with the types of its handlers.",
        "",
        "## Ingress",
        "",
        "| request | |",
        "| --- | --- |",
        *(f"| `{method} {path}` | {text} |" for method, path, text in INGRESS),
        "",
        "Keys are percent-encoded. Requests may have these headers; all of them reach the handler in `ctx.request()`.",
        "",
        "| header | |",
        "| --- | --- |",
        *(f"| `{name}` | {text} |" for name, text in _HEADERS),
        "",
        "What its statuses mean is in [Error codes](errors.md#answers-of-the-ingress). Links have",
        "[statuses of their own](../how-to/callbacks.md).",
        "",
        _EXAMPLE,
        "## Admin API",
        "",
        *_operations(describe_api()),
    ]
    return {"http.md": "\n".join(lines)}


def _operations(document: dict[str, Any]) -> list[str]:
    lines = ["| request | | refusals |", "| --- | --- | --- |"]
    details: list[str] = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = ", ".join(status for status in operation["responses"] if not status.startswith("2"))
            deprecated = " (deprecated)" if operation.get("deprecated") else ""
            lines.append(f"| `{method.upper()} {path}` | {operation['summary']}{deprecated} | {refusals} |")
            details += _details(f"{method.upper()} {path}", operation, document["components"]["schemas"])
    meanings = document["components"]["responses"]
    statuses: dict[str, str] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if "$ref" in response:
                    statuses[status] = meanings[response["$ref"].rpartition("/")[2]]["description"]
    table = [f"| {status} | {meaning} |" for status, meaning in sorted(statuses.items())]
    lines += ["", "A refusal is JSON with a `message`.", "", "| status | |", "| --- | --- |", *table, ""]
    return [*lines, "### Parameters and bodies of the admin API", "", *details]


def _details(name: str, operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    rows = [
        f"| `{one['name']}` | query | {_kind(one['schema'])} | {one.get('description', '')} |"
        for one in operation["parameters"]
        if one["in"] == "query"
    ]
    if body := operation.get("requestBody"):
        reference = body["content"]["application/json"]["schema"].get("$ref", "")
        schema = schemas.get(reference.rpartition("/")[2], {})
        required = schema.get("required", [])
        rows += [
            f"| `{key}` | body | {_kind(value)}{', required' if key in required else ''} "
            f"| {value.get('description', '')} |"
            for key, value in schema.get("properties", {}).items()
        ]
    if not rows:
        return []
    return [f"`{name}`", "", "| name | in | type | |", "| --- | --- | --- | --- |", *rows, ""]


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = str(schema.get("type", "any"))
    return f"{kind} of {_kind(schema['items'])}" if kind == "array" and "items" in schema else kind
