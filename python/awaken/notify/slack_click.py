"""A click on a button, as Slack sends it (`block_actions`)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from awaken.notify.slack_blocks import APPROVE, REJECT

__all__ = ["SlackClick", "read_click"]


@dataclass(frozen=True, slots=True)
class SlackClick:
    """A click on Approve or Reject."""

    is_approval: bool
    #: Of the link.
    token: str
    #: Who clicked.
    user_id: str
    #: Where its message can be rewritten, for half an hour.
    response_url: str
    #: The message.
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)


def read_click(payload: str) -> SlackClick | None:
    """Read what Slack sent; None if it is something else, such as a click on a link.

    Raises:
        ValueError: it is not as Slack documents it.
    """
    try:
        facts = json.loads(payload)
        if facts["type"] != "block_actions":
            return None
        action = next((one for one in facts["actions"] if one.get("action_id") in (APPROVE, REJECT)), None)
        if action is None or "value" not in action:
            return None
        message = facts.get("message") or {}
        return SlackClick(
            is_approval=action["action_id"] == APPROVE,
            token=str(action["value"]),
            user_id=str(facts["user"]["id"]),
            response_url=str(facts["response_url"]),
            text=str(message.get("text", "")),
            blocks=[one for one in message.get("blocks", ()) if isinstance(one, dict)],
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"the payload is not one of Slack ({type(error).__name__})") from error
