"""Durations as the server reads and writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from awaken.runtime.durations import format_duration, format_iso_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("1m", 60),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("5 seconds", 5),
        ("60 sec", 60),
        ("2 days", 172_800),
        ("1w", 604_800),
        ("1 hour, 5 minutes", 3900),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        (" 3s ", 3),
        ("+3s", 3),
        ("PT60S", 60),
        ("pt60s", 60),
        ("P1DT2H", 93_600),
        ("PT0S", 0),
        ("PT1.5S", 1.5),
        ("P1W", 604_800),
        ("0", 0),
        ("0s", 0),
        ("-0s", 0),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["10", "abc", "", "s", "10x", "1h,", "1h 30", "P", "PT", "P1DT", "1.s", "1 2s", "1e3s", "٣s"]
)
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P1M", "P1Y", "1y", "1month"])
def test_refuses_the_calendar(text: str) -> None:
    with pytest.raises(ValueError, match="please use units of days or smaller"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["-5s", "-PT5S"])
def test_refuses_negative_ones(text: str) -> None:
    with pytest.raises(ValueError, match="negative signed durations"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["99999999999999999999d", "P9999999999D"])
def test_refuses_what_no_date_can_hold(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "short", "iso"),
    [
        (timedelta(), "0s", "P0D"),
        (timedelta(days=1), "1d", "PT86400S"),
        (timedelta(minutes=90), "1h 30m", "PT5400S"),
        (timedelta(milliseconds=500), "500ms", "PT0.5S"),
        (timedelta(seconds=2, microseconds=5), "2s 5µs", "PT2.000005S"),
    ],
)
def test_writes(duration: timedelta, short: str, iso: str) -> None:
    assert format_duration(duration) == short
    assert format_iso_duration(duration) == iso
    assert parse_duration(short) == duration
