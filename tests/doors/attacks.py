"""Requests that no well-behaved client sends, for every route of an interface."""

from __future__ import annotations

import http.client
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from starlette.routing import Mount, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.routing import BaseRoute

PATIENCE_S = 20
INVOCATION_ID: Final = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"
JSON: Final = {"content-type": "application/json"}
DIGITS: Final = "9" * 5_000

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO")
#: What stands in a path where a name or an id is expected, percent-encoded.
SEGMENTS: Final = (
    *("%ff", "%zz", "%", "%00", "%2F", "%2e%2e", "%20", "%0d%0aset-cookie:%20x", "x" * 5_000, "%F0%9F%98%80"),
    *(
        "%ed%a0%80",
        INVOCATION_ID,
        "inv_1",
        f"inv_1{'z' * 33}",
        f"inv_1{DIGITS}",
        "inv_2abc",
        "dp_1",
        f"dp_1{DIGITS}",
    ),
    *("sign_1", "sign_1%ff", "prom_1abc", f"sign_1{'A' * 40}", DIGITS, "-1", "0", "NaN", "Keeper", "Greeter"),
)
#: Values of every parameter of a query.
VALUES: Final = (
    *(
        "",
        "x",
        "-1",
        "0",
        "1e9",
        "NaN",
        "%ff",
        "%zz",
        "%00",
        "%D9%A3",
        DIGITS,
        "9223372036854775808",
        "4294967296",
    ),
    *("1.2.3", f"{DIGITS}.1.1", "999999999999999999.999999999999999999.999999999999999999", "true", "P1D"),
    *("3000000d", "9223372036854775807ms", "-1s", "inv_1", "dp_1x", "latest", "%ed%a0%80"),
)
PARAMETERS: Final = (
    *("from", "deployment", "mode", "force", "service", "key", "invocation", "limit", "after", "delay"),
    *("dry_run", "limit-key", "x"),
)
BODIES: Final = (
    *(b"", b"{", b"null", b"1", b"NaN", b"[]", b"{}", b'"\xff"', b'"\\ud800"', b"\x00", b"\xef\xbb\xbf{}"),
    *(
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"query":' + b"[" * 100_000,
        b"1" * 5_000,
        b"1e99999",
        b'{"query":1}',
    ),
    *(
        b'{"query":"SELECT \\u0000"}',
        b'{"query":"SELECT 1","query":"SELECT 2"}',
        b'{"query":""}',
        b'{"query":";"}',
    ),
    *(b'{"uri":""}', b'{"uri":"x"}', b'{"uri":"http://["}', b'{"uri":"http://"}', b'{"uri":"http://a b"}'),
    *(b'{"uri":"http://\\u0000"}', b'{"uri":"http://127.0.0.1:99999"}', b'{"uri":"http://127.0.0.1:-1"}'),
    *(b'{"uri":"http://' + b"x" * 5_000 + b'"}', b'{"uri":"ftp://x"}', b'{"uri":1}', b'{"arn":"x"}'),
    *(b'{"uri":"http://127.0.0.1:1","additional_headers":{"a\\r\\nb":"c\\r\\nd"}}',),
    *(b'{"journal_retention":"' + value.encode() + b'"}' for value in VALUES if "%" not in value),
    *(b'{"journal_retention":1}', b'{"public":"x"}', b'{"object_key":"k","new_state":{"a":[256]}}'),
    *(b'{"object_key":"\\u0000","new_state":{"\\u0000":[0]}}', b'{"object_key":"","new_state":{"":""}}'),
    *(b'{"object_key":"k","new_state":{},"version":"x"}', b'{"object_key":"k","new_state":{"a":[1.5]}}'),
    *(
        b'{"target":"x"}',
        b'{"target":1}',
        b'{"target":"invocation"}',
        b'{"target":"invocation","invocationId":"x"}',
    ),
    *(b'{"target":"workflow","workflowName":"\\u0000","workflowKey":""}',),
    *(
        b'{"target":"idempotentInvocation","service":"a","handler":"b","idempotencyKey":"'
        + b"x" * 50_000
        + b'"}',
    ),
)
HEADERS: Final[Sequence[Mapping[str, str]]] = (
    *({"content-type": value} for value in ("", "x", "text/plain", "application/json; charset=utf-16", "\t")),
    *({"content-encoding": value, **JSON} for value in ("gzip", "br", "x")),
    *({name: "*", **JSON} for name in ("if-match", "if-none-match", "range", "expect", "upgrade", "te")),
    *({"accept": value, **JSON} for value in ("", "x", "text/html", "application/json;q=NaN")),
    *({"idempotency-key": value, **JSON} for value in ("", "\t", "\xe9", "x" * 30_000)),
    {f"x-{n}": "x" for n in range(90)},
)


