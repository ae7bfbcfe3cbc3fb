"""Options that say how the inbox knows its visitors, and the refusal to let a network answer without names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.addresses import is_loopback
from awaken.cli.failures import UsageError
from awaken.hosting.urls import host_and_port

if TYPE_CHECKING:
    from awaken.inbox.visitors import VisitorHeaders

__all__ = [
    "InboxAccess",
    "InboxAnonymousOption",
    "InboxGroupsHeaderOption",
    "InboxUserHeaderOption",
    "read_inbox_access",
]

InboxUserHeaderOption = Annotated[
    str | None,
    typer.Option(
        "--inbox-user-header",
        metavar="NAME",
        envvar="AWAKEN_INBOX_USER_HEADER",
        help="The header in which a proxy in front of the inbox names its user, such as X-Forwarded-Email. Only the "
        "proxy may reach the inbox then.",
    ),
]
InboxGroupsHeaderOption = Annotated[
    str | None,
    typer.Option(
        "--inbox-groups-header",
        metavar="NAME",
        envvar="AWAKEN_INBOX_GROUPS_HEADER",
        help="The header in which the proxy names the user's groups, separated by commas.",
    ),
]
InboxAnonymousOption = Annotated[
    bool,
    typer.Option(
        "--inbox-anonymous",
        envvar="AWAKEN_INBOX_ANONYMOUS",
        help="Serve the inbox where others can reach it, though it does not know who answers.",
    ),
]


@dataclass(frozen=True, slots=True)
class InboxAccess:
    """How the inbox knows its visitors."""

    visitors: VisitorHeaders
    #: Whether nobody need be known.
    is_anonymous: bool

    def check_names(self, option: str, address: tuple[str, int] | None) -> None:
        """Check that others can reach the inbox only if it learns who they are.

        Args:
            option: chooses the address.
            address: host and port; None is not served.

        Raises:
            UsageError: they can, and it does not.
            CommandError: the host of the address is not known.
        """
        if address is None or self.visitors.names_people or self.is_anonymous or is_loopback(address[0]):
            return
        # The admin API's port has the inbox beside it; the gateway's is optional.
        leave_out = (
            "leave out --inbox"
            if option == "--inbox"
            else "serve none with RESTATE_ADMIN__DISABLE_WEB_UI=true"
        )
        raise UsageError(
            f"the inbox on {option} {host_and_port(*address)} could be reached by others, and would not know who "
            "answers; put a proxy in front that knows its users, and name the header in which it says who they are "
            "with --inbox-user-header or AWAKEN_INBOX_USER_HEADER, or listen on 127.0.0.1, or say with "
            "--inbox-anonymous or AWAKEN_INBOX_ANONYMOUS=true that answers may be recorded as those of somebody "
            f"unknown, or {leave_out}"
        )


def read_inbox_access(
    user_header: str | None, groups_header: str | None, *, is_anonymous: bool
) -> InboxAccess:
    """Return what the options say.

    Raises:
        UsageError: one of them is not the name of a header, or groups come without a user.
    """
    from awaken.inbox.visitors import VisitorHeaders

    try:
        visitors = VisitorHeaders(user_header or None, groups_header or None)
    except ValueError as error:
        raise UsageError(f"{error} (--inbox-user-header, --inbox-groups-header)") from error
    if visitors.names_people and is_anonymous:
        raise UsageError(
            f"--inbox-user-header {user_header} names everybody who answers, and --inbox-anonymous nobody; give one"
        )
    return InboxAccess(visitors, is_anonymous)
