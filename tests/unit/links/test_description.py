"""The description of a callback in the journal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from awaken.links.description import CallbackDescription, describe_callback, entry_start, read_description
from awaken.links.limits import LONGEST_ENTRY, LONGEST_LABELS, LONGEST_NAME, LONGEST_TYPE_NAME
from awaken.outcomes import LAST_AWAKEABLE
from hypothesis import given
from hypothesis import strategies as st

FACTS: dict[str, Any] = {"index": 17, "name": "n", "type": "", "labels": {}}
NO_NAMES: list[Any] = [None, 1, [], "\ud800"]
NO_LABELS: list[Any] = [[], "x", None, {"a": 1}, {"a": None}, {"\ud800": "b"}, {"a": "\ud800"}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def test_description_comes_back() -> None:
    plain = CallbackDescription(17, 'a "name"', "app:Decision", {"team": "rot-weiß"})

    for description in (plain, replace(plain, is_encoded=True)):
        entry = describe_callback(description)

        assert read_description(entry) == description
        assert entry.startswith(entry_start(17))


def test_longest_description_is_read() -> None:
    labels = {"a": "x" * (LONGEST_LABELS - len('{"a":""}'))}
    longest = CallbackDescription(
        LAST_AWAKEABLE, '"' * (LONGEST_NAME // 2), "t" * LONGEST_TYPE_NAME, labels, is_encoded=True
    )

    assert read_description(describe_callback(longest)) == longest


@pytest.mark.parametrize(
    "entry",
    [
        *("", "cool-down", "callback me", "callback {}", "callback []", 'callback {"index":"x"}'),
        *("callback " + "[" * 3000, "callback " + '{"index":' * 300, "callback null", "callback {"),
        'callback {"index":' + "9" * 2000 + "}",
    ],
)
def test_other_sleeps_describe_nothing(entry: str) -> None:
    assert read_description(entry) is None


@pytest.mark.parametrize(
    "change",
    [
        *({"index": wrong} for wrong in (True, 16, -17, LAST_AWAKEABLE + 1, 2**32, 17.0, "17", None, [17])),
        *({"name": wrong} for wrong in (None, 1, ["n"], {"n": 1}, "\ud800", "x\udfff")),
        *({"type": wrong} for wrong in NO_NAMES),
        *({"labels": wrong} for wrong in NO_LABELS),
        {"name": "x" * LONGEST_ENTRY},
    ],
)
def test_what_only_looks_like_a_description_is_none(change: dict[str, Any]) -> None:
    assert read_description("callback " + json.dumps(FACTS)) is not None

    assert read_description("callback " + json.dumps(FACTS | change)) is None


@given(st.dictionaries(st.sampled_from([*FACTS, "more"]), JSON))
def test_whatever_is_read_can_be_shown(facts: dict[str, Any]) -> None:
    found = read_description("callback " + json.dumps(FACTS | facts))

    if found is not None:
        shown = (found.name, found.type_name, *found.labels, *found.labels.values())
        assert all(isinstance(text.encode(), bytes) for text in shown)
