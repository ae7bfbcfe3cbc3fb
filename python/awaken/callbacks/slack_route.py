"""Clicks in Slack: the route checks that Slack sent them, acknowledges, and answers the question as who clicked.

```
click ─> Slack ─> signature, age ─> acknowledged within 3 s
                        └─> link of the button, mail address of the user ─> control.answering ─> message rewritten
```

What a button carries is the token of the link, so a click can do what the link can. Who clicked is known better than
from a link: a message in a channel is for a group, and the answer keeps who of the group gave it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from awaken.approvals import Refusal, Via, describe_refusal
from awaken.approvals.facts import WHOLE
from awaken.approvals.people import GROUP, same_person
from awaken.callbacks.form_requests import BodyError, read_body, read_fields
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import EncodedAnswerError, InvalidAnswerError
from awaken.control.errors import OperationError
from awaken.control.questions import find_question
from awaken.errors import InvalidIdError, RetryableError, TerminalError
from awaken.links import BadLinkError, current_settings
from awaken.notify.slack_blocks import describe_answer, replace_buttons
from awaken.notify.slack_click import SlackClick, read_click

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from awaken.control.answering import AnswerOutcome
    from awaken.control.operations import Operations
    from awaken.links import CallbackSettings, Link
    from awaken.notify import Slack

__all__ = ["SlackRoute"]

log = logging.getLogger("awaken")

#: Seconds that a click may take before it is acknowledged; Slack waits for 3. A server that stops waits for it as well.
_PATIENCE_SECONDS: Final = 2.0


class SlackRoute:
    """Receives clicks.

    Args:
        slack: the app, with its signing secret.
        operations: the runtime.
        settings: keys of links; None uses those of the process.
        now_ms: the clock, in UTC milliseconds.
    """

    def __init__(
        self,
        slack: Slack,
        operations: Operations,
        settings: CallbackSettings | None,
        now_ms: Callable[[], int],
    ) -> None:
        self._slack = slack
        self._operations = operations
        self._settings = settings
        self._now_ms = now_ms
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, request: Request) -> Response:
        """Acknowledge one request, and carry it out."""
        try:
            body = await read_body(request)
        except BodyError as error:
            return _text(error.status, str(error))
        if not self._slack.is_signed(body, request.headers, self._now_ms()):
            return _text(401, "this request is not signed by Slack, or is older than five minutes")
        try:
            click = read_click(read_fields(body).get("payload", ""))
        except ValueError as error:
            return _text(400, str(error))
        if click is not None:
            task = asyncio.get_running_loop().create_task(self._carry_out(click))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        return Response(status_code=200)

    async def _carry_out(self, click: SlackClick) -> None:
        try:
            await self._slack.api.respond(click.response_url, **await self._answer(click))
        except (RetryableError, TerminalError) as error:
            log.warning("a click in Slack was carried out, and its message not rewritten: %s", error)
        except asyncio.CancelledError:
            log.warning("a click in Slack was cut off, because the process ended; it may not have counted")
            raise
        except Exception:
            log.exception("a click in Slack was not carried out")

    async def _answer(self, click: SlackClick) -> dict[str, Any]:
        """Answer the question, and return what to say in Slack."""
        try:
            link = (self._settings or current_settings()).signer.verify(click.token)
        except (BadLinkError, RuntimeError, ValueError) as error:
            log.error("a click in Slack cannot be used: %s", error)
            return _whisper("This message is not known here any more.")
        if link.expires_at_ms <= self._now_ms():
            return _rewrite(click, "⌛ It was not answered in time")
        try:
            clicker = await self._slack.people.identify(click.user_id)
        except (RetryableError, TerminalError) as error:
            log.error("a click in Slack cannot be used: %s", error)
            return _whisper("Slack did not say who you are. Please click again, or open the page.")
        person = link.person if same_person(link.person, click.user_id) else clicker.email
        if person is None:
            return _whisper(f"You cannot answer by a click: {clicker.problem}. Please open the page.")
        try:
            return await self._give(click, link, person)
        except (InvalidAnswerError, EncodedAnswerError, InvalidIdError):
            return _whisper("This needs more than a click. Please open the page.")
        except OperationError as error:
            log.warning("a click in Slack cannot be used now: %s", error)
            return _whisper("This cannot be accepted right now. Please click again.")

    async def _give(self, click: SlackClick, link: Link, person: str) -> dict[str, Any]:
        question = await find_question(self._operations, link.awakeable_id)
        field = None if question.approval is None else question.approval.verdict_field
        if field is None:
            return _whisper("This needs more than a click. Please open the page.")
        answer = click.is_approval if field == WHOLE else {field: click.is_approval}
        groups = (link.person,) if link.person.startswith(GROUP) else ()
        now_ms = self._now_ms()
        outcome = await answer_question(
            self._operations,
            link.awakeable_id,
            json.dumps(answer).encode(),
            Answerer(person, groups, Via.SLACK, now_ms),
        )
        if not outcome.is_applied:
            return _refuse(click, outcome, person)
        given = describe_answer({"is_approved": click.is_approval, "by": person, "at_ms": now_ms})
        if outcome.is_decided:
            return _rewrite(click, given)
        more = f"{outcome.missing} more {'has' if outcome.missing == 1 else 'have'} to approve"
        return _rewrite(click, f"{given} – {more}", keeps_buttons=bool(groups))


def _refuse(click: SlackClick, outcome: AnswerOutcome, person: str) -> dict[str, Any]:
    first = outcome.first
    if outcome.refusal not in (None, Refusal.DECIDED):
        return _whisper(f"{describe_refusal(outcome.refusal, person)}.")
    if first is None:
        return _rewrite(click, "Nothing waits for this any more")
    return _rewrite(
        click, describe_answer({"is_approved": outcome.is_approved, "by": first.by, "at_ms": first.at_ms})
    )


def _rewrite(click: SlackClick, line: str, *, keeps_buttons: bool = False) -> dict[str, Any]:
    blocks = replace_buttons(click.blocks, [line], keeps_buttons=keeps_buttons)
    return {"replace_original": True, "text": click.text, "blocks": blocks}


def _whisper(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "replace_original": False, "text": text}


def _text(status: int, text: str) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain")
