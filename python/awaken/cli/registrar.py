"""The process that `awaken serve --register` starts to register its endpoint.

It runs `python -m awaken.cli.registrar ENDPOINT_URL ADMIN_URLS PID PATIENCE [json]`: ADMIN_URLS are those of the
runtime's nodes, with commas, PID is the process that serves the endpoint, and PATIENCE how many seconds to wait for an
admin API that is not up yet. With `json`, it prints JSON documents. `awaken.cli` must not import this module: Python
prints a warning on standard error if a module that it runs has been imported already.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from awaken.cli.failures import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["register_for"]


def register_for(pid: int, endpoint: str, admins: Sequence[str], patience: float) -> int:
    """Register an endpoint that another process serves, and stop that process when it fails.

    Args:
        pid: the process that serves the endpoint.
        endpoint: URL of the endpoint, as the runtime reaches it.
        admins: URLs of the admin API.
        patience: seconds to wait for an admin API that is not up yet.

    Returns:
        The exit status of this process.
    """
    from awaken.cli.output import print_error, print_progress
    from awaken.hosting.display import take_over_output

    take_over_output()

    try:
        deployment = _register(endpoint, admins, patience)
    except CommandError as error:
        print_error(str(error))
        # The endpoint terminates this process when it stops; it has to find our status then, not that of its signal.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with suppress(ProcessLookupError):  # it may have ended meanwhile
            os.kill(pid, signal.SIGTERM)
        return 1
    print_progress(f"awaken: registered {endpoint} at {', '.join(admins)}: {_summarize(deployment)}")
    return 0


def _register(endpoint: str, admins: Sequence[str], patience: float) -> dict[str, Any]:
    """Register an endpoint, again only if it serves something else than before: that makes a revision each time."""
    from awaken.cli.admin import register_deployment

    planned = register_deployment(admins, endpoint, force=True, dry_run=True, patience=patience)
    try:
        known = register_deployment(admins, endpoint)
        if _served(known) == _served(planned):
            return known
    except CommandError:
        pass  # a service that changed its type, or a server that refuses to register the same address twice
    return register_deployment(admins, endpoint, force=True)


def _served(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return what a deployment serves, without what differs between its registrations."""
    services = {
        service["name"]: {
            **{name: value for name, value in service.items() if name not in ("deployment_id", "revision")},
            "handlers": {handler["name"]: handler for handler in service["handlers"]},  # in any order
        }
        for service in deployment["services"]
    }
    facts = ("min_protocol_version", "max_protocol_version", "sdk_version")
    return {"services": services} | {name: deployment.get(name) for name in facts}


def _summarize(deployment: dict[str, Any]) -> str:
    """Name the services of a deployment and their revisions, in one line."""
    services = sorted(deployment["services"], key=lambda service: str(service["name"]))
    named = [f"{service['name']} (revision {service.get('revision', '?')})" for service in services]
    return ", ".join(named) or "no services"


if __name__ == "__main__":
    from awaken.cli.output import documents_on_stderr

    with documents_on_stderr(wanted=sys.argv[5:] == ["json"]):
        sys.exit(register_for(int(sys.argv[3]), sys.argv[1], sys.argv[2].split(","), float(sys.argv[4])))
