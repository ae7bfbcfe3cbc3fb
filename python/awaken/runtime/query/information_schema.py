"""What tables and columns there are, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.runtime.query.kinds import TABLES, VIEWS, Column, Kind, Type

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

__all__ = ["DATA_TYPES", "INFORMATION_SCHEMA", "PREFIX", "fill_information_schema"]

#: Before the names that these tables have in SQLite.
PREFIX: Final = "information_schema_"
_CATALOG: Final = ("restate", "public")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "views": ("table_catalog", "table_schema", "table_name", "definition"),
    "schemata": (
        *("catalog_name", "schema_name", "schema_owner", "default_character_set_catalog"),
        *("default_character_set_schema", "default_character_set_name", "sql_path"),
    ),
    "columns": (
        *("table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "column_default"),
        *(
            "is_nullable",
            "data_type",
            "character_maximum_length",
            "character_octet_length",
            "numeric_precision",
        ),
        *("numeric_precision_radix", "numeric_scale", "datetime_precision", "interval_type"),
    ),
}
_NUMBERS: Final = frozenset(
    (
        *("ordinal_position", "character_maximum_length", "character_octet_length", "numeric_precision"),
        *("numeric_precision_radix", "numeric_scale", "datetime_precision"),
    )
)
#: By the names in SQLite.
INFORMATION_SCHEMA: Final[Mapping[str, Mapping[str, Column]]] = {
    PREFIX + table: {name: Column(Type(Kind.U64 if name in _NUMBERS else Kind.TEXT)) for name in names}
    for table, names in _NAMES.items()
}
#: The server's names of types.
DATA_TYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "LargeUtf8",
    Kind.U32: "UInt32",
    Kind.U64: "UInt64",
    Kind.WIDE: "UInt64",
    Kind.BOOLEAN: "Boolean",
    Kind.TIME: 'Timestamp(ms, "+00:00")',
    Kind.DURATION: "Duration(ms)",
    Kind.BYTES: "LargeBinary",
}
_OCTETS: Final = {Kind.TEXT: 2**63 - 1, Kind.BYTES: 2**63 - 1}
_PRECISION: Final = {Kind.U32: (32, 2)}


def fill_information_schema(connection: sqlite3.Connection) -> None:
    """Create the tables and their rows."""
    for name, columns in INFORMATION_SCHEMA.items():
        connection.execute(f"CREATE TEMP TABLE {name} ({', '.join(columns)})")

    def add(table: str, rows: Sequence[Sequence[object]], names: tuple[str, ...]) -> None:
        places = ", ".join("?" * len(names))
        connection.executemany(f"INSERT INTO {PREFIX}{table} ({', '.join(names)}) VALUES ({places})", rows)  # noqa: S608 - names of this file

    add("schemata", [_CATALOG], _NAMES["schemata"][:2])
    add("views", [(*_CATALOG, table) for table in TABLES], _NAMES["views"][:3])
    tables = [(*_CATALOG, table, "VIEW" if table in VIEWS else "BASE TABLE") for table in TABLES]
    add(
        "tables",
        [*tables, *(("restate", "information_schema", name, "VIEW") for name in _NAMES)],
        _NAMES["tables"],
    )
    described = [
        (
            *(
                *_CATALOG,
                table,
                name,
                at,
                None,
                "YES" if column.is_nullable else "NO",
                _describe(column.type),
                None,
            ),
            _OCTETS.get(column.type.kind),
            *_PRECISION.get(column.type.kind, (None, None)),
            *(None, None, None),
        )
        for table, columns in TABLES.items()
        for at, (name, column) in enumerate(columns.items())
    ]
    add("columns", described, _NAMES["columns"])


def _describe(of: Type) -> str:
    return f"List({DATA_TYPES[of.item]})" if of.item else DATA_TYPES[of.kind]
