"""Handlers that ask people through `ctx.approve`."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awaken as restate

from tests.e2e.services.outside import record

if TYPE_CHECKING:
    from collections.abc import Callable

approving = restate.Service("Approving")


@approving.handler()
async def decide(ctx: restate.Context, given: dict[str, Any]) -> dict[str, Any]:
    """Ask people, and return what they decide.

    `given` has the file of effects, and the arguments of `ctx.approve` with durations in seconds. Approvers may be the
    name of a file that lists them, which a test changes as a deploy would.
    """
    approvers = given.get("approvers")
    if isinstance(approvers, str):
        approvers = _read_list(approvers)
    verdict = await ctx.approve(
        given.get("question", "Pay invoice 4711?"),
        details=given.get("details", "**ACME** sent it."),
        data={"amount": "1200.00"},
        approvers=approvers,
        quorum=given.get("quorum", 1),
        remind=given.get("remind", []),
        escalate={
            timedelta(seconds=float(after)): people for after, people in given.get("escalate", {}).items()
        },
        expires_in=given.get("expires_in", 3600),
        on_expiry=restate.Approval(False, "too late") if "expires_in" in given else None,
        notify=_notifier(given["effects"], given.get("hold")),
        labels={"team": given.get("label", "red")},
    )
    return {
        "approved": verdict.approved,
        "comment": verdict.answer.comment,
        "by": verdict.by,
        "via": verdict.via,
        "has_time": verdict.at is not None,
        "answers": [one.by for one in verdict.answers],
    }


def _read_list(path: str) -> list[str]:
    names: list[str] = json.loads(Path(path).read_text())
    return names


def _notifier(effects: str, hold: str | None) -> Callable[[restate.ApprovalMessage], None]:
    """Return a notifier that writes into a file. It waits while a file exists that is named after its person."""

    def notify(message: restate.ApprovalMessage) -> None:
        record(effects, "begin", message.person)
        while hold and Path(hold, message.person).exists():
            time.sleep(0.02)
        record(effects, message.kind, f"{message.person} {message.link}")

    return notify
