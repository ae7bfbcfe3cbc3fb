"""Messages of approvals in Slack, with buttons."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from awaken.errors import RetryableError, UsageError
from awaken.notify.mrkdwn import escape_mrkdwn
from awaken.notify.people import Groups
from awaken.notify.slack_api import REFUSED, SlackApi
from awaken.notify.slack_blocks import make_blocks, mark_of
from awaken.notify.slack_people import SlackPeople, is_channel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.approvals import ApprovalMessage

__all__ = ["Slack", "slack_from_environment"]

_TOKEN: Final = "AWAKEN_SLACK_TOKEN"  # noqa: S105 -- a name
_SECRET: Final = "AWAKEN_SLACK_SIGNING_SECRET"  # noqa: S105 -- a name
_URL: Final = "AWAKEN_SLACK_URL"
_DEFAULT_URL: Final = "https://slack.com/api/"
#: Pages of 200 messages of a conversation that are searched for the one with the question.
_MOST_PAGES: Final = 5


class Slack:
    """Posts each message of an approval to its person or channel.

    If a yes or a no is a whole answer, a message has the buttons Approve and Reject. A click is received by the route
    of links (`awaken.callbacks`), which needs the same token and secret; without a secret, all buttons are links. The
    message is rewritten when the approval is decided.

    Args:
        token: of the app's bot; it begins with `xoxb-`.
        signing_secret: of the app, by which the route knows that a click comes from Slack.
        groups: channels of groups, as in `{"group:finance": "#finance"}`. Who can write there answers for the group.
        url: of the Web API, if it is not that of slack.com.
        timeout: how long one call may take, as a duration or in seconds.

    Raises:
        ValueError: the token or the secret is empty.
        ImportError: the package slack-sdk is not installed.
    """

    def __init__(
        self,
        token: str,
        signing_secret: str | None = None,
        *,
        groups: Mapping[str, str] | None = None,
        url: str = _DEFAULT_URL,
        timeout: timedelta | float = timedelta(seconds=15),
    ) -> None:
        for name, text in (("token", token), ("signing secret", signing_secret)):
            if text is not None and not (text.isascii() and text.isprintable() and text.strip()):
                raise ValueError(f"the {name} for Slack is empty, or has characters that none has")
        timeout_s = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
        #: Calls the Web API.
        self.api = SlackApi(token, url, timeout_s)
        #: Looks up people and channels.
        self.people = SlackPeople(self.api)
        #: None if no route receives clicks.
        self.signing_secret = signing_secret
        self._groups = Groups(groups, "Slack", "#finance")

    def __repr__(self) -> str:
        return f"Slack(url={self.api.url!r})"

    async def __call__(self, message: ApprovalMessage) -> None:
        """Post one message, or rewrite the one with the question when it is decided.

        Raises:
            UsageError: the person is nobody that Slack could know, or a group without a channel.
            TerminalError: Slack does not know the person or the channel.
            RetryableError: it cannot be posted now; the text says why.
        """
        if is_channel(message.person):
            raise UsageError(
                f"{message.person} is a channel, and channels do not answer; name a group: ctx.approve(..., "
                f"approvers=['group:finance']) and Slack(..., groups={{'group:finance': '{message.person}'}})"
            )
        conversation = await self.people.find_conversation(self._groups.resolve(message))
        earlier = [] if message.kind == "ask" else await self._find_earlier(conversation, message)
        if message.kind == "decided" and earlier:
            for ts in earlier:
                await self._write("chat.update", message, channel=conversation, ts=ts)
            return
        reply = {"thread_ts": earlier[-1]} if earlier else {}
        await self._write("chat.postMessage", message, channel=conversation, **reply)

    def is_signed(self, body: bytes, headers: Mapping[str, str], now_ms: int) -> bool:
        """Return whether Slack sent a request to this app, within the last five minutes.

        Args:
            body: of the request, as it came.
            headers: of the request.
            now_ms: the time, in UTC milliseconds.
        """
        from slack_sdk.signature import Clock, SignatureVerifier

        class Now(Clock):
            def now(self) -> float:
                return now_ms / 1000

        if self.signing_secret is None:
            return False
        try:
            return SignatureVerifier(self.signing_secret, Now()).is_valid_request(body, dict(headers))
        except (ValueError, TypeError):  # a time that is no number, a body or signature that is no text
            return False

    async def _write(self, method: str, message: ApprovalMessage, **where: Any) -> None:
        blocks = make_blocks(
            message, has_buttons=self.signing_secret is not None, is_reply="thread_ts" in where
        )
        await self.api.write(
            method,
            f'write "{message.title}" to {message.person} in Slack',
            text=escape_mrkdwn(message.title),  # of the notification
            blocks=blocks,
            # Slack shows previews of pages, and would have to open links for that.
            unfurl_links=False,
            unfurl_media=False,
            **where,
        )

    async def _find_earlier(self, conversation: str, message: ApprovalMessage) -> list[str]:
        """Return the timestamps of the messages with the question, the newest first; none if they cannot be found."""
        mark, cursor = mark_of(message), ""
        for _ in range(_MOST_PAGES):
            try:
                page = await self.api.read(
                    "conversations.history",
                    "find the message with the question",
                    channel=conversation,
                    limit=200,
                    cursor=cursor,
                )
            except RetryableError as error:
                if error.status_code != REFUSED:
                    raise
                return []  # the app may not read it; then a new message has to do
            found = [one["ts"] for one in page.get("messages", ()) if _has_block(one, mark)]
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if found or not cursor:
                return found
        return []


def slack_from_environment() -> Slack | None:
    """Return the app of `AWAKEN_SLACK_TOKEN` and `AWAKEN_SLACK_SIGNING_SECRET`; None if neither is set.

    Raises:
        ValueError: only one of them is set, or one is malformed.
        ImportError: the package slack-sdk is not installed.
    """
    token, secret = os.environ.get(_TOKEN), os.environ.get(_SECRET)
    if not token and not secret:
        return None
    if not token or not secret:
        given, missing = (_TOKEN, _SECRET) if token else (_SECRET, _TOKEN)
        raise ValueError(
            f"{given} is set and {missing} is not; clicks in Slack need both, so set {missing} as well"
        )
    return Slack(token, secret, url=os.environ.get(_URL) or _DEFAULT_URL)


def _has_block(one: Mapping[str, Any], block_id: str) -> bool:
    return any(block.get("block_id") == block_id for block in one.get("blocks", ()))
