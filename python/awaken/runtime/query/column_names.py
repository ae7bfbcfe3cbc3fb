"""Names of columns in answers that a question does not name: DataFusion writes out what is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from awaken.runtime.query.time_literals import read_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["describe"]

_OPERATORS: Final[Mapping[type[exp.Expr], str]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.DPipe: "||",
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.And: "AND",
    exp.Or: "OR",
    exp.Like: "LIKE",
    exp.ILike: "ILIKE",
    exp.RegexpLike: "~",
    exp.RegexpILike: "~*",
    exp.JSONExtract: "->",
    exp.JSONExtractScalar: "->>",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
}
_CALLS: Final[Mapping[type[exp.Expr], str]] = {
    exp.CurrentTimestamp: "now",
    exp.CurrentDate: "current_date",
    exp.Coalesce: "coalesce",
    exp.Substring: "substr",
    exp.Trim: "btrim",
    exp.StrPosition: "strpos",
    exp.Array: "make_array",
}


def describe(tree: exp.Expr) -> str:
    """Return the name of what is computed. Columns in it are qualified."""
    if type(tree) in _OPERATORS:
        operator = ("NOT " if tree.args.get("negate") else "") + _OPERATORS[type(tree)]
        return f"{describe(tree.this)} {operator} {describe(tree.expression)}"
    if type(tree) in _CALLS:
        parts = list(tree.iter_expressions())
        return f"{_CALLS[type(tree)]}({','.join(map(describe, parts))})"
    for kind, form in _FORMS.items():
        if isinstance(tree, kind):
            return form(tree)
    return tree.sql("postgres")


def _column(tree: exp.Expr) -> str:
    table = tree.text("table")
    return f"{table}.{tree.name}" if table else tree.name


def _call(tree: exp.Expr) -> str:
    arguments = tree.expressions
    order = ""
    if arguments and isinstance(arguments[-1], exp.Order):
        order = f" ORDER BY [{', '.join(map(_ordered, arguments[-1].expressions))}]"
        arguments = [*arguments[:-1], arguments[-1].this]
    return f"{tree.name.lower()}({','.join(map(describe, arguments))}){order}"


def _ordered(tree: exp.Expr) -> str:
    is_descending = bool(tree.args.get("desc"))
    nulls = "FIRST" if tree.args.get("nulls_first") else "LAST"
    return f"{describe(tree.this)} {'DESC' if is_descending else 'ASC'} NULLS {nulls}"


def _literal(tree: exp.Expr) -> str:
    if tree.is_string:
        return f'Utf8("{tree.this}")'
    return f"Int64({tree.this})" if tree.is_int else f"Float64({float(tree.this):g})"


def _interval(tree: exp.Expr) -> str:
    unit = tree.args.get("unit")
    found = read_interval(tree.this.name, unit.name if unit is not None else None)
    parts = f"months: {found.months}, days: {found.days}, nanoseconds: {found.nanoseconds}"
    return f'IntervalMonthDayNano("IntervalMonthDayNano {{ {parts} }}")'


def _negative(tree: exp.Expr) -> str:
    inner = tree.this
    if isinstance(inner, exp.Literal):
        return describe(exp.Literal(this=f"-{inner.this}", is_string=False))
    return f"(- {describe(inner)})"


def _is(tree: exp.Expr) -> str:
    is_not = "NOT " if tree.args.get("negate") else ""
    return f"{describe(tree.this)} IS {is_not}{tree.expression.sql('postgres').upper()}"


def _not(tree: exp.Expr) -> str:
    inner = tree.this
    if isinstance(inner, exp.Is):
        return f"{describe(inner.this)} IS NOT {inner.expression.sql('postgres').upper()}"
    if isinstance(inner, exp.Like | exp.ILike):
        return f"{describe(inner.this)} NOT {_OPERATORS[type(inner)]} {describe(inner.expression)}"
    return f"NOT {describe(inner)}"


def _case(tree: exp.Expr) -> str:
    parts = ["CASE"] if tree.this is None else ["CASE", describe(tree.this)]
    for one in tree.args["ifs"]:
        parts += ["WHEN", describe(one.this), "THEN", describe(one.args["true"])]
    default = tree.args.get("default")
    return " ".join([*parts, *(["ELSE", describe(default)] if default is not None else []), "END"])


_FORMS: Final[Mapping[type[exp.Expr], Callable[[exp.Expr], str]]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda tree: f"Boolean({'true' if tree.this else 'false'})",
    exp.Null: lambda _: "NULL",
    exp.Star: lambda _: "*",
    exp.Neg: _negative,
    exp.Interval: _interval,
    exp.Paren: lambda tree: describe(tree.this),
    exp.Cast: lambda tree: describe(tree.this),
    exp.Is: _is,
    exp.Not: _not,
    exp.Case: _case,
    exp.Distinct: lambda tree: f"DISTINCT {','.join(map(describe, tree.expressions))}",
    exp.Filter: lambda tree: f"{describe(tree.this)} FILTER (WHERE {describe(tree.expression.this)})",
    exp.Anonymous: _call,
}
