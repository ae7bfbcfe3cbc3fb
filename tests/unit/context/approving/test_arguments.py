"""Mistakes in a call of `ctx.approve` end the invocation before anything is journaled, and say what to write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import awaken
import msgspec
import pydantic
import pytest
from awaken.approvals import ApprovalFacts
from awaken.context.approving.arguments import slot_count
from awaken.context.approving.polarity import polarity_of
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks, register_callback_type
from awaken.links.description import CallbackDescription, entry_start, read_description
from awaken.links.limits import LONGEST_ENTRY
from awaken.serde.schema import schema_for
from awaken.testing import open_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


@dataclass
class Decision:
    """An answer."""

    approved: bool
    urgent: bool = False


@dataclass
class Agreed:
    """An answer whose yes has another name and a default."""

    agreed: bool = True
    why: str = ""


class Model(pydantic.BaseModel):
    """An answer with a name of its own on the wire."""

    is_fine: bool = pydantic.Field(alias="isFine")
    amount: Decimal = Decimal(1)


class Struct(msgspec.Struct, rename="camel"):
    """The same with msgspec."""

    is_fine: bool
    at: datetime | None = None


class Dictionary(TypedDict):
    """An answer that is a dict."""

    approved: bool


@dataclass
class Unsure:
    """An answer whose yes may be missing."""

    approved: bool | None = None
    urgent: bool = False


class UnsureModel(pydantic.BaseModel):
    """The same with pydantic."""

    approved: bool | None


@dataclass
class Certain:
    """An answer with one that always says yes or no, and one that may."""

    certain: bool
    perhaps: bool | None = None


@dataclass
class Chosen:
    """An answer whose yes is chosen from values."""

    chosen: Literal[True, False]


class Choice(Enum):
    """An answer without yes and no."""

    NOW = "now"
    LATER = "later"


@dataclass
class Nested:
    """An answer whose yes is further inside."""

    decision: Decision
    when: date


@dataclass
class Two:
    """An answer with two that could be the yes."""

    first: bool
    second: bool


def take(message: awaken.ApprovalMessage) -> None:
    """Take a message."""


def take_nothing() -> None:
    """Take nothing."""


def take_two(message: awaken.ApprovalMessage, other: str) -> None:
    """Take more than there is."""


async def ask(question: Any = "Pay?", **given: Any) -> tuple[str, list[bytes]]:
    """Return the error of an approval, and the journal of its invocation."""
    service = awaken.Service("Asking")

    @service.handler()
    async def handler(ctx: awaken.Context) -> None:
        await ctx.approve(question, **given)

    async with open_environment(service) as env:
        await env.client.service_send(handler, None)
        text = ""
        try:
            await env.settle()
        except awaken.TerminalError as error:
            text = error.message
        return text, [bytes(payload) for (payload,) in env.fetch("SELECT payload FROM journal")]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"question": ""}, "the question of ctx.approve is ''"),
        ({"question": 7}, "the question of ctx.approve is 7, of type int"),
        ({"question": "x" * 501}, "the question of ctx.approve has 501 bytes"),
        ({"question": "x" * 490, "approvers": ["lead@example.com"]}, "have 506 bytes together"),
        ({"approvers": "lead@example.com"}, "give a list, as in ['lead@example.com']"),
        ({"approvers": {"lead": 1}}, "approvers of ctx.approve is of type dict"),
        ({"approvers": 3}, "approvers of ctx.approve is 3, of type int"),
        ({"approvers": [None]}, "one of approvers of ctx.approve is None"),
        (
            {"approvers": []},
            "approvers of ctx.approve names nobody; name someone, or leave it out, and everybody may",
        ),
        ({"approvers": ()}, "approvers of ctx.approve names nobody"),
        ({"approvers": iter(())}, "approvers of ctx.approve names nobody"),
        ({"approvers": [], "escalate": {DAY: ["cfo"]}}, "approvers of ctx.approve names nobody"),
        ({"not_by": None}, "not_by of ctx.approve is None"),
        ({"approvers": [" "]}, "approvers of ctx.approve contains ' '"),
        ({"approvers": ["group:"]}, "approvers of ctx.approve contains 'group:'"),
        ({"approvers": ["a\r\nBcc: b"]}, "with characters that no name has"),
        ({"approvers": ["x" * 255]}, "a name in approvers of ctx.approve has 255 bytes"),
        ({"approvers": ["a\ud800"]}, "half of a character"),
        ({"approvers": [f"p{number}@example.com" for number in range(1000)]}, "name a group"),
        ({"approvers": map(str, count())}, "approvers of ctx.approve has more than 1000 names; name a group"),
        ({"not_by": "ann"}, "not_by of ctx.approve is the text 'ann'"),
        ({"approvers": ["ann"], "not_by": ["Ann"]}, "0 can answer without 'ann', named by not_by"),
        ({"approvers": ["ann"], "not_by": [None]}, "one of not_by of ctx.approve is None"),
        ({"approvers": ["ann", "ANN "], "quorum": 2}, "quorum of ctx.approve is 2, and 1 can answer;"),
        ({"approvers": ["ann", "bob"], "not_by": ["bob"], "quorum": 2}, "without 'bob', named by not_by"),
        ({"approvers": ["ann"], "rejections": 2}, "rejections of ctx.approve is 2, and 1 can answer"),
        ({"quorum": 0}, "quorum of ctx.approve is 0"),
        ({"quorum": True}, "quorum of ctx.approve is True"),
        ({"quorum": 1.5}, "quorum of ctx.approve is 1.5"),
        ({"quorum": 501}, "give a number between 1 and 500"),
        ({"rejections": -1}, "rejections of ctx.approve is -1"),
        ({"remind": DAY}, "remind of ctx.approve is one duration; give a list"),
        ({"remind": [DAY]}, "remind of ctx.approve is given without notify"),
        ({"remind": "daily", "notify": take}, "remind of ctx.approve is of type str"),
        (
            {"remind": [31 * DAY], "notify": take},
            "remind of ctx.approve has 31 days, 0:00:00, and the",
        ),
        ({"remind": [0], "notify": take}, "one of remind of ctx.approve is 0; give a millisecond or more"),
        ({"remind": [DAY] * 101, "notify": take}, "remind of ctx.approve has 101"),
        ({"escalate": {DAY: ["cfo"]}}, "without approvers, so everybody may answer anyway"),
        ({"approvers": ["ann"], "escalate": {DAY: "cfo"}}, "give a list, as in ['cfo']"),
        ({"approvers": ["ann"], "escalate": ["cfo"]}, "escalate of ctx.approve is of type list"),
        ({"approvers": ["ann"], "escalate": {DAY: []}}, "names nobody for 1 day"),
        ({"approvers": ["ann"], "escalate": {"later": ["cfo"]}}, "one of escalate of ctx.approve is 'later'"),
        ({"approvers": ["ann"], "escalate": {31 * DAY: ["cfo"]}}, "the approval expires after 30 days"),
        ({"expires_in": 0}, 'expires_in of ctx.approve("Pay?") is 0'),
        ({"expires_in": "soon"}, "expires_in of ctx.approve(\"Pay?\") is 'soon'"),
        ({"notify": "lead@example.com"}, "notify of ctx.approve is of type str"),
        ({"notify": take_nothing}, "take_nothing() -> 'None', cannot be called with a message"),
        ({"notify": take_two}, "cannot be called with a message (missing a required argument: 'other')"),
        ({"notify": Decision}, "notify of ctx.approve is of type type"),
        ({"answer": list[Decision]}, "has no name that a link can carry"),
        ({"answer": Literal["now", "later"]}, "has no name that a link can carry"),
        ({"answer": Decision(True)}, "answer of ctx.approve is of type Decision; give a type"),
        ({"answer": Decision, "initial": "yes"}, 'initial of ctx.approve("Pay?") is not an answer'),
        ({"answer": bool, "on_expiry": "no"}, 'on_expiry of ctx.approve("Pay?") is not an answer'),
        ({"on_expiry": False}, 'on_expiry of ctx.approve("Pay?") is not an answer'),
        ({"data": object()}, 'cannot write the data of ctx.approve("Pay?")'),
        ({"data": {"text": "x" * 70_000}}, "the limit is 65536"),
        ({"details": None}, 'the details of ctx.approve("Pay?") is None'),
        ({"labels": {"a": 1}}, "names and values of labels are text"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
async def test_mistakes_are_told_before_anything_is_journaled(given: dict[str, Any], problem: str) -> None:
    text, journal = await ask(**given)

    assert problem in text
    assert len(journal) <= 2, "what came in, and the error"


async def test_links_that_are_not_configured_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_callbacks(None)
    monkeypatch.delenv("AWAKEN_CALLBACK_URL", raising=False)
    monkeypatch.delenv("AWAKEN_CALLBACK_KEYS", raising=False)

    with pytest.raises(RuntimeError, match="callbacks need an address and a key"):
        await ask(notify=take)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"approvers": None, "not_by": []},
        {"approvers": ("ann",), "quorum": 1},
        {"approvers": {"ann"}, "notify": take},
        {"approvers": (name for name in ("ann", "bob")), "quorum": 2},
        {"approvers": ["group:finance"], "quorum": 20, "not_by": ["ann"]},
        {"approvers": ["ann"], "escalate": {DAY: ["bob"]}, "quorum": 2},
        {"approvers": [f"p{number}@example.com" for number in range(150)], "quorum": 60},
        {"answer": Choice, "initial": Choice.NOW, "on_expiry": Choice.LATER},
        {"answer": Nested, "initial": Nested(Decision(True), date(2026, 1, 1))},
        {"answer": Dictionary, "initial": {"approved": True}},
        {"answer": Model, "data": Model(isFine=True)},
        {"answer": Struct, "data": Struct(is_fine=True), "details": "x" * 60_000},
        {"answer": datetime},
        {"answer": Decimal, "on_expiry": Decimal("0.1")},
        {"answer": str, "initial": ""},
        {"answer": bool, "on_expiry": False},
        {"data": [1, 2]},
        {"labels": {"team": "red"}, "expires_in": 0.5},
    ],
    ids=lambda given: "+".join(given),
)
async def test_other_calls_are_journaled_as_lists_read_them(given: dict[str, Any]) -> None:
    text, journal = await ask(**given)

    start = entry_start(17).encode()
    (timer,) = [entry for entry in journal if start in entry]
    name = timer[timer.index(start) :].decode()
    description = read_description(name[: name.rindex("}") + 1])
    assert (text, len(name) < LONGEST_ENTRY) == ("", True)
    assert isinstance(description, CallbackDescription)
    assert isinstance(description.approval, ApprovalFacts)


@pytest.mark.parametrize(
    ("annotation", "polarity"),
    [
        (bool, ("$", None)),
        (awaken.Approval, ("approved", None)),
        (Decision, ("approved", None)),
        (Agreed, ("agreed", True)),
        (Model, ("isFine", None)),
        (Struct, ("isFine", None)),
        (Dictionary, ("approved", None)),
        (Choice, (None, None)),
        (Nested, (None, None)),
        (Two, (None, None)),
        (str, (None, None)),
        (bool | None, ("$", None)),
        (Decision | None, ("approved", None)),
        (Unsure, ("approved", None)),
        (UnsureModel, ("approved", None)),
        (Certain, ("certain", None)),
        (Chosen, ("chosen", None)),
        (Literal[True, False], ("$", None)),
        (Literal["yes", "no"], (None, None)),
        (list[bool], (None, None)),
        (Any, (None, None)),
    ],
    ids=str,
)
def test_what_says_yes_or_no(annotation: Any, polarity: tuple[str | None, bool | None]) -> None:
    assert polarity_of(schema_for(annotation)) == polarity


def test_registered_name_stands_for_any_type() -> None:
    register_callback_type("when to pay", Literal["now", "later"])


async def test_registered_type_is_an_answer() -> None:
    text, journal = await ask(answer=Literal["now", "later"], initial="later")

    assert text == ""
    assert any(b'"type":"when to pay"' in entry for entry in journal)


def test_room_for_answers_changes_in_steps() -> None:
    counts = {slot_count(quorum, rejections) for quorum in (1, 2, 5) for rejections in (1, 2, 5)}

    assert counts == {16}
    assert (slot_count(60, 1), slot_count(500, 500)) == (128, 1000)
