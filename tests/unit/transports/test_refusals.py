"""The bound on log lines about peers that break their protocol."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from awaken.transports import limits
from awaken.transports.refusals import RefusalLog

if TYPE_CHECKING:
    import pytest


def test_lines_beyond_the_bound_are_counted_and_the_next_one_says_how_many(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    refusals = RefusalLog(lambda: now[0])

    for _ in range(limits.REFUSAL_BURST + 1000):
        refusals.note("%s sent nonsense", "somebody")
    assert caplog.messages == ["somebody sent nonsense"] * limits.REFUSAL_BURST

    now[0] += 1 / limits.REFUSAL_RATE
    refusals.note("%s sent nonsense", "another")
    refusals.note("%s sent nonsense", "another")
    assert caplog.messages[limits.REFUSAL_BURST :] == [
        "another sent nonsense (1000 more were refused since the last line)"
    ]
