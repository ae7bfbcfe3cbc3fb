"""`awaken reject`: complete an awakeable with a failure."""

from __future__ import annotations

from typing import Annotated

import typer

from awaken.cli.addresses import parse_urls
from awaken.cli.failures import explain_failures
from awaken.cli.settings import DEFAULT_INGRESS, IngressOption, JsonOutputOption, OutcomeAdminOption

__all__ = ["reject"]


@explain_failures
def reject(
    awakeable_id: Annotated[str, typer.Argument(metavar="ID", help="The id the handler handed out.")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Message of the error the handler gets.")],
    ingress: IngressOption = DEFAULT_INGRESS,
    admin: OutcomeAdminOption = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Reject an awakeable with a reason.

    The handler gets a terminal error with this reason.
    """
    from awaken.cli.completing import complete
    from awaken.control.operations import Failure

    failure = Failure(500, reason.encode(errors="replace").decode())
    ingresses = parse_urls([ingress], "an ingress")
    admins = parse_urls([admin], "an admin API") if admin else None
    complete(ingresses, admins, awakeable_id, failure, json_output=json_output)
