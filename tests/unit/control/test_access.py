"""Tokens and what they allow."""

from __future__ import annotations

import pytest
from awaken.control.access import _GROUPS, Group, parse_tokens
from awaken.control.v1 import awakeables_pb2, invocations_pb2


def test_tokens_may_stand_in_several_groups() -> None:
    assert parse_tokens(["read:a", "operate:a", "all:b"]) == {
        "a": {Group.READ, Group.OPERATE},
        "b": {Group.ALL},
    }


@pytest.mark.parametrize("text", ["read", "read:", ":x", "write:x", ""])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"GROUP:TOKEN|no group"):
        parse_tokens([text])


def test_every_method_belongs_to_a_group() -> None:
    methods = {
        f"/{service.full_name}/{method.name}"
        for file in (awakeables_pb2.DESCRIPTOR, invocations_pb2.DESCRIPTOR)
        for service in file.services_by_name.values()
        for method in service.methods
    }

    assert methods == set(_GROUPS)
