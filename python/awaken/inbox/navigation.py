"""The pages that the navigation leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SECTIONS", "Section"]


@dataclass(frozen=True, slots=True)
class Section:
    """One link of the navigation."""

    #: What `PageTools.render` calls it.
    name: str
    #: Below the inbox.
    path: str
    label: str
    #: Of `pages/components.html`.
    icon: str
    #: The attribute of `Counts` that stands beside it; empty for none.
    counted: str = ""
    #: The state that gives the count its colour; empty for the usual one.
    state: str = ""
    #: Says what is counted, behind the number.
    unit: str = ""


SECTIONS: Final = (
    Section("waiting", "/", "What waits", "inbox", "waiting", unit="waiting"),
    Section("history", "/history", "History", "history"),
    Section(
        "invocations", "/invocations", "Invocations", "list", "in_trouble", "failed", "failing or paused"
    ),
    Section("services", "/services", "Services", "play"),
    Section("state", "/state", "State", "key"),
    Section("deployments", "/deployments", "Deployments", "server"),
)
