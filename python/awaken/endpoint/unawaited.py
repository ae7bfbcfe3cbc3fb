"""What a handler left behind when it returned, because it forgot an `await`: told in the log, and to watchers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from awaken.context import probe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken._core import EndpointMachine
    from awaken.context.unawaited import UnawaitedCoroutine

__all__ = ["report", "report_coroutines"]

log = logging.getLogger("awaken")


class Host(Protocol):
    """The attempt of the handler."""

    machine: EndpointMachine

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        ...


def report(subject: str, harm: str, place: str, host: Host) -> None:
    """Tell of one.

    Args:
        subject: what it is, as `run "mail"`.
        harm: what did not happen for that reason.
        place: where the handler asked for it, as `file:line`.
        host: the attempt of the handler.
    """
    lost = probe.LostWork(subject, harm, place, host.target, host.machine.invocation_id)
    log.warning("%s (%s): %s", lost.target, lost.invocation_id, lost)
    for watcher in list(probe.watchers):
        watcher.note_lost(lost)


def report_coroutines(coroutines: Iterable[UnawaitedCoroutine[object]], host: Host) -> None:
    """Tell of those that never began."""
    for one in coroutines:
        if not one.has_begun:
            report(one.subject, one.harm, one.place, host)
