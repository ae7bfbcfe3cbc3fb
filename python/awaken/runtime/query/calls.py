"""Calls of functions: what each name of the server's dialect stands for, and what it returns."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from awaken.runtime.query.aggregates import AGGREGATES, DISTINCT, FIRST, ORDERED
from awaken.runtime.query.coercion import align, as_kind, as_text, call, divide, integer, interval_of, text
from awaken.runtime.query.dialect_functions import FUNCTIONS
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.time_literals import MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["is_aggregate", "translate_call"]

_INTEGER: Final = Type(Kind.INTEGER)
_FLOAT: Final = Type(Kind.FLOAT)
_TEXT: Final = Type(Kind.TEXT)
_TEMPORAL: Final = frozenset((Kind.TIME, Kind.MOMENT, Kind.DURATION, Kind.DATE, Kind.INTERVAL))

#: What SQLite has with the same meaning, and the type of its result; None for that of the first argument.
_SAME: Final[Mapping[str, Type | None]] = {
    "row_number": Type(Kind.U64),
    "rank": Type(Kind.U64),
    "dense_rank": Type(Kind.U64),
    "ntile": Type(Kind.U64),
    "percent_rank": _FLOAT,
    "cume_dist": _FLOAT,
    "lag": None,
    "lead": None,
    "nth_value": None,
    "abs": None,
    "nullif": None,
}
_COMMON: Final[Mapping[str, str]] = {
    "coalesce": "coalesce",
    "ifnull": "coalesce",
    "nvl": "coalesce",
    "greatest": "df_greatest",
    "least": "df_least",
}
_OF_TIME: Final[Mapping[str, int]] = {
    "to_timestamp": 1_000_000_000,
    "to_timestamp_seconds": 1_000_000_000,
    "to_timestamp_millis": MS,
    "to_timestamp_micros": 1_000,
    "to_timestamp_nanos": 1,
}

#: Functions whose first argument is text.
_OF_TEXT: Final = frozenset(
    (
        *(
            "upper",
            "lower",
            "reverse",
            "initcap",
            "replace",
            "trim",
            "btrim",
            "ltrim",
            "rtrim",
            "left",
            "right",
        ),
        *("length", "char_length", "character_length", "ascii", "strpos", "instr", "position", "starts_with"),
        *(
            "ends_with",
            "contains",
            "substr",
            "substring",
            "split_part",
            "repeat",
            "lpad",
            "rpad",
            "translate",
        ),
        *("regexp_like", "regexp_replace", "regexp_count", "regexp_match"),
    )
)

Arguments = list[exp.Expr]
Types = list[Type]


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a call computes one value of many rows."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    return (name in _AGGREGATES or name in AGGREGATES) and not isinstance(node.parent, exp.Window)


def translate_call(node: exp.Anonymous, types: Types, *, now_ns: int, is_window: bool = False) -> Type:
    """Replace a call by one that SQLite understands, and return the type of its result.

    Args:
        node: the call; what its arguments stand for was translated.
        types: of the arguments.
        now_ns: the current time, in UTC nanoseconds.
        is_window: whether it is computed over a window.

    Raises:
        QueryError: there is no such function, or not with these arguments.
    """
    name = node.name.lower()
    try:
        return _translate(node, name, types, now_ns, is_window)
    except IndexError as error:
        raise QueryError(f"Error during planning: {name} has too few arguments") from error


def _translate(node: exp.Anonymous, name: str, types: Types, now_ns: int, is_window: bool) -> Type:
    if name not in _AGGREGATES and name not in AGGREGATES:
        node.set("expressions", _without_distinct(node.expressions))
    arguments = node.expressions
    if name in _SPECIAL:
        return _SPECIAL[name](node, arguments, types)
    if name in _AGGREGATES:
        return _aggregate(node, name, arguments, types)
    if name in ORDERED and is_window:
        return types[0]
    if name in AGGREGATES:
        return _ordered(node, name, arguments, types)
    if name in {"now", "current_timestamp"}:
        node.replace(integer(now_ns))
        return Type(Kind.MOMENT)
    if name in _OF_TIME:
        return _to_timestamp(node, arguments, types, _OF_TIME[name])
    if name in _COMMON:
        common = align(arguments, types)
        node.set("this", _COMMON[name])
        return common
    if name in _SAME:
        return _SAME[name] or types[0]
    function = FUNCTIONS.get(name)
    if function is None or not function.is_public:
        raise QueryError(f"Error during planning: Invalid function '{name}'.")
    for argument, of in zip(arguments, types, strict=True):
        if name.startswith("concat"):
            argument.replace(as_text(argument, of))
        elif of.kind in _TEMPORAL or (of.kind is Kind.BOOLEAN and function.type.kind is Kind.TEXT):
            raise QueryError(f"Error during planning: Function '{name}' does not take a {of.kind.value}")
    if name in _OF_TEXT and types and types[0].is_number:
        raise QueryError(
            f"Error during planning: Function '{name}' requires String, but received a number; cast it to text",
            is_misread=True,
        )
    _check_count(name, function.function, len(arguments))
    node.set("this", f"df_{name}")
    return function.type


def _without_distinct(arguments: Arguments) -> Arguments:
    """Return the arguments of a function that computes a value of one row, for which DISTINCT means nothing."""
    return [
        part for one in arguments for part in (one.expressions if isinstance(one, exp.Distinct) else [one])
    ]


def _check_count(name: str, function: Callable[..., object], count: int) -> None:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError as error:
        raise QueryError(
            f"Error during planning: Function '{name}' does not take {count} arguments", is_misread=True
        ) from error
    except ValueError:  # a built-in function without a signature; it checks its arguments itself
        return


def _aggregate(node: exp.Anonymous, name: str, arguments: Arguments, types: Types) -> Type:
    of = types[0] if types else Type(Kind.NULL)
    if name not in {"count", "approx_distinct", "min", "max", "any_value"} and of.kind in _TEMPORAL - {
        Kind.DURATION
    }:
        raise QueryError(f"Error during planning: {name} does not take a {of.kind.value}")
    match name:
        case "count":
            if len(arguments) > 1:
                given = exp.and_(
                    *(exp.Not(this=exp.Is(this=one.copy(), expression=exp.Null())) for one in arguments)
                )
                node.set("expressions", [exp.func("nullif", given, exp.false())])
            return _INTEGER
        case "approx_distinct":
            node.set("this", "count")
            node.set("expressions", [exp.Distinct(expressions=[arguments[0].copy()])])
            return Type(Kind.U64)
        case "sum":
            kind = {Kind.U32: Kind.U64, Kind.TEXT: Kind.FLOAT}.get(of.kind, of.kind)
            return Type(kind)
        case "avg" | "mean":
            node.set("this", "avg")
            if of.kind is not Kind.DURATION:
                return _FLOAT
            node.replace(exp.cast(node.copy(), "BIGINT"))
            return of
        case "bool_and" | "bool_or":
            node.set("this", "min" if name == "bool_and" else "max")
            return Type(Kind.BOOLEAN)
        case "any_value":
            node.set("this", "min")
    return of


def _ordered(node: exp.Expr, name: str, arguments: Arguments, types: Types) -> Type:
    """Translate an aggregate of ours: `f(x, y ORDER BY a, b DESC)`, or `f(DISTINCT x)`."""
    last = arguments[-1]
    order: list[exp.Expr] = []
    if isinstance(last, exp.Order):
        order, arguments = last.expressions, [*arguments[:-1], last.this]
    is_distinct = isinstance(arguments[0], exp.Distinct)
    values = arguments[0].expressions if is_distinct else arguments
    if name == "string_agg":
        value: exp.Expr = call(
            "json_array", as_text(values[0], types[0]), values[1] if len(values) > 1 else text("")
        )
    else:
        value = values[0].copy()
    if is_distinct and order and [one.this for one in order] != [values[0]]:
        raise QueryError(f"{name} of distinct values takes no other order than their own")
    if name in ORDERED and order:
        ways = (DISTINCT if is_distinct else "") + "".join(map(_way, order))
        new = call(f"df_{name}", value, text(ways), *(one.this for one in order))
    else:
        new = call(f"df_{name}", exp.Distinct(expressions=[value]) if is_distinct else value)
    node.replace(new)
    if name not in ORDERED:
        return _FLOAT
    if name == "string_agg":
        return _TEXT
    return Type(Kind.LIST, types[0].kind) if name == "array_agg" else types[0]


def _way(ordered: exp.Expr) -> str:
    letter = FIRST if ordered.args.get("nulls_first") else "l"
    return letter.upper() if ordered.args.get("desc") else letter


def _to_timestamp(node: exp.Expr, arguments: Arguments, types: Types, unit_ns: int) -> Type:
    wanted = Type(Kind.MOMENT)
    value, of = arguments[0], types[0]
    if of.is_integer:
        node.replace(exp.paren(exp.Mul(this=exp.paren(value.copy()), expression=integer(unit_ns))))
    elif of.kind is Kind.FLOAT:
        node.replace(exp.cast(exp.Mul(this=exp.paren(value.copy()), expression=integer(unit_ns)), "BIGINT"))
    else:
        as_kind(value, of, wanted)
        node.replace(node.expressions[0].copy())
    return wanted


def _nanoseconds(value: exp.Expr, of: Type) -> exp.Expr:
    """Return a time in nanoseconds."""
    if of.kind is Kind.MOMENT:
        return value
    if of.kind not in {Kind.TIME, Kind.TEXT, Kind.DATE}:
        raise QueryError(f"Error during planning: a {of.kind.value} is no time")
    holder = exp.Paren(this=value.copy())
    as_kind(holder.this, of, Type(Kind.MOMENT))
    return holder


def _truncate(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    value, of = arguments[1], types[1]
    shortened = call("df_date_trunc", arguments[0], _nanoseconds(value, of))
    if of.kind is Kind.TIME:
        node.replace(divide(shortened, MS))
        return of
    node.replace(shortened)
    return Type(Kind.MOMENT)


def _bin(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    interval = interval_of(arguments[0])
    if interval is None or interval.total_ns <= 0:
        raise QueryError(
            "Error during planning: date_bin takes an interval of at least 1 ns, a time, and an origin"
        )
    value, of = arguments[1], types[1]
    unit = MS if of.kind is Kind.TIME else 1
    width = integer(max(1, interval.total_ns // unit))
    if of.kind is not Kind.TIME:
        value = _nanoseconds(value, of)
    origin: exp.Expr = integer(0)
    if len(arguments) > 2:
        origin = divide(_nanoseconds(arguments[2], types[2]), unit)
    since = exp.paren(exp.Sub(this=exp.paren(value.copy()), expression=origin))
    node.replace(
        exp.paren(exp.Sub(this=value.copy(), expression=exp.paren(exp.Mod(this=since, expression=width))))
    )
    return of if of.kind is Kind.TIME else Type(Kind.MOMENT)


def _part(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    part, value, of = arguments[0], arguments[1], types[1]
    is_epoch = isinstance(part, exp.Literal) and part.name.lower() == "epoch"
    if of.kind is Kind.DURATION and is_epoch:
        node.replace(divide(exp.cast(value.copy(), "DOUBLE"), 1000))
        return _FLOAT
    found = call("df_date_part", part, _nanoseconds(value, of))
    node.replace(found if is_epoch else exp.cast(found, "BIGINT"))
    return _FLOAT if is_epoch else _INTEGER


def _to_unixtime(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    node.replace(divide(_nanoseconds(arguments[0], types[0]), 1_000_000_000))
    return _INTEGER


def _arrow_type(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    of = types[0]
    shown = _SHOWN.get(of.kind, of.kind.value)
    shown = f"List({_SHOWN.get(of.item, '')})" if of.item else shown
    # The argument stays: it may make the query one of a group.
    node.replace(call("df_typeof", arguments[0], text(shown)))
    return _TEXT


def _round(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    """Translate `round` and the like, whose result is no whole number, as on the server."""
    name, of = node.name.lower(), types[0]
    if not of.is_number and of.kind is not Kind.NULL:
        raise QueryError(f"Error during planning: Function '{name}' requires a number")
    node.replace(call(f"df_{name}", exp.cast(arguments[0].copy(), "DOUBLE"), *arguments[1:]))
    return _FLOAT


def _make_array(node: exp.Expr, arguments: Arguments, types: Types) -> Type:
    common = align(arguments, types) if arguments else Type(Kind.NULL)
    node.set("this", "json_array")
    return Type(Kind.LIST, common.kind)


_AGGREGATES: Final = frozenset(
    ("count", "sum", "avg", "mean", "min", "max", "bool_and", "bool_or", "approx_distinct", "any_value")
)
_SPECIAL: Final[Mapping[str, Callable[[exp.Expr, Arguments, Types], Type]]] = {
    "date_trunc": _truncate,
    "date_bin": _bin,
    "date_part": _part,
    "to_unixtime": _to_unixtime,
    "arrow_typeof": _arrow_type,
    "floor": _round,
    "ceil": _round,
    "round": _round,
    "trunc": _round,
    "make_array": _make_array,
}
#: Types as the server names them.
_SHOWN: Final[Mapping[Kind | None, str]] = {
    Kind.TEXT: "LargeUtf8",
    Kind.INTEGER: "Int64",
    Kind.U32: "UInt32",
    Kind.U64: "UInt64",
    Kind.WIDE: "UInt64",
    Kind.FLOAT: "Float64",
    Kind.BOOLEAN: "Boolean",
    Kind.TIME: 'Timestamp(ms, "+00:00")',
    Kind.MOMENT: "Timestamp(ns)",
    Kind.DATE: "Date32",
    Kind.DURATION: "Duration(ms)",
    Kind.INTERVAL: "Interval(MonthDayNano)",
    Kind.BYTES: "LargeBinary",
    Kind.NULL: "Null",
}
