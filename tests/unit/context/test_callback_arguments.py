"""Callbacks that no link or journal has room for are refused when they are made, and end the invocation."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.links import CallbackSettings, Link, LinkSigner, configure_callbacks
from awaken.links.limits import LONGEST_LABELS, LONGEST_LINK, LONGEST_NAME, LONGEST_TYPE_NAME, LONGEST_URL
from awaken.testing import open_environment

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "http://links.test"


def ascii_start(name: str) -> str:
    return ascii(name[:6])


#: As long as allowed, in characters of one, two, three and four bytes, and in ones that JSON escapes.
WHOLE_NAMES = [
    *("x" * LONGEST_NAME, "ü" * (LONGEST_NAME // 2), "ａ" * (LONGEST_NAME // 3), "😀" * (LONGEST_NAME // 4)),
    *(
        '"' * (LONGEST_NAME // 2),
        "\n" * (LONGEST_NAME // 2 - 1) + "x",
        "\0" * (LONGEST_NAME // 6),
        "\u202e x",
    ),
]


@pytest.fixture(autouse=True)
def signer() -> Iterator[LinkSigner]:
    signer = LinkSigner({"k" * 32: b"k" * 32})
    configure_callbacks(CallbackSettings(URL, signer))
    yield signer
    configure_callbacks(None)


async def make(**given: Any) -> tuple[list[str], list[awaken.Callback[Any]], str]:
    """Return what a handler that makes a callback sends, the callback, and the error it gets."""
    made: list[awaken.Callback[Any]] = []
    problems: list[str] = []

    async def handler(ctx: awaken.Context) -> None:
        try:
            made.append(ctx.callback(**{"type_hint": bool, "name": "n", **given}))
        except awaken.TerminalError as error:
            problems.append(error.message)
            raise

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h", version=7)
    call.send(frames.request())
    await call.until_ended()
    return call.answer, made, "".join(problems)


@pytest.mark.parametrize("name", WHOLE_NAMES, ids=ascii_start)
async def test_name_within_the_limit_comes_back_from_its_link(signer: LinkSigner, name: str) -> None:
    answer, (made,), _ = await make(name=name)

    assert answer[-2:] == ["Output", "End"]
    link = signer.verify(made.url.removeprefix(f"{URL}/"))
    assert (link.name, link.awakeable_id) == (name, made.id)


@pytest.mark.parametrize(
    "name",
    [*(f"{name}xxxxxx" for name in WHOLE_NAMES[:-1]), "x" * 3000, "", "  ", "\ud800", "a\udfffb"],
    ids=ascii_start,
)
async def test_other_names_are_refused_before_anything_is_journaled(name: str) -> None:
    answer, made, problem = await make(name=name)

    assert (answer[-2:], made) == (["Output", "End"], [])
    assert "Sleep" not in answer
    assert problem.startswith("the name of ctx.callback ")
    assert "limit is 500" in problem or "say what you ask for" in problem or "half of a character" in problem


@pytest.mark.parametrize(
    "expires_in",
    [
        *(
            0,
            -1,
            0.0,
            -0.5,
            0.0001,
            math.nan,
            math.inf,
            -math.inf,
            True,
            "3",
            None,
            10**30,
            10**5000,
            -(10**5000),
        ),
        *(timedelta(0), timedelta(days=-1), timedelta.max, timedelta.min, timedelta(microseconds=1), 1j, [1]),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_expiry_that_is_none_is_refused(expires_in: Any) -> None:
    answer, made, problem = await make(expires_in=expires_in)

    assert (answer[-2:], made) == (["Output", "End"], [])
    assert problem.startswith('expires_in of callback "n" is ')


@pytest.mark.parametrize(
    "labels",
    [{"a": "x" * LONGEST_LABELS}, {"a\ud800": "b"}, {"a": "\ud800"}, {"a": 1}, {1: "a"}, ["a"], "a"],
    ids=lambda value: ascii(value)[:12],
)
async def test_labels_beyond_the_limit_are_refused(labels: Any) -> None:
    answer, made, problem = await make(labels=labels)

    assert (answer[-2:], made) == (["Output", "End"], [])
    assert "labels" in problem
    assert "header" not in problem


async def test_labels_within_the_limit_are_taken() -> None:
    labels = {"a": "x" * (LONGEST_LABELS - len('{"a":""}'))}
    assert len(json.dumps(labels, separators=(",", ":"))) == LONGEST_LABELS

    _, made, problem = await make(labels=labels)

    assert (len(made), problem) == (1, "")


async def test_longest_link_is_short_enough_for_mails() -> None:
    key_id = "k" * 32
    settings = CallbackSettings("https://" + "h" * (LONGEST_URL - 8), LinkSigner({key_id: b"k" * 32}))
    _, (made,), _ = await make(name="x" * LONGEST_NAME, expires_in=timedelta(days=365 * 5000))
    link = LinkSigner({key_id: b"k" * 32}).verify(made.url.rpartition("/")[2])
    longest = Link(link.awakeable_id, link.name, "t" * LONGEST_TYPE_NAME, link.expires_at_ms)

    assert LONGEST_LINK - 150 < len(settings.url_of(longest)) <= LONGEST_LINK


async def test_expiry_that_is_over_on_replay_is_no_mistake() -> None:
    """`expires_in=deadline - now` is below zero when the handler replays after the deadline."""
    left = iter((60.0, -5.0))
    seen: list[str] = []

    service = awaken.Service("S")

    @service.handler()
    async def handler(ctx: awaken.Context) -> str:
        callback = ctx.callback(bool, name="n", expires_in=next(left))
        seen.append(callback.url)
        await ctx.sleep(1)
        return "done"

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(handler, None)
        await env.advance(seconds=2)
        assert await env.client.attach(sent.invocation_id, type_hint=str) == "done"

    assert len(seen) == 2
    assert seen[0] == seen[1]
