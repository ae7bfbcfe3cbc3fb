"""Reading the server's SQL dialect, which is DataFusion's, and writing SQLite's: sqlglot does both.

Functions are read as names with arguments, whatever they are: what they mean is decided in `calls.py`, because names
that sqlglot knows from other databases differ here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

import sqlglot.parser
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import TokenType

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.limits import STATEMENT_SETS, STATEMENT_TOKENS

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

__all__ = ["DataFusion", "read", "tokenize", "write"]

_SETS: Final = frozenset((TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT))
#: sqlglot underlines where the error is with escape sequences for terminals.
_ESCAPES: Final = re.compile("\x1b\\[[0-9;]*m")


class DataFusion(Postgres):
    """What DataFusion reads."""

    INDEX_OFFSET = 0

    class Tokenizer(Postgres.Tokenizer):
        """PostgreSQL's, which reads what follows EXPLAIN and SHOW, too."""

        COMMANDS: ClassVar[Any] = set()

    class Parser(PostgresParser):
        """PostgreSQL's, without what that knows of functions."""

        FUNCTIONS: ClassVar[Any] = {}
        FUNCTION_PARSERS: ClassVar[Any] = {
            name: PostgresParser.FUNCTION_PARSERS[name]
            for name in ("CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST", "OVERLAY")
            if name in PostgresParser.FUNCTION_PARSERS
        }
        NO_PAREN_FUNCTIONS: ClassVar[Any] = {
            token: function
            for token, function in sqlglot.parser.Parser.NO_PAREN_FUNCTIONS.items()
            if function in (exp.CurrentDate, exp.CurrentTimestamp)
        }

        COLUMN_OPERATORS: ClassVar[Any] = {
            **PostgresParser.COLUMN_OPERATORS,
            # Keys of JSON objects stay as they are written, and are no paths.
            TokenType.ARROW: lambda _, this, key: exp.JSONExtract(this=this, expression=key),
            TokenType.DARROW: lambda _, this, key: exp.JSONExtractScalar(this=this, expression=key),
        }


def tokenize(text: str) -> list[Token]:
    """Split a statement. Raises QueryError."""
    try:
        tokens = DataFusion().tokenize(text)
    except TokenError as error:
        raise _misread(f"TokenizerError({_first_line(error)})") from error
    if len(tokens) > STATEMENT_TOKENS:
        raise QueryError(
            f"the statement has {len(tokens)} words and signs; {STATEMENT_TOKENS} are read", is_limited=True
        )
    sets = sum(1 for token in tokens if token.token_type in _SETS)
    if sets > STATEMENT_SETS:
        raise QueryError(
            f"the statement joins {sets} queries by UNION and the like; {STATEMENT_SETS} are read",
            is_limited=True,
        )
    return tokens


def read(tokens: list[Token], text: str) -> list[exp.Expr]:
    """Parse statements. Raises QueryError."""
    try:
        found = DataFusion().parser().parse(tokens, text)
    except ParseError as error:
        raise _misread(f"ParserError({_first_line(error)})") from error
    return [one for one in found if one is not None]


def write(tree: exp.Expr) -> str:
    """Write a statement for SQLite."""
    generator = SQLite().generator(
        identify=True, comments=False, unsupported_level=ErrorLevel.RAISE, max_unsupported=1
    )
    try:
        return generator.generate(tree, copy=False)
    except UnsupportedError as error:
        raise QueryError(f"This feature is not implemented: {_first_line(error)}") from error


def _misread(text: str) -> QueryError:
    return QueryError(f"SQL error: {text}", is_misread=True)


def _first_line(error: Exception) -> str:
    return '"' + _ESCAPES.sub("", str(error)).splitlines()[0].strip()[:300] + '"'
