"""An approval's message as a mail: text and HTML, with headers that no title or name can break out of."""

from __future__ import annotations

import hashlib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Final

from awaken.diagnostics.printable import is_one_line, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from awaken.approvals import ApprovalMessage

__all__ = ["make_mail", "message_id", "read_address"]

#: Characters of a subject. Mail programs show the first hundred.
_LONGEST_SUBJECT: Final = 200
#: Servers that know no bytes beyond ASCII get none.
_POLICY: Final = SMTP.clone(cte_type="7bit")


def read_address(text: str) -> Address:
    """Read `lead@example.com` or `Lead <lead@example.com>`.

    Raises:
        ValueError: it is not the address of one mailbox.
    """
    name, plain = parseaddr(text)
    local, at, domain = plain.rpartition("@")
    if not (at and local and domain) or not is_one_line(text) or any(c.isspace() for c in plain):
        raise ValueError(f"{text[:100]!r} is not a mail address")
    if text.strip() != plain and not text.strip().endswith(f"<{plain}>"):
        raise ValueError(f"{text[:100]!r} is not one mail address")
    try:
        # The domain as it goes over the wire: a server needs no extension for it.
        return Address(name, local, domain.encode("idna").decode())
    except (MessageError, ValueError, IndexError) as error:
        raise ValueError(f"{text[:100]!r} is not a mail address: {error}") from error


def make_mail(
    message: ApprovalMessage, *, to: Address, sender: Address, reply_to: Address | None, now: datetime
) -> EmailMessage:
    """Return a message as a mail.

    Args:
        message: what to send.
        to: whom to.
        sender: who sends it.
        reply_to: who reads answers by mail; None for the sender.
        now: when it is sent.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = to
    if reply_to is not None:
        mail["Reply-To"] = reply_to
    title = one_line(message.title)
    mail["Subject"] = title if len(title) <= _LONGEST_SUBJECT else f"{title[: _LONGEST_SUBJECT - 1]}…"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message, message.kind, message.number, sender.domain)
    if message.kind != "ask":
        # Mail programs show what belongs together below each other.
        mail["References"] = mail["In-Reply-To"] = message_id(message, "ask", 1, sender.domain)
    # Programs that are away answer neither of these (RFC 3834; Exchange).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def message_id(message: ApprovalMessage, kind: str, number: int, domain: str) -> str:
    """Return an id that is the same if a run is repeated: mail programs show one of two mails with the same id.

    Args:
        message: of the same approval and person.
        kind: of the message.
        number: which one of its kind.
        domain: of the sender.
    """
    facts = f"{message.link.id}\n{message.person.casefold()}\n{kind}\n{number}"
    return f"<{hashlib.sha256(facts.encode()).hexdigest()[:40]}@{domain}>"
