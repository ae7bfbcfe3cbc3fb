"""Calls of Slack's Web API, and errors that say what to do about them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from awaken.errors import RetryableError, TerminalError

if TYPE_CHECKING:
    from slack_sdk.errors import SlackApiError

__all__ = ["REFUSED", "SlackApi"]

#: Status code of errors for what Slack answered and did not do.
REFUSED: Final = 502

#: How long to wait at most, once, if Slack allows no more calls now. An approval with many people makes many.
_LONGEST_WAIT: Final = timedelta(seconds=30)
_API_HOSTS: Final = ("slack.com", "slack-gov.com")
#: Errors that pass for no repetition, with what to do.
_PERMANENT: Final = {
    "users_not_found": "invite this person to the workspace, or name another approver",
    "user_not_found": "name another approver",
    "channel_not_found": "correct the channel, or invite the app: /invite @app",
    "is_archived": "choose another channel",
    "invalid_blocks": "tell the maintainers which question it was",
    "msg_too_long": "shorten the question",
}
#: The others are about settings, which somebody can mend while the message waits.
_MENDABLE: Final = {
    "invalid_auth": "correct the token (it begins with xoxb-)",
    "not_authed": "give the token of the app (it begins with xoxb-)",
    "token_revoked": "install the app again, and give its new token",
    "account_inactive": "install the app again, and give its new token",
    "not_in_channel": "invite the app into the channel: /invite @app",
    "missing_scope": "add the scope at api.slack.com, under OAuth & Permissions, and install the app again",
}


class SlackApi:
    """Calls the Web API with the token of an app.

    Args:
        token: of the app's bot.
        url: where the API is.
        timeout_s: how long one call may take, in seconds.

    Raises:
        ImportError: the package slack-sdk is not installed.
    """

    def __init__(self, token: str, url: str, timeout_s: float) -> None:
        try:
            from slack_sdk import WebClient
        except ImportError as error:
            raise ImportError(
                "the package `slack_sdk` is not installed: pip install 'awaken[slack]' installs one that works"
            ) from error
        url = f"{url.rstrip('/')}/"
        self._client = WebClient(token, base_url=url, timeout=max(1, round(timeout_s)))
        self.url = self._client.base_url

    async def read(self, method: str, what: str, **arguments: Any) -> dict[str, Any]:
        """Call a method that changes nothing, and return its response; see `write`."""
        return await self._call(method, what, http_verb="GET", params=arguments)

    async def write(self, method: str, what: str, **arguments: Any) -> dict[str, Any]:
        """Call a method that changes something, and return its response.

        Args:
            method: such as `chat.postMessage`.
            what: is done, for errors: "cannot ..." follows.
            arguments: of the method.

        Raises:
            TerminalError: it can never work.
            RetryableError: it does not work now; the text says why.
        """
        return await self._call(method, what, json=arguments)

    async def respond(self, url: str, **message: Any) -> None:
        """Answer a click: replace its message, or say something that only the one who clicked sees.

        Args:
            url: the `response_url` of the click.
            message: as `chat.postMessage` takes it.

        Raises:
            RetryableError: it was not accepted.
        """
        import httpx

        if not self._leads_to_slack(url):
            raise RetryableError(
                f"the response_url {url[:200]!r} does not lead to Slack", status_code=REFUSED
            )
        try:
            async with httpx.AsyncClient(timeout=self._client.timeout) as client:
                response = await client.post(url, json=message)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise RetryableError(f"cannot answer a click in Slack: {reason}", status_code=503) from None
        if response.status_code != httpx.codes.OK:
            text = f"cannot answer a click in Slack: status {response.status_code}, {response.text[:200]}"
            raise RetryableError(text, status_code=REFUSED)

    def _leads_to_slack(self, url: str) -> bool:
        """Return whether a URL is one of hooks.slack.com, or beside the API if that is elsewhere."""
        own, other = urlsplit(self.url), urlsplit(url)
        if own.hostname not in _API_HOSTS:
            return (own.scheme, own.netloc) == (other.scheme, other.netloc)
        return other.scheme == "https" and (other.hostname or "").endswith(f".{own.hostname}")

    async def _call(self, method: str, what: str, **how: Any) -> dict[str, Any]:
        try:
            return await self._call_once(method, what, **how)
        except RetryableError as error:
            after = error.retry_after
            if not isinstance(after, timedelta) or after > _LONGEST_WAIT:
                raise
        await asyncio.sleep(after.total_seconds())
        return await self._call_once(method, what, **how)

    async def _call_once(self, method: str, what: str, **how: Any) -> dict[str, Any]:
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            # Its asynchronous client would bring another HTTP library.
            response = await asyncio.to_thread(self._client.api_call, method, **how)
        except SlackApiError as error:
            raise _explain(error, method, what) from None
        except (SlackClientError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise RetryableError(
                f"cannot {what}: {self.url}{method} cannot be reached ({reason}); check the network",
                status_code=503,
            ) from None
        return response.data if isinstance(response.data, dict) else {}


def _explain(error: SlackApiError, method: str, what: str) -> Exception:
    facts: dict[str, Any] = error.response.data if isinstance(error.response.data, dict) else {}
    code = str(facts.get("error", f"status {error.response.status_code}"))
    if error.response.status_code == 429 or code == "ratelimited":
        after = str(
            {key.lower(): value for key, value in error.response.headers.items()}.get("retry-after", "30")
        )
        delay = timedelta(seconds=int(after) if after.isdecimal() else 30)
        text = f"cannot {what} now: Slack allows no more calls of {method} for {delay.seconds} s"
        return RetryableError(text, status_code=429, retry_after=delay)
    if code in _PERMANENT:
        return TerminalError(f"cannot {what}: Slack says {code}; {_PERMANENT[code]}", status_code=REFUSED)
    needed = f" (it needs {facts['needed']})" if code == "missing_scope" and facts.get("needed") else ""
    advice = _MENDABLE.get(code, f"see https://docs.slack.dev/reference/methods/{method}")
    return RetryableError(f"cannot {what}: Slack says {code}{needed}; {advice}", status_code=REFUSED)
