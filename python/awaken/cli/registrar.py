"""Registers an endpoint for `awaken serve --register`, and stops it when that fails.

Run as `python -m awaken.cli.registrar ENDPOINT_URL ADMIN_URL PID PATIENCE`: the process that serves the
endpoint, and how many seconds to wait for an admin API that is not up yet.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from awaken.cli.admin import register_deployment
from awaken.cli.failures import CommandError
from awaken.cli.output import print_progress
from awaken.cli.register import summarize

__all__ = ["main"]


def main(endpoint: str, admin: str, pid: int, patience: float) -> int:
    """Register and return the exit status."""
    try:
        deployment = register_deployment(admin, endpoint, force=True, patience=patience)
    except CommandError as error:
        sys.stderr.write(f"error: {error}\n")
        # The endpoint ends us when it stops, and has to find our status then, not that of its own signal.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with suppress(ProcessLookupError):  # it may have ended by itself meanwhile
            os.kill(pid, signal.SIGTERM)
        return 1
    print_progress(f"awaken: registered {endpoint} at {admin}: {summarize(deployment)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
