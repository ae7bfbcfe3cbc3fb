"""What `awaken dev` and `awaken runtime` print when they start and stop, and the lines of steps between."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from awaken.cli.addresses import admin_option
from awaken.cli.output import print_progress
from awaken.cli.places import INBOX
from awaken.diagnostics.printable import escape_text
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.cli.places import Places
    from awaken.cli.settings import LogLevel
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.hosting.step_ticker import StepTicker
    from awaken.runtime.query import Backlog

__all__ = ["announce", "announce_stop", "make_observer", "print_announcement", "start_output"]

#: Handlers without code that are named at a start.
_MOST_MISSING: Final = 10


def start_output(log_level: LogLevel, *, json_output: bool) -> None:
    """Set up what a command that serves prints and logs, before it loads the application.

    From here on, nobody who reads the output can hold up the process.

    Args:
        log_level: least severity of what is logged.
        json_output: make everything on standard output a JSON document a line, log records too.
    """
    from awaken.hosting.display import take_over_output
    from awaken.hosting.log_lines import configure_logging

    take_over_output(as_documents=json_output)
    configure_logging(log_level, as_documents=json_output)


def print_announcement(facts: Mapping[str, Any], text: str, *, json_output: bool) -> None:
    """Print what is served, once it is.

    Args:
        facts: for programs.
        text: lines for people.
        json_output: print the facts instead of the text.
    """
    from awaken.hosting.display import write_document
    from awaken.hosting.documents import document_line

    if json_output:
        write_document(document_line(facts))
    else:
        with suppress(OSError, ValueError):  # an application may close it while it is imported
            sys.stdout.write(f"{escape_text(text)}\n")
            sys.stdout.flush()


def announce(
    places: Places,
    server: RuntimeServer,
    links_url: str,
    grpc: str | None,
    served: str,
    backlog: Backlog,
    *,
    has_inbox: bool,
    metrics_url: str | None = None,
    public_key: str | None,
    has_handler: Callable[[str, str], bool],
    is_code_here: bool,
    json_output: bool,
) -> None:
    """Print what is served and where.

    Args:
        places: what the user asked for.
        server: the open ingress and admin API.
        links_url: where the links are.
        grpc: address of the control plane, or None without it.
        served: a line that says what is served.
        backlog: what waits since before the start.
        has_inbox: whether the inbox is served.
        metrics_url: where the numbers are, or None without them.
        has_handler: whether a handler of a service is registered.
        is_code_here: whether the application is in this process.
        public_key: what endpoints know this runtime by, or None if it does not sign its requests.
        json_output: print one JSON document instead of lines.
    """
    inbox = f"{server.admin_url}{INBOX}/" if has_inbox else None
    missing = {handler: count for handler, count in backlog.by_handler.items() if not has_handler(*handler)}
    facts = {
        "ingress": server.ingress_url,
        "admin": server.admin_url,
        "inbox": inbox,
        "callbacks": links_url,
        "grpc": grpc,
        "metrics": metrics_url,
        "data_dir": places.directory,
        "identity_key": public_key,
        "pid": os.getpid(),
        "open_invocations": backlog.invocations,
        "running_invocations": backlog.running,
        "pending_awakeables": backlog.awakeables,
        "missing_handlers": {f"{service}/{handler}": count for (service, handler), count in missing.items()},
        "next_timer": None if backlog.next_timer_ms is None else format_time(backlog.next_timer_ms),
    }
    lines = [
        served,
        *_describe(backlog),
        *_warn_of_missing(missing, admin_option(server.admin_url), is_code_here=is_code_here),
        f"data in {places.directory}, admin API on {server.admin_url}{f', gRPC on {grpc}' if grpc else ''}",
        *([f"inbox on {inbox}"] if inbox else []),
        *([f"links on {links_url}"] if places.callbacks else []),
        *([f"metrics on {metrics_url}"] if metrics_url else []),
        *(
            [f"signs requests to endpoints, which accept them with --identity-key {public_key}"]
            if public_key
            else []
        ),
        f"ingress on {server.ingress_url}",  # last, because scripts wait for it
    ]
    print_announcement(facts, "\n".join(f"awaken: {line}" for line in lines), json_output=json_output)


def _describe(backlog: Backlog) -> list[str]:
    if not backlog.invocations:
        return []
    parts = [_count(backlog.invocations, "open invocation")]
    if backlog.running:
        some = "" if backlog.running == backlog.invocations else f"{backlog.running} of them "
        parts.append(f"{some}cut off while running")
    if backlog.awakeables:
        parts.append(f"{_count(backlog.awakeables, 'pending awakeable')}")
    if backlog.next_timer_ms is not None:
        due = datetime.fromtimestamp(backlog.next_timer_ms / 1000, UTC).astimezone()
        parts.append(f"the next timer is due at {due:%Y-%m-%d %H:%M:%S}")
    return [f"continuing {', '.join(parts)}"]


def _warn_of_missing(missing: Mapping[tuple[str, str], int], admin: str, *, is_code_here: bool) -> list[str]:
    """Name the handlers that invocations wait for, and that nobody serves any more."""
    remedy = (
        "which the code no longer has: bring it back"
        if is_code_here
        else "which no deployment has: register one that does"
    )
    lines = []
    for (service, handler), count in sorted(missing.items())[:_MOST_MISSING]:
        verb = "is" if count == 1 else "are"
        which = f"--service {shlex.quote(service)} --handler {shlex.quote(handler)}{admin}"
        lines.append(
            f"warning: {_count(count, 'open invocation')} {verb} of {service}/{handler}, {remedy}, or end what waits: "
            f"`awaken invocations list {which}` shows ids for `awaken invocations kill ID...{admin}`"
        )
    if len(missing) > _MOST_MISSING:
        lines.append(f"warning: likewise {len(missing) - _MOST_MISSING} more handlers")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def make_observer(*, json_output: bool, show_payloads: bool, is_code_edited: bool = False) -> StepTicker:
    """Return what prints a line for each step, once it is released.

    Args:
        json_output: print JSON documents.
        show_payloads: show how inputs begin.
        is_code_edited: say what to do about journals of code that has changed in its place.
    """
    from awaken.hosting.event_lines import EventLines, JsonEventLines
    from awaken.hosting.step_ticker import StepTicker

    if json_output:
        return StepTicker(JsonEventLines(show_payloads=show_payloads), is_held=True)
    return StepTicker(EventLines(show_payloads=show_payloads, is_code_edited=is_code_edited), is_held=True)


def announce_stop() -> None:
    """Say that the process stops."""
    print_progress(
        "awaken: stopping; open invocations continue at the next start (Ctrl-C again stops at once)"
    )
