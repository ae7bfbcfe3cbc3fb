"""A connection that knows the functions of the server's dialect, and all of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.aggregates import AGGREGATES
from awaken.runtime.query.dialect_functions import FUNCTIONS
from awaken.runtime.query.information_schema import fill_information_schema
from awaken.runtime.query.kinds import TABLES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection

    from awaken.runtime.query.dialect_functions import Function

__all__ = ["add_dialect"]

#: Functions whose result differs between calls with the same arguments.
_CHANGING: Final = frozenset(("random", "uuid"))


def add_dialect(
    connection: sqlite3.Connection, views: Collection[str], report: Callable[[Exception], None]
) -> None:
    """Register functions and aggregates, and create the tables that are empty or describe others.

    Args:
        connection: where.
        views: tables that there are.
        report: receives what a function raised, of which SQLite does not keep the text.
    """
    for name, columns in TABLES.items():
        if name not in views:
            names = ", ".join(f'"{column}"' for column in columns)
            connection.execute(f"CREATE TEMP TABLE {name} ({names})")
    fill_information_schema(connection)
    for name, function in FUNCTIONS.items():
        is_same = name not in _CHANGING
        connection.create_function(f"df_{name}", -1, _reporting(function, report), deterministic=is_same)
    for name, aggregate in AGGREGATES.items():
        connection.create_aggregate(f"df_{name}", -1, _reporting_aggregate(aggregate, report))


def _reporting(function: Function, report: Callable[[Exception], None]) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        if not function.takes_null and None in values:
            return None
        try:
            return function.function(*values)
        except Exception as error:
            report(error)
            raise

    return call


def _reporting_aggregate(aggregate: type[Any], report: Callable[[Exception], None]) -> type[Any]:
    class Reporting(aggregate):  # type: ignore[misc]  # whichever it is
        def step(self, *values: Any) -> None:
            try:
                super().step(*values)
            except Exception as error:
                report(error)
                raise

        def finalize(self) -> Any:
            try:
                return super().finalize()
            except Exception as error:
                report(error)
                raise

    return Reporting
