"""Converting identifiers between bytes and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken._core import format_awakeable_id, format_invocation_id, parse_awakeable_id, parse_invocation_id

from benches.frames import INVOCATION_ID, INVOCATION_ID_TEXT

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

#: Made by the official SDK for the same invocation.
AWAKEABLE_ID = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"


def test_format_invocation_id(benchmark: BenchmarkFixture) -> None:
    assert benchmark(format_invocation_id, INVOCATION_ID) == INVOCATION_ID_TEXT


def test_parse_invocation_id(benchmark: BenchmarkFixture) -> None:
    assert benchmark(parse_invocation_id, INVOCATION_ID_TEXT) == INVOCATION_ID


def test_format_awakeable_id(benchmark: BenchmarkFixture) -> None:
    assert benchmark(format_awakeable_id, INVOCATION_ID, 17) == AWAKEABLE_ID


def test_parse_awakeable_id(benchmark: BenchmarkFixture) -> None:
    parsed = benchmark(parse_awakeable_id, AWAKEABLE_ID)

    assert (parsed.invocation_id, parsed.index, parsed.is_legacy) == (INVOCATION_ID_TEXT, 17, False)
