"""Our HTTP/1.1 engines beside the h11 package: thousands of generated messages, mostly good ones.

What both accept, both read in the same way. What h11 refuses, our engine refuses as well. Where ours is stricter,
`STRICTER` says why.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import h11
import pytest
from awaken._core import (
    Http1Body,
    Http1ClientEngine,
    Http1Cut,
    Http1Refusal,
    Http1Request,
    Http1Response,
    Http1ServerEngine,
)
from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What our engine refuses and h11 does not, by a part of the reason, and why.
STRICTER: Final = {
    "several Content-Length": "even equal ones: who takes the first is not who takes the last",
    "bad Content-Length": "a list of equal lengths: others read it as its first number, or as none",
    "both Content-Length and Transfer-Encoding": "the classic of request smuggling",
    "Transfer-Encoding in HTTP/1.0": "an old proxy does not know it",
    "LF without CR": "others do not take it for a line end",
    "illegal header line: ' ": "folded lines: others take them for fields of their own",
    r"illegal header line: '\t": "likewise",
    r"\x01": "a control character in a value",
    r"\x7f": "likewise",
    "illegal request target": "only paths, http and https URLs, and `*` for OPTIONS",
    "illegal version of HTTP": "only 1.0 and 1.1",
    "chunk header: a control character": "in an extension",
    "nobody asked for": "a status below 100",
}
STREAMS: Final = 2500


@dataclass
class Seen:
    """What an engine made of a stream."""

    messages: list[tuple[object, ...]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    refusal: str | None = None


def pieces(data: bytes, chance: random.Random) -> Iterator[bytes]:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice([0, 0, 1, 3])))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        if start < end:
            yield data[start:end]


def comparable(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what the host of an absolute target replaces, and how h11 writes `chunked`."""
    return [
        (name, value.lower() if name == "transfer-encoding" else value)
        for name, value in headers
        if name != "host"
    ]


# ---------------------------------------------------------------- the four engines


def serve(data: Sequence[bytes]) -> Seen:
    engine = Http1ServerEngine(
        head_size=limits.HEADERS_SIZE,
        headers_count=limits.HEADERS_COUNT,
        body_size=limits.HTTP1_BODY_SIZE,
        discard_size=limits.DISCARD_SIZE,
        extensions_size=limits.CHUNK_EXTENSIONS_SIZE,
    )
    seen = Seen()
    for piece in data:
        events = engine.receive(piece)
        while events:
            for event in events:
                if isinstance(event, Http1Request):
                    target = event.path + (f"?{event.query}" if event.query else "")
                    headers = comparable(event.header_list)
                    seen.messages.append((event.method, target, event.http_version, headers))
                    seen.bodies.append(event.body or b"")
                elif isinstance(event, Http1Body):
                    seen.bodies[-1] += event.data
                else:
                    seen.refusal = event.reason
                    return seen
            if engine.is_request_ended and engine.is_unanswered:
                engine.start(200, [], 0, is_last=seen.messages[-1][2] == "1.0")
            events = engine.advance()
    return seen


