"""The description of a callback in the journal."""

from __future__ import annotations

import pytest
from awaken.links.description import CallbackDescription, describe_callback, read_description


def test_description_comes_back() -> None:
    entry = describe_callback('a "name"', 17, "app:Decision", {"team": "rot-weiß"})

    assert read_description(entry) == CallbackDescription(
        17, 'a "name"', "app:Decision", {"team": "rot-weiß"}
    )


@pytest.mark.parametrize(
    "entry", ["", "cool-down", "callback me", "callback {}", "callback []", 'callback {"index":"x"}']
)
def test_other_sleeps_describe_nothing(entry: str) -> None:
    assert read_description(entry) is None
