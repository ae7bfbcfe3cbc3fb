"""Which invocations a list shows: filters from a URL, as conditions of a question and back as a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from awaken.control.operations import STATUSES
from awaken.control.sql import equal, quote_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AGES", "PAGE_SIZE", "InvocationFilters"]

#: Rows of a page.
PAGE_SIZE: Final = 50
#: Pages that can be reached by paging: filters find what is older.
_LAST_PAGE: Final = 2_000
_LONGEST: Final = 1_000
_ID_PREFIX: Final = re.compile(r"[0-9A-Za-z_]{1,64}")
_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
#: Ages by their value in the URL: a word for people, the direction, milliseconds.
AGES: Final = {
    "under-10m": ("at most 10 minutes", ">=", 10 * _MINUTE),
    "under-1h": ("at most an hour", ">=", _HOUR),
    "under-1d": ("at most a day", ">=", _DAY),
    "over-10m": ("over 10 minutes", "<", 10 * _MINUTE),
    "over-1h": ("over an hour", "<", _HOUR),
    "over-1d": ("over a day", "<", _DAY),
    "over-7d": ("over a week", "<", 7 * _DAY),
}


@dataclass(frozen=True, slots=True)
class InvocationFilters:
    """Filters; empty ones let everything through. A key may be empty, so it is None without a filter."""

    status: str = ""
    service: str = ""
    handler: str = ""
    key: str | None = None
    #: What the id begins with.
    id: str = ""
    #: One of `AGES`.
    age: str = ""
    #: The invocation that called it.
    parent: str = ""
    #: From 0 on.
    page: int = 0

    @classmethod
    def read(cls, query: Mapping[str, str]) -> InvocationFilters:
        """Return the filters in a URL; what none of them can be is left out."""

        def text(name: str) -> str:
            return query.get(name, "").replace("\0", "").strip()[:_LONGEST]  # SQL has no U+0000

        page = text("page")
        status = text("status")
        return cls(
            status if status in STATUSES or status == "failed" else "",
            text("service"),
            text("handler"),
            query.get("key", "").replace("\0", "")[:_LONGEST] or None,
            text("id") if _ID_PREFIX.fullmatch(text("id")) else "",
            text("age") if text("age") in AGES else "",
            text("parent") if _ID_PREFIX.fullmatch(text("parent")) else "",
            min(int(page), _LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 9 else 0,
        )

    @property
    def is_empty(self) -> bool:
        """Whether everything is shown, besides the status."""
        return replace(self, status="", page=0) == InvocationFilters()

    def url(self, **changes: str | int) -> str:
        """Return the query with these filters, some of them changed; it begins with `?`."""
        changed = replace(self, **({"page": 0} | changes))  # type: ignore[arg-type]
        names = ("status", "service", "handler", "key", "id", "age", "parent", "page")
        given = {name: getattr(changed, name) for name in names if getattr(changed, name)}
        return f"?{urlencode(given)}"

    def conditions(self, now_ms: int) -> list[str]:
        """Return the conditions on rows of `sys_invocation`."""
        found = equal(
            {
                "target_service_name": self.service or None,
                "target_handler_name": self.handler or None,
                "target_service_key": self.key,
                "invoked_by_id": self.parent or None,
            }
        )
        if self.status == "failed":
            found += ["status = 'completed'", "completion_result = 'failure'"]
        elif self.status:
            found.append(f"status = {quote_sql(self.status)}")
        if self.id:
            # `_` in it stands for any character, and only ids have one there.
            found.append(f"id LIKE {quote_sql(self.id + '%')}")
        if self.age:
            _, sign, span_ms = AGES[self.age]
            found.append(f"created_at {sign} to_timestamp_millis({now_ms - span_ms})")
        return found
