"""Reading the store beside the runtime: questions in SQL on the server's tables, and which awakeables are pending."""

from awaken.runtime.query.awakeables import Filter, find_description, list_awakeables
from awaken.runtime.query.backlog import Backlog, BacklogReading
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.query import Query
from awaken.runtime.query.questions import Questions
from awaken.runtime.query.snapshot import Snapshot, take_snapshot
from awaken.runtime.query.standing import Standing, StandingReader

__all__ = [
    "Backlog",
    "BacklogReading",
    "Filter",
    "Query",
    "QueryError",
    "Questions",
    "Snapshot",
    "Standing",
    "StandingReader",
    "find_description",
    "list_awakeables",
    "take_snapshot",
]
