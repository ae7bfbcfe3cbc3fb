"""Who a visitor is, by the headers of a proxy."""

from __future__ import annotations

import pytest
from awaken.inbox.visitors import Visitor, VisitorError, VisitorHeaders

HEADERS = VisitorHeaders("X-Forwarded-Email", "X-Forwarded-Groups")
LEAD = (b"x-forwarded-email", b"lead@example.com")


def test_without_a_proxy_nobody_is_known() -> None:
    assert VisitorHeaders().read([LEAD]) == Visitor()
    assert not VisitorHeaders().names_people


def test_a_proxy_names_a_person_and_groups() -> None:
    groups = (b"x-forwarded-groups", b"finance, group:board,,finance")

    visitor = HEADERS.read([LEAD, groups, (b"x-forwarded-groups", b"all")])

    assert visitor == Visitor("lead@example.com", ("finance", "group:board", "all"))
    assert HEADERS.read([LEAD]) == Visitor("lead@example.com")
    assert VisitorHeaders("x-forwarded-email").read([LEAD, groups]).groups == ()


@pytest.mark.parametrize("sent", ["Jürgen", "Jürgen ".strip()])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_names_have_any_letters(sent: str, encoding: str) -> None:
    assert HEADERS.read([(b"x-forwarded-email", sent.encode(encoding))]).person == sent


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], "it is missing"),
        ([(b"x-forwarded-email", b"  ")], "it is missing"),
        ([LEAD, LEAD], "it is there 2 times"),
        ([LEAD, (b"X-Forwarded-Email", b"cfo@example.com")], "it is there 2 times"),
        ([(b"x-forwarded-email", b"group:finance")], "has to name a person"),
        ([(b"x-forwarded-email", b" GROUP:finance")], "has to name a person"),
        ([(b"x-forwarded-email", b"x" * 255)], "at most 254 bytes"),
    ],
)
def test_who_is_not_named_once_is_nobody(headers: list[tuple[bytes, bytes]], why: str) -> None:
    """A group must not be a person's name: users of some proxies choose their own."""
    with pytest.raises(VisitorError, match=why):
        HEADERS.read(headers)


@pytest.mark.parametrize("name", ["", "x y", "x:", "x\n", "é"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a header"):
        VisitorHeaders(name)


def test_groups_need_somebody_to_belong_to_them() -> None:
    with pytest.raises(ValueError, match="whom no header names"):
        VisitorHeaders(None, "X-Forwarded-Groups")
