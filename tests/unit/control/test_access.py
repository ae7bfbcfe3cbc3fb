"""Tokens and what they allow."""

from __future__ import annotations

import pytest
from awaken.control.access import (
    METHODS,
    Group,
    Tokens,
    group_of_admin,
    group_of_inbox,
    group_of_ingress,
    group_of_method,
    parse_tokens,
)
from awaken.control.v1 import awakeables_pb2, invocations_pb2


def test_tokens_may_stand_in_several_groups() -> None:
    assert parse_tokens(["read:a", "operate:a", "all:b"]) == {
        "a": {Group.READ, Group.OPERATE},
        "b": {Group.ALL},
    }


@pytest.mark.parametrize("text", ["read", "read:", ":x", "write:x", "", "read:a b", "read:ä"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"GROUP:TOKEN|no header can carry"):
        parse_tokens([text])


def test_a_token_that_is_refused_is_not_printed() -> None:
    with pytest.raises(ValueError, match="no group of this name") as raised:
        parse_tokens(["c0ffee:read"])

    assert "c0ffee" not in str(raised.value)


def test_tokens_are_not_separated_by_commas() -> None:
    with pytest.raises(ValueError, match="separate tokens by spaces") as raised:
        parse_tokens(["read:c0ffee,all:decaf"])

    assert "c0ffee" not in str(raised.value)
    assert parse_tokens(["read:c0ffee,"]) == {"c0ffee,": {Group.READ}}


def test_methods_without_a_group_need_all() -> None:
    assert group_of_method("/awaken.control.v1.Awakeables/Burn") is Group.ALL
    assert group_of_method("/grpc.health.v1.Health/Check") is None


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("GET", "/health", None),
        ("GET", "/v4/health", None),
        ("GET", "/", None),
        ("GET", "/services", Group.READ),
        ("HEAD", "/services", Group.READ),
        ("POST", "/query", Group.READ),
        ("POST", "/v2/query", Group.READ),
        ("POST", "/v2/v2/query", Group.OPERATE),
        ("POST", "/health", Group.OPERATE),
        ("BREW", "/services", Group.OPERATE),
    ],
)
def test_changes_over_the_admin_api_need_operate(method: str, path: str, group: Group | None) -> None:
    assert group_of_admin(method, path) is group


@pytest.mark.parametrize(
    ("method", "path", "group"),
    [
        ("GET", "restate/health", None),
        ("POST", "restate/health", Group.INVOKE),
        ("OPTIONS", "Greeter/greet", None),
        ("POST", "restate/awakeables/sign_1/resolve", Group.COMPLETE),
        ("POST", "restate/a", Group.COMPLETE),
        ("POST", "awakeables/a/resolve", Group.INVOKE),
        ("POST", "", Group.INVOKE),
    ],
)
def test_the_ingress_tells_completions_from_calls(method: str, path: str, group: Group | None) -> None:
    assert group_of_ingress(method, path.split("/")) is group


def test_answers_in_the_inbox_need_complete_and_ends_need_operate() -> None:
    assert group_of_inbox("GET", "/awakeables/sign_1") is Group.READ
    assert group_of_inbox("POST", "/awakeables/sign_1") is Group.COMPLETE
    assert group_of_inbox("POST", "/invocations/inv_1/kill") is Group.OPERATE
    assert group_of_inbox("POST", "/state/edit") is Group.OPERATE
    assert group_of_inbox("POST", "/services/Greeter/greet") is Group.INVOKE


def test_a_token_counts_with_any_case_of_its_scheme_and_as_a_password_only_where_that_is_taken() -> None:
    tokens = Tokens(parse_tokens(["read:a", "complete:a", "all:b:c"]))
    basic = b"Basic YWRhOmI6Yw=="  # ada:b:c

    assert tokens.check([b"bEARER  a "], Group.READ) is None
    assert tokens.check([basic], Group.OPERATE, takes_basic=True) is None
    assert tokens.check([], None) is None
    for sent in ([], [b""], [b"Bearer"], [b"Bearer A"], [basic], [b"Bearer a", b"Bearer a"]):
        refusal = tokens.check(sent, Group.READ)
        assert refusal is not None
        assert not refusal.is_known
    refused = tokens.check([b"Bearer a"], Group.OPERATE)
    assert refused is not None
    assert refused.is_known
    assert refused.message == "this token allows complete, read, and this needs operate"


def test_every_method_belongs_to_a_group() -> None:
    methods = {
        f"/{service.full_name}/{method.name}"
        for file in (awakeables_pb2.DESCRIPTOR, invocations_pb2.DESCRIPTOR)
        for service in file.services_by_name.values()
        for method in service.methods
    }

    assert methods == set(METHODS)
