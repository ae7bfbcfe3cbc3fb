"""Marks for tests in which an agent crashes everywhere."""

from __future__ import annotations

import pytest

__all__ = ["CRASHES_LEAVE_WORK"]

#: A crash may come between a framework's making a task and its first step. Then the coroutines that it was to await are
#: dropped, of which Python warns. After a real crash there is nobody to warn.
CRASHES_LEAVE_WORK = [
    pytest.mark.filterwarnings("ignore:coroutine '.*' was never awaited:RuntimeWarning"),
    pytest.mark.usefixtures("unbegun_work"),
]
