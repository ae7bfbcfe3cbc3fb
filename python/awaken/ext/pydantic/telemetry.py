"""Spans and metrics of Pydantic AI, without those of replays."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from awaken.context.context import Context

__all__ = ["telemetry_of"]


def telemetry_of(context: Context) -> AbstractContextManager[None]:
    """Have the runs of agents in a block report what this attempt does, and not what it repeats.

    With versions of Pydantic AI that cannot leave it out, replays report it again; `RestateTracerProvider` drops spans.

    Args:
        context: of the handler.
    """
    try:
        from pydantic_ai.durable_exec import replay_scope
    except ImportError:
        return nullcontext()
    machine = context._driver.machine
    # What ends because the attempt is over will be ended by a later one.
    return replay_scope(is_replaying=lambda: machine.is_replaying() or machine.is_closed())
