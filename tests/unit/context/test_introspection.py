"""What tools need from contexts: methods have the names of public classes, and their annotations resolve."""

from __future__ import annotations

import inspect
import pickle
import typing

import awaken
import pytest
from awaken.context.context import CONTEXTS, Context


@pytest.mark.parametrize("kind", CONTEXTS.values())
def test_annotations_of_a_context_resolve(kind: type[Context]) -> None:
    assert typing.get_type_hints(kind) == {}


@pytest.mark.parametrize("kind", CONTEXTS.values())
def test_methods_of_a_context_are_found_by_their_names(kind: type[Context]) -> None:
    methods = dict(inspect.getmembers(kind, inspect.isfunction))

    for name, method in methods.items():
        owner = method.__qualname__.partition(".")[0]
        assert owner in awaken.__all__, name
        assert getattr(getattr(awaken, owner), name) is method
        assert pickle.loads(pickle.dumps(method)) is method
