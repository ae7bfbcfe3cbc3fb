"""Questions in SQL about what the runtime does and did."""

from awaken.runtime.query.connection import QueryError
from awaken.runtime.query.query import Query
from awaken.runtime.query.snapshot import Snapshot, take_snapshot

__all__ = ["Query", "QueryError", "Snapshot", "take_snapshot"]
