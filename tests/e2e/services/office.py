"""People of an office are asked: approvals with everything a page shows, and a plain awakeable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import awaken as restate

office = restate.VirtualObject("Office")


@dataclass
class Booking:
    """What is decided, and where it is booked."""

    approved: bool
    account: Literal["travel", "office"] = "office"
    comment: str = ""


@dataclass
class Signature:
    """Who has signed."""

    name: str
    place: str = "Berlin"


@office.handler(kind="shared")
async def approve(ctx: restate.ObjectSharedContext, given: dict[str, Any]) -> dict[str, Any]:
    """Ask as `given` says, and return what came of it. `is_booked` asks for a `Booking`."""
    arguments: dict[str, Any] = {
        name: given[name]
        for name in ("details", "data", "approvers", "not_by", "quorum", "rejections", "labels")
        if name in given
    }
    if "escalate" in given:  # seconds, and who is asked then
        arguments["escalate"] = {timedelta(seconds=float(at)): who for at, who in given["escalate"].items()}
    if given.get("is_booked"):
        arguments["answer"] = Booking
    verdict = await ctx.approve(
        given["title"], expires_in=timedelta(seconds=given.get("expires_in", 3 * 86_400)), **arguments
    )
    return {
        "approved": verdict.answer.approved,
        "comment": verdict.answer.comment,
        "by": verdict.by,
        "via": verdict.via,
    }


@office.handler(kind="shared")
async def sign(ctx: restate.ObjectSharedContext, given: dict[str, Any]) -> Any:
    """Wait for anything, without saying what it is for unless a title is given."""
    title = given.get("title", "")
    return await ctx.awakeable(type_hint=Signature if title else None, title=title).future