def serve_with_h11(data: Sequence[bytes]) -> Seen:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.HEADERS_SIZE)
    seen = Seen()
    try:
        for piece in data:
            connection.receive_data(piece)
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    target = event.target.decode()
                    if not target.startswith("/") and "://" in target:
                        rest = target.partition("://")[2]
                        at = min(rest.find(mark) % (len(rest) + 1) for mark in "/?")
                        target = rest[at:] if rest[at:].startswith("/") else f"/{rest[at:]}"
                    head, _, query = target.partition("?")
                    target = head + (f"?{query}" if query else "")
                    headers = comparable(
                        [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
                    )
                    version = event.http_version.decode()
                    seen.messages.append((event.method.decode(), target, version, headers))
                    seen.bodies.append(b"")
                elif isinstance(event, h11.Data):
                    seen.bodies[-1] += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
                    connection.send(h11.EndOfMessage())
                    if connection.our_state is not h11.DONE:
                        return seen
                    connection.start_next_cycle()
                else:
                    break
    except h11.RemoteProtocolError as error:
        seen.refusal = str(error)
    return seen


def fetch(data: Sequence[bytes]) -> Seen:
    engine = Http1ClientEngine(
        head_size=limits.HEADERS_SIZE,
        headers_count=limits.HEADERS_COUNT,
        extensions_size=limits.CHUNK_EXTENSIONS_SIZE,
    )
    engine.begin("GET", "/", [("host", "h")], has_body=False)
    engine.end()
    seen = Seen()
    for piece in (*data, b""):
        if piece:
            engine.receive(piece)
        else:
            engine.receive_end()
        for event in engine.read(1_000_000)[0]:
            if isinstance(event, Http1Response):
                seen.messages.append((event.status, comparable(event.headers)))
            elif isinstance(event, Http1Body):
                seen.bodies.append(event.data)
            else:
                assert isinstance(event, (Http1Refusal, Http1Cut))
                seen.refusal = event.reason if isinstance(event, Http1Refusal) else "cut"
    seen.bodies = [b"".join(seen.bodies)]
    return seen


def fetch_with_h11(data: Sequence[bytes]) -> Seen:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.HEADERS_SIZE)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    seen = Seen()
    try:
        for piece in (*data, b""):
            connection.receive_data(piece)
            while True:
                event = connection.next_event()
                if isinstance(event, (h11.Response, h11.InformationalResponse)):
                    headers = comparable(
                        [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
                    )
                    seen.messages.append((event.status_code, headers))
                elif isinstance(event, h11.Data):
                    seen.bodies.append(bytes(event.data))
                elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    break
                elif isinstance(event, h11.EndOfMessage):
                    seen.bodies = [b"".join(seen.bodies)]
                    return seen
    except h11.RemoteProtocolError as error:
        seen.refusal = str(error)
    seen.bodies = [b"".join(seen.bodies)]
    return seen


# ---------------------------------------------------------------- messages

METHODS: Final = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"PURGE"]
TARGETS: Final = [b"/", b"/a/b?c=d", b"/%2F?", b"//x", b"http://h:1/a?b", b"https://h", b"/a;b=c,d"]
ODD_TARGETS: Final = [b"*", b"a/b", b"h:1", b"/\xc3\xa9", b"/ a", b"", b"/\x7f", b"ftp://h/"]
FIELDS: Final = [
    b"X-One: 1",
    b"x-one:2",
    b"Accept: */*, a;q=0.5",
    b"X-Tabs:\t a\tb \t",
    b"X-Empty:",
    b"X-Latin: caf\xe9",
    b"X-!#$%&'*+-.^_`|~: 1",
    b"Connection: keep-alive",
    b"Expect: 100-continue",
]
ODD_FIELDS: Final = [
    b"bad",
    b": 1",
    b"X : 1",
    b" X: 1",
    b"\tfolded",
    b"X\x01: 1",
    b"X: \x01",
    b"X: \x7f",
    b"X: a\x00b",
    b"X: a\rb",
    b"X(1): 1",
    b"\xc3\xa9: 1",
    b"Host: twice",
    b"Content-Length: 5",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length: 5, 6",
    b"Content-Length: 0x5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: Chunked",
    b"Connection: close",
]
ODD_CHUNKS: Final = [
    b"zz\r\nx\r\n",
    b"\r\n",
    b"-1\r\nx\r\n",
    b"1\r\nxx\r\n",
    b"1\nx\r\n",
    b"1 \r\nx\r\n",
    b"1;a\x01\r\nx\r\n",
    b"000000001\r\nx\r\n",
    b"111111111111111111111\r\n",
    b"1\r\nx\n",
]


def is_odd(chance: random.Random) -> bool:
    return chance.random() < 0.06


