"""The body of an attempt's request, as far as the credit of its exchange goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from awaken.runtime.invoker.request_body import RequestBody

if TYPE_CHECKING:
    from awaken.exchange import Outgoing


class Sink:
    """Takes what is sent, for which it has credit."""

    def __init__(self, credit: int) -> None:
        self.credit = credit
        self.sent: list[bytes] = []
        self.is_ended = False

    def send(self, data: bytes) -> None:
        self.credit -= len(data)
        self.sent.append(data)

    def end(self) -> None:
        self.is_ended = True


def body_to(sink: Sink) -> RequestBody:
    return RequestBody(cast("Outgoing", sink))


def test_bytes_within_the_credit_are_passed_and_not_copied() -> None:
    sink = Sink(credit=100)
    body = body_to(sink)
    first, second = b"a" * 60, b"b" * 40

    body.add(first)
    body.add(second)
    body.complete()
    body.flush()

    assert sink.sent[0] is first
    assert sink.sent[1] is second
    assert sink.is_ended


def test_what_exceeds_the_credit_waits_for_more_and_ends_last() -> None:
    sink = Sink(credit=4)
    body = body_to(sink)

    body.add(b"0123456789")
    body.add(b"ab")
    body.complete()
    body.flush()
    assert sink.sent == [b"0123"]

    sink.credit = 3
    body.flush()
    assert sink.sent == [b"0123", b"456"]
    assert not sink.is_ended

    sink.credit = 100
    body.flush()
    assert sink.sent == [b"0123", b"456", b"789", b"ab"]
    assert all(type(data) is bytes for data in sink.sent)
    assert sink.is_ended
