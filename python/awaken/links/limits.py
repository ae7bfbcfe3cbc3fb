"""How long the parts of a callback may be. Each is checked when it is made, so that no link exists that nobody accepts.

Sizes are in bytes of UTF-8, for names and labels as they are written in JSON: a quotation mark counts two, a control
character six.
"""

from __future__ import annotations

import json
from typing import Final

__all__ = [
    "LONGEST_ENTRY",
    "LONGEST_LABELS",
    "LONGEST_LINK",
    "LONGEST_NAME",
    "LONGEST_PEOPLE",
    "LONGEST_PERSON",
    "LONGEST_TOKEN",
    "LONGEST_TYPE_NAME",
    "LONGEST_URL",
    "describe_text",
    "json_size",
]

#: Characters of a link. Mail programs, chats and spreadsheets cut longer ones or do not make them clickable (Outlook
#: and Excel at about 2,080, buttons of Slack at 3,000), and proxies refuse those above 8 KiB. The following limits of
#: its parts keep a link below.
LONGEST_LINK: Final = 2000

#: The name of a callback: a sentence or two. Further facts belong into the labels, or into the message with the link.
LONGEST_NAME: Final = 500

#: The name of a type: a module and a class in it.
LONGEST_TYPE_NAME: Final = 250

#: The address of the callback route.
LONGEST_URL: Final = 600

#: All labels of a callback together, as JSON. A page of 1,000 awakeables then fits into the 4 MiB that a gRPC client
#: takes by default.
LONGEST_LABELS: Final = 2000

#: One person or group: the longest address of a mail has 254 characters. A link has the person and the name, which
#: together are no longer than a name alone may be.
LONGEST_PERSON: Final = 254

#: All people that an approval names, with its other facts, as JSON. Name a group instead of its hundred members.
LONGEST_PEOPLE: Final = 4000

#: Characters in the name of the timer that describes a callback; a longer one is not one of ours, and is not parsed.
LONGEST_ENTRY: Final = LONGEST_NAME + LONGEST_TYPE_NAME + LONGEST_LABELS + LONGEST_PEOPLE + 200

#: Characters of a token that is verified; longer ones are refused unread. Earlier versions made them this long.
LONGEST_TOKEN: Final = 4096


def json_size(value: object) -> int:
    """Return how many bytes a value takes as JSON, without the quotation marks around text.

    Raises:
        UnicodeEncodeError: it contains half of a surrogate pair.
    """
    written = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
    return written - 2 if isinstance(value, str) else written


def describe_text(text: str, longest: int) -> str | None:
    """Return what is wrong with a text, to follow its name in an error; None if nothing is.

    Args:
        text: the text.
        longest: its limit in bytes.
    """
    try:
        size = json_size(text)
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        return f"contains {half!r}, half of a character, which no link or journal can hold; remove it"
    if size > longest:
        return f"has {size} bytes ({text[:40]!r}...), and the limit is {longest}; shorten it"
    return None
