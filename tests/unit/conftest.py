"""What holds for all unit tests."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(autouse=True)
def unknown_labels() -> Iterator[list[str]]:
    """Fail a test in which a number has a label that the table of instruments does not have, unless it clears this."""
    log, kept = logging.getLogger("awaken.metrics.labels"), _Kept()
    log.addHandler(kept)
    yield kept.messages
    log.removeHandler(kept)
    assert kept.messages == []
