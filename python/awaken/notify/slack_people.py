"""People and channels of a Slack workspace: where to write to a person, and who clicked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.errors import TerminalError, UsageError

if TYPE_CHECKING:
    from awaken.notify.slack_api import SlackApi

__all__ = ["Clicker", "SlackPeople", "is_channel"]

_USER_ID: Final = re.compile(r"[UW][A-Z0-9]{4,}")
_CHANNEL_ID: Final = re.compile(r"[CGD][A-Z0-9]{4,}")
#: Pages of a thousand channels that are searched for a name.
_MOST_PAGES: Final = 10


def is_channel(address: str) -> bool:
    """Return whether an address is that of a channel."""
    return address.startswith("#") or _CHANNEL_ID.fullmatch(address) is not None


@dataclass(frozen=True, slots=True)
class Clicker:
    """Who clicked."""

    id: str
    #: None if Slack does not vouch for it.
    email: str | None
    #: Why it does not.
    problem: str = ""


class SlackPeople:
    """Looks up people and channels.

    Args:
        api: of the workspace.
    """

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._team: str | None = None
        self._channels: dict[str, str] = {}

    async def find_conversation(self, address: str) -> str:
        """Return the id of the conversation with a person or in a channel.

        Args:
            address: a mail address, the id of a user or channel, or `#channel`.

        Raises:
            UsageError: it is none of these.
            TerminalError: nobody has this address, or there is no such channel.
            RetryableError: Slack cannot be asked.
        """
        if _CHANNEL_ID.fullmatch(address):
            return address
        if address.startswith("#"):
            return await self._find_channel(address[1:])
        if _USER_ID.fullmatch(address):
            user = address
        elif "@" in address:
            what = f"find {address} in Slack"
            found = await self._api.read("users.lookupByEmail", what, email=address)
            user = found["user"]["id"]
        else:
            raise UsageError(
                f"{address!r} is nobody that Slack knows; name people by mail address or by id (U...), and channels as "
                "#channel or by id (C...)"
            )
        opened = await self._api.write("conversations.open", f"write to {address} in Slack", users=user)
        return str(opened["channel"]["id"])

    async def identify(self, user_id: str) -> Clicker:
        """Return who a user is.

        Only members of the app's own workspace are known by mail address: what other organisations say of their
        members, in channels that are shared with them, is theirs to invent.

        Raises:
            TerminalError, RetryableError: Slack cannot be asked.
        """
        if self._team is None:
            self._team = str((await self._api.read("auth.test", "use the token of Slack")).get("team_id", ""))
        user = (await self._api.read("users.info", "see who clicked", user=user_id))["user"]
        email = str(user.get("profile", {}).get("email") or "")
        teams = {user.get("team_id"), *user.get("enterprise_user", {}).get("teams", ())}
        if self._team not in teams or user.get("is_stranger"):
            return Clicker(user_id, None, "you belong to another organisation")
        if user.get("deleted") or user.get("is_bot"):
            return Clicker(user_id, None, "this account is no person's")
        if not email:
            return Clicker(
                user_id, None, "Slack does not tell your mail address (the scope users:read.email)"
            )
        if user.get("is_email_confirmed") is False:
            return Clicker(user_id, None, "your mail address is not confirmed in Slack")
        return Clicker(user_id, email)

    async def _find_channel(self, name: str) -> str:
        if name in self._channels:
            return self._channels[name]
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._api.read(
                "conversations.list",
                f"find #{name} in Slack",
                types="public_channel,private_channel",
                exclude_archived="true",
                limit=1000,
                cursor=cursor,
            )
            self._channels |= {one["name"]: one["id"] for one in page.get("channels", ())}
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if name in self._channels or not cursor:
                break
        if name not in self._channels:
            raise TerminalError(
                f"there is no channel #{name} that the app sees; invite it (/invite @app), or give the channel's id",
                status_code=502,
            )
        return self._channels[name]
