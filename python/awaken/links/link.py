"""The content of a link."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BadLinkError", "Link"]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says about its callback. Anyone who has the link can read it, but no one can change it."""

    #: The awakeable that the link completes.
    awakeable_id: str
    #: What the handler called it.
    name: str
    #: The type that the value must have; see `name_of_type`. Empty if it may be any JSON.
    type_name: str
    #: When the link expires, in UTC milliseconds.
    expires_at_ms: int
    #: Whether the answer has to be encoded with the journal value codec of the handler's endpoint.
    is_encoded: bool = False
    #: Whether it belongs to an approval; the awakeable is the first of its slots then.
    is_approval: bool = False
    #: The person, or group, whom the link was made for; empty if it was made for nobody in particular.
    person: str = ""


class BadLinkError(Exception):
    """The link was not signed with a known key, or was changed on its way."""
