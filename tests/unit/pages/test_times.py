"""Times in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from awaken.pages import describe_age, describe_moment, describe_span
from awaken.pages.times import describe_due, write_iso

NOW = round(datetime(2026, 11, 30, 14, 5, tzinfo=UTC).timestamp() * 1000)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (0, "just now"),
        (-4_000, "just now"),
        (6_000, "6 s ago"),
        (119_000, "1 min ago"),
        (2 * HOUR + 5, "2 h ago"),
        (400 * DAY, "400 d ago"),
        (-3 * DAY, "in 3 d"),
        (-80_000, "in 1 min"),
        (20_000 - 2 * DAY, "in 2 d"),
        (1 - DAY, "in 1 d"),
    ],
)
def test_age_is_one_unit(passed: int, text: str) -> None:
    assert describe_age(NOW - passed, NOW) == text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [(-9_000, "now"), (0, "now"), (900, "in a moment"), (8_000, "in 8 s"), (2 * HOUR, "in 2 h")],
)
def test_what_is_to_come_is_never_over(ahead: int, text: str) -> None:
    assert describe_due(NOW + ahead, NOW) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0 ms"),
        (120, "120 ms"),
        (35_000, "35 s"),
        (2 * DAY + 4 * HOUR + MINUTE, "2 d 4 h"),
        (DAY + MINUTE, "1 d"),
    ],
)
def test_span_is_two_units(span: int, text: str) -> None:
    assert describe_span(span) == text


def test_moment_has_the_year_if_it_is_another() -> None:
    assert describe_moment(NOW + 3 * DAY, NOW) == "3 December, 14:05 UTC"
    assert describe_moment(NOW + 3_000, NOW, has_seconds=True) == "30 November, 14:05:03 UTC"
    assert describe_moment(NOW + 300 * DAY, NOW) == "26 September 2027, 14:05 UTC"


@pytest.mark.parametrize("at_ms", [-(10**30), -1, 10**30])
def test_times_that_no_date_has_are_the_nearest_one(at_ms: int) -> None:
    assert write_iso(at_ms).endswith("Z")
    assert "UTC" in describe_moment(at_ms, NOW)