def body_of(chance: random.Random) -> tuple[bytes, bytes]:
    """Return a field that says where the body ends, and the body."""
    data = bytes(chance.choice(b"ab\r\n;0 ") for _ in range(chance.choice([0, 1, 5, 5, 300])))
    if chance.random() < 0.5:
        return b"Content-Length: %d" % len(data), data
    parts = []
    while data:
        size = chance.randint(1, len(data))
        extension = chance.choice([b"", b"", b";a", b";a=b", b";"])
        parts.append(b"%x%s\r\n%s\r\n" % (size, extension, data[:size]))
        data = data[size:]
        if is_odd(chance):
            parts.append(chance.choice(ODD_CHUNKS))
    trailers = chance.choice(
        [b"", b"", b"X-Sum: 1\r\n", b"bad\r\n"] if is_odd(chance) else [b"", b"X: 1\r\n"]
    )
    parts.append(b"0\r\n" + trailers + b"\r\n")
    return chance.choice([b"Transfer-Encoding: chunked", b"transfer-encoding: chunked"]), b"".join(parts)


def assemble(first: bytes, fields: list[bytes], chance: random.Random) -> bytes:
    for _ in range(chance.choice([0, 1, 2, 3])):
        odd = ODD_FIELDS if is_odd(chance) else FIELDS
        fields.insert(chance.randrange(len(fields) + 1), chance.choice(odd))
    end, body = body_of(chance) if chance.random() < 0.7 else (b"", b"")
    if end:
        fields.append(end)
    lines = [first, *fields]
    if is_odd(chance):
        at = chance.randrange(len(lines))
        return b"\r\n".join(lines[: at + 1]) + b"\n" + b"\r\n".join([*lines[at + 1 :], b"", body])
    return b"\r\n".join([*lines, b"", body])


def request(chance: random.Random) -> bytes:
    target = chance.choice(ODD_TARGETS if is_odd(chance) else TARGETS)
    versions = (
        [b"HTTP/1.2", b"HTTP/2.0", b"HTTP/1", b"http/1.1", b""] if is_odd(chance) else [b"HTTP/1.1"] * 9
    )
    version = chance.choice([*versions, b"HTTP/1.0"])
    first = b" ".join([chance.choice(METHODS), target, version])
    return assemble(first, [] if is_odd(chance) else [chance.choice([b"Host: h", b"host:h:1"])], chance)


def response(chance: random.Random) -> bytes:
    statuses = (
        [b"099", b"20", b"abc", b"2000", b"101"] if is_odd(chance) else [b"200", b"404", b"204", b"999"]
    )
    version = chance.choice([b"HTTP/1.1"] * 9 + [b"HTTP/1.0"])
    phrase = chance.choice([b" OK", b" ", b"", b" Not Found", b" caf\xe9"])
    interim = chance.choice([b"", b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
    return interim + assemble(version + b" " + chance.choice(statuses) + phrase, [], chance)


# ---------------------------------------------------------------- comparison


def compare(data: bytes, ours: Seen, theirs: Seen) -> str | None:
    """Compare what two engines made of a stream; return the rule of `STRICTER` by which they differ, if they do."""
    if ours.refusal is None or theirs.refusal is not None:
        assert (ours.refusal is None) == (theirs.refusal is None), (data, ours, theirs)
        assert ours.messages == theirs.messages[: len(ours.messages)], (data, ours, theirs)
        if ours.refusal is None:
            assert ours == theirs, data
        return None
    rule = next((rule for rule in STRICTER if rule in (ours.refusal or "")), None)
    assert rule is not None, (data, ours, theirs)
    assert ours.messages == theirs.messages[: len(ours.messages)], (data, ours, theirs)
    return rule


@pytest.mark.slow
def test_requests_are_read_as_h11_reads_them() -> None:
    used, accepted = set[str | None](), 0
    for seed in range(STREAMS):
        chance = random.Random(seed)
        data = b"".join(request(chance) for _ in range(chance.choice([1, 1, 2, 3])))
        cut = list(pieces(data, chance))

        ours = serve(cut)

        used.add(compare(data, ours, serve_with_h11(cut)))
        accepted += ours.refusal is None
    assert accepted > STREAMS / 3
    assert len(used) > 9


@pytest.mark.slow
def test_responses_are_read_as_h11_reads_them() -> None:
    accepted = 0
    for seed in range(STREAMS):
        chance = random.Random(seed)
        data = response(chance)
        cut = list(pieces(data, chance))

        ours = fetch(cut)

        compare(data, ours, fetch_with_h11(cut))
        accepted += ours.refusal is None
    assert accepted > STREAMS / 3
