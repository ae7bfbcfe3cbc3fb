"""What `awaken dev` and `awaken runtime` print when they start and stop, and the lines of steps between."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from awaken.cli.output import print_progress
from awaken.cli.places import INBOX

if TYPE_CHECKING:
    import asyncio
    import signal
    from collections.abc import Callable

    from awaken.cli.places import Places
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.hosting.signal_handler import SignalHandler
    from awaken.runtime.events import Observer

__all__ = ["announce", "announcing_stop", "make_observer"]


def announce(
    places: Places,
    server: RuntimeServer,
    links_url: str,
    grpc: str | None,
    served: str,
    *,
    json_output: bool,
) -> None:
    """Print what is served and where.

    Args:
        places: what the user asked for.
        server: the open ingress and admin API.
        links_url: where the links are.
        grpc: address of the control plane, or None without it.
        served: a line that says what is served.
        json_output: print one JSON document instead of lines.
    """
    if json_output:
        document = {
            "ingress": server.ingress_url,
            "admin": server.admin_url,
            "inbox": f"{server.admin_url}{INBOX}/",
            "callbacks": links_url,
            "grpc": grpc,
            "data_dir": places.directory,
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        own_links = f"awaken: links on {links_url}\n" if places.callbacks else ""
        sys.stdout.write(
            f"awaken: {served}\n"
            f"awaken: data in {places.directory}, admin API on {server.admin_url}"
            f"{f', gRPC on {grpc}' if grpc else ''}\n"
            f"awaken: inbox on {server.admin_url}{INBOX}/\n"
            f"{own_links}"
            # Last, because scripts wait for it.
            f"awaken: ingress on {server.ingress_url}\n"
        )
    sys.stdout.flush()


def make_observer(*, json_output: bool) -> Observer:
    """Return what prints a line for each step."""
    from awaken.hosting.event_lines import EventLines, JsonEventLines

    return JsonEventLines() if json_output else EventLines()


def announcing_stop(on_signal: SignalHandler, stop: asyncio.Event) -> Callable[[signal.Signals], None]:
    """Return a signal handler that says once that the process stops, and hands on to another."""

    def take(signum: signal.Signals) -> None:
        if not stop.is_set():
            print_progress(
                "awaken: stopping; open invocations continue at the next start (Ctrl-C again stops at once)"
            )
        on_signal(signum)

    return take
