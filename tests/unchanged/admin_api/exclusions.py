"""Where the admin API of the embedded runtime answers otherwise than the server's, on purpose: each with its reason."""

from __future__ import annotations

from typing import Final

__all__ = ["DIFFERENT", "NOT_HERE"]

_SEQUENCES: Final = (
    "the server takes a JSON array for the fields of an object in their order; ours takes objects"
)

#: By request.
DIFFERENT: Final = {
    "PATCH /services/AdminPlain [] application/json": _SEQUENCES,
    "GET /services/a%2Fb": "no service has such a name: ours decodes the path before it looks for the route",
    'POST /deployments {"uri": "ftp://x/"} application/json': "ours says that the scheme is wrong; the server tries to "
    "connect and answers 500",
    'POST /deployments {"arn": "x"} application/json': "the embedded runtime calls no Lambda functions, and says so",
}

#: What a server creates and the embedded runtime refuses with 501, a reason and what to do instead.
NOT_HERE: Final = {
    ("POST", "/subscriptions"): {"source": "kafka://c/t", "sink": "service://AdminPlain/echo"},
    ("POST", "/kafka-clusters"): {"name": "c", "properties": {"bootstrap.servers": "127.0.0.1:1"}},
    ("PUT", "/limits/rules"): [{"pattern": "*", "limits": {"concurrency": 3}}],
    ("POST", "/vqueues/vq_1abc/pause"): None,
    ("POST", "/internal/services/AdminPlain/serdes/decode/x"): None,
    ("POST", "/internal/services/AdminPlain/serdes/encode/x"): None,
}
