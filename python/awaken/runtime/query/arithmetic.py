"""Sums, differences, products, quotients and remainders: of numbers, and of times and intervals."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from awaken.runtime.query.coercion import align, call, divide, integer, interval_of, mark_interval, text
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.time_literals import MS

__all__ = ["translate_arithmetic"]

_TIMES: Final = frozenset((Kind.TIME, Kind.MOMENT))


def translate_arithmetic(node: exp.Expr, a: Type, b: Type) -> Type:
    """Translate a sum, difference, product, quotient or remainder, whose sides have the types `a` and `b`.

    Raises:
        QueryError: there is no such operation.
    """
    types = a, b
    left, right = node.this, node.expression
    if {a.kind, b.kind} & (_TIMES | {Kind.DURATION, Kind.INTERVAL}):
        return _translate_times(node, left, right, a, b)
    for side, of in ((left, a), (right, b)):
        if of.kind is Kind.TEXT and isinstance(side, exp.Literal):
            raise QueryError(
                "Error during planning: Cannot coerce arithmetic expression of text to valid types"
            )
        if not (of.is_number or of.kind is Kind.NULL):
            raise QueryError(f"Error during planning: Cannot do arithmetic with a {of.kind.value}")
    if isinstance(node, exp.Mod) and any(of.kind is Kind.FLOAT for of in types):
        node.replace(call("df_remainder", left, right))  # SQLite's is that of whole numbers
        return Type(Kind.FLOAT)
    if isinstance(node, exp.Mod) and not _is_nonzero(right):
        node.replace(call("df_modulo", left, right))
        return Type(Kind.INTEGER)
    if any(of.kind is Kind.WIDE for of in types):
        if not isinstance(node, exp.Mod):
            raise QueryError("This feature is not implemented: arithmetic with partition_key other than %")
        node.replace(call("df_modulo", left, right))
        return Type(Kind.INTEGER)
    if any(of.kind is Kind.FLOAT for of in types):
        return Type(Kind.FLOAT)
    if isinstance(node, exp.Div) and any(of.kind is Kind.U64 for of in types):
        left.replace(exp.cast(left.copy(), "DOUBLE"))  # the server makes decimals of them
        return Type(Kind.FLOAT)
    if isinstance(node, exp.Div) and not _is_nonzero(right):
        node.replace(call("df_divide", left, right))
    return Type(Kind.INTEGER)


def _translate_times(node: exp.Expr, left: exp.Expr, right: exp.Expr, a: Type, b: Type) -> Type:
    if isinstance(node, exp.Add) and a.kind in {Kind.INTERVAL, Kind.DURATION} and b.kind in _TIMES:
        left, right, a, b = right, left, b, a
    if not isinstance(node, exp.Add | exp.Sub):
        raise QueryError("This feature is not implemented: times and intervals are only added and subtracted")
    if a.kind in _TIMES and b.kind in _TIMES and isinstance(node, exp.Sub):
        align([left, right], [a, b], is_compared=True)
        if Kind.TIME not in (a.kind, b.kind):
            node.replace(divide(exp.paren(node.copy()), MS))
        return Type(Kind.DURATION)
    interval = interval_of(right)
    if interval is not None and a.kind is Kind.DATE:
        change = interval if isinstance(node, exp.Add) else -interval
        moved_date: exp.Expr = call("df_add_months", call("df_moment", left), *map(integer, change))
        node.replace(call("df_date", call("df_text", moved_date, text(Kind.MOMENT.value))))
        return a
    if interval is not None and a.kind is Kind.INTERVAL:
        other = interval_of(left)
        if other is not None:
            total = [
                x + (y if isinstance(node, exp.Add) else -y) for x, y in zip(other, interval, strict=True)
            ]
            mark_interval(node, type(other)(*total))
            return a
    if interval is not None and a.kind in _TIMES | {Kind.DURATION}:
        unit = 1 if a.kind is Kind.MOMENT else MS
        change = interval if isinstance(node, exp.Add) else -interval
        if interval.months and a.kind is not Kind.DURATION:
            at = (
                left
                if unit == 1
                else exp.paren(exp.Mul(this=exp.paren(left.copy()), expression=integer(unit)))
            )
            moved: exp.Expr = call("df_add_months", at, *map(integer, change))
            node.replace(moved if unit == 1 else divide(moved, unit))
        else:
            added = exp.Add(this=exp.paren(left.copy()), expression=integer(change.total_ns // unit))
            node.replace(exp.paren(added))
        return a
    if a.kind in {Kind.TIME, Kind.DURATION} and b.kind is Kind.DURATION:
        return a
    raise QueryError(
        f"Error during planning: Cannot coerce arithmetic expression of {a.kind.value} and {b.kind.value} "
        "to valid types"
    )


def _is_nonzero(node: exp.Expr) -> bool:
    inner = node.unnest()
    return isinstance(inner, exp.Literal) and not inner.is_string and float(inner.this) != 0
