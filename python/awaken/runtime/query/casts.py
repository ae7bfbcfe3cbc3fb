"""`CAST(x AS type)`, `x::type` and `try_cast`."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from awaken.runtime.query.coercion import as_kind, as_text, call, interval_of, mark_interval
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.time_literals import read_interval

__all__ = ["translate_cast"]

_KINDS: Final = {
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR", "NCHAR", "NVARCHAR", "NAME"), Kind.TEXT),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INT", "BIGINT"), Kind.INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINT", "UBIGINT"), Kind.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), Kind.FLOAT),
    "BOOLEAN": Kind.BOOLEAN,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "DATETIME"), Kind.MOMENT),
    "DATE": Kind.DATE,
    "INTERVAL": Kind.INTERVAL,
    **dict.fromkeys(("VARBINARY", "BINARY", "BLOB"), Kind.BYTES),
}


def translate_cast(node: exp.Expr, of: Type) -> Type:
    """Replace a cast, whose operand was translated and has the type `of`, and return its type.

    Raises:
        QueryError: there is no such cast.
    """
    written = node.args["to"]
    name = getattr(written.this, "name", None) or getattr(written.this, "value", str(written.this))
    kind = _KINDS.get(str(name).upper())
    if kind is None:
        raise QueryError(f"This feature is not implemented: Unsupported SQL type {str(name).upper()}")
    if isinstance(node, exp.TryCast) and of.kind is Kind.TEXT and kind in {Kind.INTEGER, Kind.FLOAT}:
        node.replace(call("df_try_" + kind.value, node.this))
        return Type(kind)
    holder = exp.Paren(this=node.this.copy())
    _convert(holder, of, kind)
    interval = interval_of(holder)
    if interval is not None:
        mark_interval(node, interval)
    else:
        node.replace(holder)
    return Type(kind)


def _convert(holder: exp.Paren, of: Type, kind: Kind) -> None:
    value = holder.this
    match kind:
        case Kind.TEXT:
            holder.set("this", as_text(value, of))
        case Kind.INTEGER if of.kind is Kind.TEXT or of.kind is Kind.WIDE:
            holder.set("this", call("df_integer", value))
        case Kind.INTEGER:
            holder.set("this", exp.cast(value.copy(), "BIGINT"))
        case Kind.FLOAT if of.kind is Kind.TEXT:
            holder.set("this", call("df_float", value))
        case Kind.FLOAT:
            holder.set("this", exp.cast(value.copy(), "DOUBLE"))
        case Kind.INTERVAL if of.kind is Kind.TEXT and isinstance(value.unnest(), exp.Literal):
            mark_interval(value, read_interval(value.unnest().name, None))
        case Kind.MOMENT if of.is_integer:
            holder.set("this", value.copy())
        case Kind.DATE if of.kind in {Kind.TIME, Kind.MOMENT}:
            holder.set("this", call("df_date", as_text(value, of)))
        case _ if of.kind in {Kind.TEXT, Kind.NULL, Kind.TIME, Kind.MOMENT, Kind.DATE} or of.is_integer:
            as_kind(value, of, Type(kind))
        case _ if of.kind is not kind:
            raise QueryError(f"Error during planning: Cannot cast {of.kind.value} to {kind.value}")
