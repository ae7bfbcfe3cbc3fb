"""Translating a question of the server's dialect to a statement for SQLite.

sqlglot reads the text and finds out what each name refers to. A second walk, from the innermost query outwards, finds
the type of every expression and replaces what SQLite lacks or understands differently. The types decide how values are
shown. All of it happens in the process that answers the question, whose time and memory are limited.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from awaken.runtime.query.dialect import DataFusion, read, tokenize, write
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.information_schema import INFORMATION_SCHEMA, PREFIX
from awaken.runtime.query.kinds import TABLES, Type
from awaken.runtime.query.limits import STATEMENT_DEPTH, STATEMENT_SIZE
from awaken.runtime.query.query_types import find_types, mark_unnamed
from awaken.runtime.query.table_names import name_values, open_parentheses, resolve_tables

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

__all__ = ["Question", "translate"]

_NOT_SUPPORTED: Final = {
    **dict.fromkeys((exp.Insert, exp.Update, exp.Delete, exp.Merge), "DML"),
    **dict.fromkeys((exp.Create, exp.Drop, exp.Alter, exp.TruncateTable), "DDL"),
}
_SHOWN: Final = {
    "tables": "SELECT * FROM information_schema.tables",
    "columns": "SELECT table_catalog, table_schema, table_name, column_name, data_type, is_nullable "
    "FROM information_schema.columns WHERE table_name = '{}' ORDER BY ordinal_position",
    "described": "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
    "WHERE table_name = '{}' ORDER BY ordinal_position",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A statement as SQLite reads it."""

    statement: str
    #: Names and types of what it returns, in order. Names may repeat.
    columns: tuple[tuple[str, Type], ...]
    #: Whether it asks how a statement would be answered.
    is_explained: bool = False


def translate(text: str) -> Question:
    """Translate a statement.

    Raises:
        QueryError: it cannot be read, names something that does not exist, would change something, or has no
            translation.
    """
    if len(text) > STATEMENT_SIZE:
        raise QueryError(
            f"the statement has {len(text)} characters; {STATEMENT_SIZE} are read", is_limited=True
        )
    if "\0" in text:
        raise QueryError("the query contains a null character", is_misread=True)
    try:
        return _translate(text, tokenize(text))
    except RecursionError as error:
        raise QueryError("the statement is nested too deeply", is_limited=True) from error


def _translate(text: str, tokens: list[Token]) -> Question:
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise QueryError("Error during planning: No SQL statements were provided", is_misread=True)
    words = [token.text.lower() for token in tokens[:5]]
    match words:
        case ["explain", *rest]:
            skipped = 1 + sum(1 for word in rest[:2] if word in {"analyze", "verbose"})
            question = _translate(text, tokens[skipped:])
            return replace(question, is_explained=True)
        case ["show", "tables"]:
            return _translate_text(_SHOWN["tables"])
        case ["show", "columns", "from" | "in", *_]:
            return _translate_text(_SHOWN["columns"].format(_table(tokens[3:])))
        case ["describe" | "desc", *_]:
            return _translate_text(_SHOWN["described"].format(_table(tokens[1:])))
        case ["show" | "set", *_]:
            raise QueryError(
                "Invalid or Unsupported Configuration: the embedded runtime has no settings of DataFusion"
            )
    statements = read(tokens, text)
    if len(statements) != 1:
        raise QueryError(
            "This feature is not implemented: The context currently only supports a single SQL statement"
        )
    _check_depth(statements[0])
    return _translate_query(statements[0])


def _check_depth(tree: exp.Expr) -> None:
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [part for node in level for part in node.iter_expressions()]
        if depth > STATEMENT_DEPTH:
            raise QueryError(
                f"the statement is nested too deeply: {STATEMENT_DEPTH} levels are read; use IN instead of many OR",
                is_limited=True,
            )


def _translate_text(text: str) -> Question:
    return _translate(text, tokenize(text))


def _table(tokens: list[Token]) -> str:
    name = tokens[-1].text.lower() if tokens else ""
    if name not in TABLES:
        raise QueryError(f"Error during planning: table 'restate.public.{name}' not found")
    return name


def _translate_query(tree: exp.Expr) -> Question:
    for kind, language in _NOT_SUPPORTED.items():
        if isinstance(tree, kind):
            raise QueryError(
                f"Error during planning: {language} not supported: {kind.__name__}; only questions are answered",
                is_misread=True,
            )
    if not isinstance(tree, exp.Query | exp.Values):
        shown = tree.sql("postgres")[:100]
        if isinstance(tree, exp.Condition | exp.Alias):  # an expression, which is no statement
            raise QueryError(
                f"SQL error: ParserError(Expected: an SQL statement, found: {shown})", is_misread=True
            )
        raise QueryError(f"This feature is not implemented: Unsupported SQL statement: {shown}")
    tree = open_parentheses(tree)
    resolve_tables(tree)
    mark_unnamed(tree)
    if isinstance(tree, exp.Values):
        tree = exp.select("*").from_(name_values(tree))
    try:
        tree = qualify(tree, schema=_schema(), dialect=DataFusion, validate_qualify_columns=True)
    except OptimizeError as error:
        is_misread = "output column" in str(error) or _is_in_order(tree, str(error))
        raise QueryError(f"Schema error: {_explain(error)}", is_misread=is_misread) from error
    except SqlglotError as error:
        raise QueryError(f"Error during planning: {_explain(error)}", is_misread=True) from error
    columns = find_types(tree, time.time_ns())
    return Question(write(tree), tuple(columns))


def _is_in_order(tree: exp.Expr, error: str) -> bool:
    """Whether ORDER BY or GROUP BY name the column that was not found, for which the server has another status."""
    return any(
        f"'{column.name}' could not be resolved" in error
        for part in tree.find_all(exp.Order, exp.Group)
        for column in part.find_all(exp.Column)
    )


@cache
def _schema() -> MappingSchema:
    tables = {**TABLES, **INFORMATION_SCHEMA}
    return MappingSchema(
        {table: dict.fromkeys(columns, "TEXT") for table, columns in tables.items()}, dialect=DataFusion
    )


def _explain(error: SqlglotError) -> str:
    """Return what sqlglot says, in the words of the server where it has some."""
    first = str(error).splitlines()[0]
    if "could not be resolved" in first:
        name = first.partition("'")[2].partition("'")[0]
        table = first.partition("for table: '")[2].partition("'")[0]
        return f"No field named {table + '.' if table else ''}{name}."
    if first.startswith("Column '") and "is ambiguous" in first:
        return f"Ambiguous reference to unqualified field {first.split(chr(39))[1]}"
    return first.replace(PREFIX, "information_schema.")
