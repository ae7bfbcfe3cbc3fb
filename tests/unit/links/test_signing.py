"""Tokens of links: signed, rotated, forged."""

from __future__ import annotations

import base64
import dataclasses

import jwt
import pytest
from awaken import _core
from awaken.links import BadLinkError, Link, LinkSigner, read_keys
from hypothesis import given
from hypothesis import strategies as st

RAW = _core.parse_invocation_id("inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr")
LINK = Link(_core.format_awakeable_id(RAW, 17), "approve", "app:Decision", 1_795_340_207_000)
OLD, NEW = b"o" * 32, b"n" * 32


@pytest.mark.slow
@given(st.text(max_size=40), st.text(max_size=40), st.integers(17, 2**32 - 1), st.integers(0, 2**53))
def test_every_link_comes_back(name: str, type_name: str, index: int, expires_at_ms: int) -> None:
    link = Link(_core.format_awakeable_id(RAW, index), name, type_name, expires_at_ms)
    signer = LinkSigner({"a": NEW})

    assert signer.verify(signer.sign(link)) == link


def test_keys_are_replaced_without_losing_links() -> None:
    before = LinkSigner({"2025": OLD}).sign(LINK)
    both = LinkSigner({"2026": NEW, "2025": OLD})

    assert both.verify(before) == LINK
    assert jwt.get_unverified_header(both.sign(LINK))["kid"] == "2026"
    with pytest.raises(BadLinkError, match="not accepted"):
        LinkSigner({"2026": NEW}).verify(before)


@given(st.data())
def test_no_changed_token_is_accepted(data: st.DataObject) -> None:
    signer = LinkSigner({"a": NEW})
    token = signer.sign(LINK)
    index = data.draw(st.integers(0, len(token) - 1))
    changed = token[:index] + data.draw(st.characters(codec="ascii")) + token[index + 1 :]

    try:
        accepted = signer.verify(changed)
    except BadLinkError:
        return
    # Base64 has spare bits at its end: a token may be written in more than one way, and says the same then.
    assert accepted == LINK


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_other_algorithms_are_refused(algorithm: str) -> None:
    claims = {"sub": LINK.awakeable_id, "name": "", "type": "", "exp_ms": 0}
    key = "" if algorithm == "none" else NEW * 2
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "a"})

    with pytest.raises(BadLinkError):
        LinkSigner({"a": NEW * 2}).verify(token)


@pytest.mark.parametrize(
    "change", [{"sub": "inv_1"}, {"sub": None}, {"name": 1}, {"exp_ms": "soon"}, {"type": None}]
)
def test_signed_tokens_that_are_no_links_are_refused(change: dict[str, object]) -> None:
    claims = {"sub": LINK.awakeable_id, "name": "n", "type": "", "exp_ms": 0} | change
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jwt.encode(claims, NEW, algorithm="HS256", headers={"kid": "a"})

    with pytest.raises(BadLinkError):
        LinkSigner({"a": NEW}).verify(token)


def test_links_are_values() -> None:
    assert dataclasses.replace(LINK) == LINK


@pytest.mark.parametrize("text", ["", "a", "a:???", "a:aaa", "a b:" + base64.b64encode(NEW).decode()])
def test_keys_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key"):
        LinkSigner(read_keys(text))


def test_short_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        LinkSigner({"a": b"x" * 31})


def test_keys_are_read_in_order() -> None:
    text = f"b:{base64.b64encode(NEW).decode()}, a:{base64.b64encode(OLD).decode()}"

    assert list(read_keys(text).items()) == [("b", NEW), ("a", OLD)]
