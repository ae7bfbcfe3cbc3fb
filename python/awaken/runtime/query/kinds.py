"""What values in answers are: the types of the server's columns, and how SQLite stores each of them."""

from __future__ import annotations

from enum import Enum
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COLUMNS", "TABLES", "VIEWS", "Column", "Kind", "Type"]


class Kind(Enum):
    """What a value is."""

    TEXT = "text"
    #: Signed, 64 bits, as everything that is computed; below are the unsigned ones of columns.
    INTEGER = "integer"
    U32 = "u32"
    U64 = "u64"
    #: Unsigned, 64 bits, and often larger than SQLite's integers: stored as text with twenty digits, so that it sorts.
    WIDE = "wide"
    FLOAT = "float"
    BOOLEAN = "boolean"
    #: UTC milliseconds, which are shown with `Z`.
    TIME = "time"
    #: UTC nanoseconds, which are shown without: what `now` and `to_timestamp` return.
    MOMENT = "moment"
    #: Text in ISO 8601.
    DATE = "date"
    #: Milliseconds.
    DURATION = "duration"
    #: Text as it is shown. Expressions with intervals are computed when a question is translated.
    INTERVAL = "interval"
    BYTES = "bytes"
    #: A JSON array.
    LIST = "list"
    #: Unknown until there are values.
    NULL = "null"


class Type(NamedTuple):
    """A kind, and for lists the kind of their items."""

    kind: Kind
    item: Kind | None = None

    @property
    def is_number(self) -> bool:
        """Whether one can do arithmetic with it."""
        return self.kind in _NUMBERS

    @property
    def is_integer(self) -> bool:
        """Whether it is a whole number that SQLite stores as one."""
        return self.kind in _INTEGERS


class Column(NamedTuple):
    """A column of a table."""

    type: Type
    is_nullable: bool = True


_INTEGERS: Final = frozenset((Kind.INTEGER, Kind.U32, Kind.U64))
_NUMBERS: Final = _INTEGERS | {Kind.FLOAT, Kind.WIDE}


def _read_tables() -> tuple[dict[str, dict[str, Column]], frozenset[str]]:
    tables: dict[str, dict[str, Column]] = {}
    columns: dict[str, Column] = {}
    views = set()
    for line in (files("awaken.runtime.query") / "tables.txt").read_text().splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not line.startswith(" "):
            columns = tables[words[0]] = {}
            views.update(words[:1] if words[1:] == ["view"] else [])
            continue
        is_nullable = words[-1] != "!"
        written = words[1] if len(words) > 1 and words[1] != "!" else Kind.TEXT.value
        columns[words[0]] = Column(_read_type(words[0], written), is_nullable)
    return tables, frozenset(views)


def _read_type(name: str, written: str) -> Type:
    if name == "partition_key":
        return Type(Kind.WIDE)
    if written.endswith("[]"):
        return Type(Kind.LIST, Kind(written.removesuffix("[]")))
    return Type(Kind(written))


_READ = _read_tables()
#: By name, and in each the columns in order.
TABLES: Final[Mapping[str, Mapping[str, Column]]] = _READ[0]
#: Names of those that the server calls a view.
VIEWS: Final = _READ[1]
#: Types by the names of columns, of which none has two.
COLUMNS: Final[Mapping[str, Type]] = {
    name: column.type for columns in TABLES.values() for name, column in columns.items()
}
