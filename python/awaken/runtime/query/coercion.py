"""Making two values comparable, as the server does: what is written as text becomes a time, a number, ..."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.time_literals import MS, Interval, read_moment

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "align",
    "as_kind",
    "as_text",
    "call",
    "divide",
    "integer",
    "interval_of",
    "mark_interval",
    "text",
    "unify",
]

_INTERVAL: Final = "interval"
#: Digits of the largest integer of 64 bits.
WIDE_DIGITS: Final = 20
_TEMPORAL: Final = frozenset((Kind.TIME, Kind.MOMENT, Kind.DATE))


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Return a call of one of our functions."""
    return exp.Anonymous(this=name, expressions=[one.copy() for one in arguments])


def text(value: str) -> exp.Literal:
    """Return a literal."""
    return exp.Literal.string(value)


def integer(value: int) -> exp.Expr:
    """Return a literal."""
    number = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=number)) if value < 0 else number


def mark_interval(node: exp.Expr, interval: Interval) -> None:
    """Replace an expression by an interval, as answers show it, and remember its value."""
    shown = text(str(interval))
    shown.meta[_INTERVAL] = interval
    node.replace(shown)


def interval_of(node: exp.Expr) -> Interval | None:
    """Return the value of an interval; None if the expression is none."""
    found = node.unnest().meta.get(_INTERVAL) if node.unnest()._meta else None
    return found if isinstance(found, Interval) else None


def divide(value: exp.Expr, by: int) -> exp.Expr:
    """Return a quotient of whole numbers."""
    return exp.paren(exp.Div(this=value.copy(), expression=integer(by), typed=True, safe=True))


def align(nodes: Sequence[exp.Expr], types: Sequence[Type], *, is_compared: bool = False) -> Type:
    """Give values one type, and return it.

    Args:
        nodes: the values.
        types: of the values.
        is_compared: whether they are compared with each other: text is read as a number then. Otherwise numbers become
            text.

    Raises:
        QueryError: they have none.
    """
    wanted = unify(types)
    if wanted.is_number and not is_compared and any(of.kind is Kind.TEXT for of in types):
        wanted = Type(Kind.TEXT)
    for node, of in zip(nodes, types, strict=True):
        as_kind(node, of, wanted)
    return wanted


def unify(types: Sequence[Type]) -> Type:
    """Return the common type of values. Raises QueryError if they have none."""
    kinds = {of.kind for of in types} - {Kind.NULL}
    if not kinds:
        return Type(Kind.NULL)
    known = [of for of in types if of.kind is not Kind.NULL]
    if len(kinds) == 1:
        return known[0]
    for strongest in (Kind.TIME, Kind.MOMENT, Kind.DATE, Kind.DURATION, Kind.BOOLEAN, Kind.BYTES, Kind.LIST):
        if strongest in kinds:
            _check_partners(strongest, kinds)
            return next(of for of in known if of.kind is strongest)
    numbers = kinds - {Kind.TEXT, Kind.INTERVAL}
    if Kind.INTERVAL in kinds or not numbers:
        return Type(Kind.TEXT)
    if Kind.FLOAT in numbers:
        return Type(Kind.FLOAT)
    if Kind.WIDE in numbers:
        return Type(Kind.WIDE)
    return Type(Kind.INTEGER) if len(numbers) > 1 else Type(next(iter(numbers)))


def _check_partners(strongest: Kind, kinds: set[Kind]) -> None:
    partners = {strongest, Kind.TEXT}
    if strongest in _TEMPORAL:
        partners |= _TEMPORAL
    if strongest is Kind.DURATION:
        partners |= {Kind.INTERVAL}
    for other in kinds - partners:
        raise QueryError(
            "Error during planning: Cannot infer common argument type for comparison operation "
            f"of {strongest.value} and {other.value}"
        )


def as_kind(node: exp.Expr, of: Type, wanted: Type) -> None:
    """Convert an expression to what it is compared with. Raises QueryError for a literal that cannot be."""
    if of.kind in (wanted.kind, Kind.NULL):
        return
    inner = node.unnest()
    literal = inner.this if isinstance(inner, exp.Literal) and inner.is_string else None
    match wanted.kind:
        case Kind.TIME:
            new = _to_time(node, of, literal)
        case Kind.MOMENT:
            new = _to_moment(node, of, literal)
        case Kind.DATE:
            new = call("df_date", node)
        case Kind.DURATION:
            interval = interval_of(node)
            if interval is None:
                raise QueryError("compare a duration with an interval: interval '1 hour'")
            new = integer(interval.total_ns // MS)
        case Kind.WIDE:
            new = _to_wide(node, literal)
        case Kind.BYTES:
            new = call("df_bytes", node)
        case Kind.BOOLEAN:
            new = call("df_boolean", node)
        case Kind.TEXT:
            new = as_text(node, of)
        case _ if of.kind is Kind.TEXT:
            new = _to_number(node, literal, wanted)
        case _:
            return
    node.replace(new)


def as_text(node: exp.Expr, of: Type) -> exp.Expr:
    """Return an expression for the text of a value."""
    match of.kind:
        case Kind.TEXT | Kind.DATE | Kind.INTERVAL | Kind.LIST | Kind.NULL:
            return node.copy()
        case Kind.BOOLEAN | Kind.TIME | Kind.MOMENT | Kind.DURATION | Kind.WIDE | Kind.BYTES | Kind.FLOAT:
            return call("df_text", node, text(of.kind.value))
    return exp.cast(node.copy(), exp.DType.TEXT)


def _to_time(node: exp.Expr, of: Type, literal: str | None) -> exp.Expr:
    if literal is not None:
        return integer(read_moment(literal) // MS)
    if of.kind is Kind.MOMENT:
        return divide(exp.paren(node.copy()), MS)
    return divide(call("df_moment", node), MS)


def _to_moment(node: exp.Expr, of: Type, literal: str | None) -> exp.Expr:
    if literal is not None:
        return integer(read_moment(literal))
    if of.kind is Kind.TIME:
        return exp.Paren(this=exp.Mul(this=exp.paren(node.copy()), expression=integer(MS)))
    return call("df_moment", node)


def _to_wide(node: exp.Expr, literal: str | None) -> exp.Expr:
    inner = node.unnest()
    if literal is None and isinstance(inner, exp.Literal):
        return text(str(inner.this).zfill(WIDE_DIGITS))
    return text(literal.zfill(WIDE_DIGITS)) if literal is not None else call("df_wide", node)


def _to_number(node: exp.Expr, literal: str | None, wanted: Type) -> exp.Expr:
    name = "df_float" if wanted.kind is Kind.FLOAT else "df_integer"
    if literal is None:
        return call(name, node)
    try:
        return (
            exp.Literal.number(repr(float(literal))) if wanted.kind is Kind.FLOAT else integer(int(literal))
        )
    except ValueError as error:
        raise QueryError(
            f"Arrow error: Cast error: Cannot cast string '{literal}' to a value of {wanted.kind.value}"
        ) from error