@dataclass(frozen=True)
class Attack:
    """One request."""

    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.target[:80]} {self.body[:60]!r} {dict(list(self.headers.items())[:2])!r:.80}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str


class Attacker:
    """Sends attacks to one address."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def send(self, attack: Attack) -> Answer:
        """Send one, and return the answer. The connection is used again if the server lets it."""
        try:
            return self._send(attack)
        except (http.client.HTTPException, ConnectionError):  # closed after an answer before
            self._drop()
            return self._send(attack)

    def _send(self, attack: Attack) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address, timeout=PATIENCE_S)
        headers = {"host": "localhost", **attack.headers}
        self._connection.request(attack.method, attack.target, attack.body or None, headers)
        response = self._connection.getresponse()
        text = response.read().decode(errors="replace")
        if response.will_close:
            self._drop()
        return Answer(response.status, text)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def templates(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield method and path of every route; parameters are in braces."""
    for route in routes:
        if isinstance(route, Mount):
            yield from templates(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            for method in sorted(route.methods or ("GET",)):
                yield method, prefix + route.path


def ingress_attacks(reserved: Sequence[str]) -> Iterator[Attack]:
    """Yield attacks on what the ingress routes by itself; `reserved` are its paths below `/restate/`."""
    for path in _ingress_templates(reserved):
        for method in METHODS:
            if method in {"GET", "POST"}:
                yield from attacks(method, path, ("delay", "limit-key", "x"))
            else:
                yield Attack(method, _fill(path, "x"))


def _ingress_templates(reserved: Sequence[str]) -> Iterator[str]:
    yield from ("/", "/{a}", "/{a}/{b}", "/Keeper/{a}/get", "/Keeper/{a}/get/send", "/Greeter/greet/send")
    for name in reserved:
        for form in ("", "/{a}", "/{a}/attach", "/{a}/resolve", "/Keeper/{a}/get", "/Greeter/{a}"):
            yield f"/restate/{name}{form}"


def attacks(method: str, template: str, parameters: Sequence[str] = PARAMETERS) -> Iterator[Attack]:
    """Yield attacks on one route. Together, routes get every value in every parameter."""
    usual = _fill(template, "x")
    for segment in SEGMENTS if "{" in template else ():
        yield Attack(method, _fill(template, segment))
    turn = zlib.crc32(f"{method} {template}".encode())
    for at, parameter in enumerate(parameters):
        for more in range(2):
            value = VALUES[(turn + at + more * 7) % len(VALUES)]
            yield Attack(method, f"{usual}?{parameter}={value}")
        yield Attack(method, f"{usual}?{parameter}=1&{parameter}=2")
    if method in {"POST", "PATCH", "PUT"}:
        for body in BODIES:
            yield Attack(method, usual, body, JSON)
            if "{service}" in template:
                yield Attack(method, _fill(template, "Keeper"), body, JSON)
    for headers in HEADERS:
        yield Attack(method, usual, b"{}" if method in {"POST", "PATCH", "PUT"} else b"", headers)


def _fill(template: str, segment: str) -> str:
    parts = template.split("/")
    return "/".join(segment if part.startswith("{") else part for part in parts)
