"""What a question computes: types of expressions, bottom up, and their form in SQLite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from awaken import _core
from awaken.errors import InvalidIdError
from awaken.runtime.query.arithmetic import translate_arithmetic
from awaken.runtime.query.calls import translate_call
from awaken.runtime.query.casts import translate_cast
from awaken.runtime.query.coercion import (
    align,
    as_kind,
    as_text,
    call,
    integer,
    mark_interval,
    text,
    unify,
)
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.rendering import format_moment
from awaken.runtime.query.time_literals import read_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Expressions"]

_BOOLEAN: Final = Type(Kind.BOOLEAN)
_NONE: Final = Type(Kind.NULL)
_LARGEST: Final = 2**63 - 1
_TIMES: Final = frozenset((Kind.TIME, Kind.MOMENT))

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
#: Parts of a statement that compute nothing themselves.
_CLAUSES: Final = (
    *(exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset),
    *(exp.Tuple, exp.Distinct, exp.WindowSpec, exp.Star, exp.Identifier, exp.Var, exp.Table, exp.TableAlias),
    *(exp.With, exp.CTE, exp.Values),
)


class Expressions:
    """Translates the expressions of one query, and of nothing inside of its subqueries.

    Args:
        columns: returns the type of a column.
        subqueries: returns the type of what a subquery returns.
        now_ns: the current time, in UTC nanoseconds.
    """

    def __init__(
        self, columns: Callable[[exp.Column], Type], subqueries: Callable[[exp.Expr], Type], now_ns: int
    ) -> None:
        self._column_type = columns
        self._subquery_type = subqueries
        self._now_ns = now_ns

    def translate(self, node: exp.Expr) -> Type:
        """Translate in place, and return the type. Raises QueryError for what cannot be."""
        for kind in type(node).__mro__:
            handler = _HANDLERS.get(kind)
            if handler is not None:
                found: Type = handler(self, node)
                return found
        if isinstance(node, _CLAUSES):
            self._all(node.iter_expressions())
            return _NONE
        if isinstance(node, exp.Query):
            return self._subquery_type(node)
        raise QueryError(
            f"This feature is not implemented: {node.sql('postgres')[:100]} ({type(node).__name__}) "
            "has no translation in the embedded runtime"
        )

    def _all(self, nodes: Iterable[exp.Expr]) -> list[Type]:
        return [self.translate(node) for node in list(nodes)]

    def _same(self, node: exp.Expr) -> Type:
        return self.translate(node.this)

    def _literal(self, node: Any) -> Type:
        if node.is_string:
            return Type(Kind.TEXT)
        try:
            value = int(node.this)
        except ValueError:
            return Type(Kind.FLOAT)
        if value <= _LARGEST:
            return Type(Kind.INTEGER)
        node.replace(text(f"{value:020d}"))
        return Type(Kind.WIDE)

    def _date(self, node: exp.Expr) -> Type:
        node.replace(text(format_moment(self._now_ns)[:10]))
        return Type(Kind.DATE)

    def _escaped(self, node: exp.Expr) -> Type:
        """Translate E'...'."""
        node.replace(text(_ESCAPE.sub(lambda sign: _ESCAPES.get(sign[1], sign[1]), node.this)))
        return Type(Kind.TEXT)

    def _interval(self, node: exp.Expr) -> Type:
        value, unit = node.this, node.args.get("unit")
        if not isinstance(value, exp.Literal):
            raise QueryError(
                "This feature is not implemented: an interval has to be written as text or number"
            )
        mark_interval(node, read_interval(value.name, unit.name if unit is not None else None))
        return Type(Kind.INTERVAL)

    def _compare(self, node: exp.Expr) -> Type:
        if isinstance(node.expression, exp.Any):
            return self._any(node)
        types = [self.translate(node.this), self.translate(node.expression)]
        align([node.this, node.expression], types, is_compared=True)
        if isinstance(node, exp.EQ):
            self._check_id(node.this, [node.expression])
            self._check_id(node.expression, [node.this])
        return _BOOLEAN

    def _any(self, node: exp.Expr) -> Type:
        among = node.expression.this
        self._all([node.this, among])
        if not isinstance(node, exp.EQ) or isinstance(among.unnest(), exp.Query):
            raise QueryError(
                "This feature is not implemented: ANY is translated in x = ANY(list) only; use IN"
            )
        node.replace(call("df_array_has", among.unnest(), node.this))
        return _BOOLEAN

    def _between(self, node: exp.Expr) -> Type:
        names = ("this", "low", "high")
        types = self._all([node.args[name] for name in names])
        align([node.args[name] for name in names], types, is_compared=True)
        return _BOOLEAN

    def _in(self, node: exp.Expr) -> Type:
        of = self.translate(node.this)
        if node.args.get("unnest") is not None:
            raise QueryError("This feature is not implemented: IN UNNEST")
        others = self._all(node.expressions)
        for value, other in zip(list(node.expressions), others, strict=True):
            as_kind(value, other, unify([of, other]))
        self._check_id(node.this, node.expressions)
        return _BOOLEAN

    def _check_id(self, column: exp.Expr, values: list[exp.Expr]) -> None:
        """Refuse texts that are no ids of invocations, as the server does."""
        if not (isinstance(column, exp.Column) and column.meta.get("is_id")):
            return
        for value in values:
            if isinstance(value, exp.Literal) and value.is_string:
                try:
                    _core.parse_invocation_id(value.name)
                except InvalidIdError as error:
                    raise QueryError("External error: non valid invocation id") from error

    def _truth(self, node: exp.Expr) -> Type:
        parts = [part for part in (node.this, node.args.get("expression")) if part is not None]
        for of in self._all(parts):
            if of.kind not in {Kind.BOOLEAN, Kind.NULL}:
                raise QueryError(
                    f"Error during planning: {type(node).__name__.upper()} takes a condition, not a {of.kind.value}"
                )
        return _BOOLEAN

    def _is(self, node: exp.Expr) -> Type:
        self.translate(node.this)
        return _BOOLEAN

    def _like(self, node: exp.Expr) -> Type:
        self._texts(node)
        pattern = node.expression.unnest()
        is_escaped = isinstance(pattern, exp.Literal) and "\\" in pattern.name
        if is_escaped and not isinstance(node.parent, exp.Escape):
            # SQLite has no escape character unless a statement names one.
            plain = exp.Like(this=node.this.copy(), expression=node.expression.copy())
            escaped: exp.Expr = exp.paren(exp.Escape(this=plain, expression=text("\\")))
            node.replace(exp.Not(this=escaped) if node.args.get("negate") else escaped)
        return _BOOLEAN

    def _ilike(self, node: exp.Expr) -> Type:
        return self._matching(node, "df_ilike")

    def _matching(self, node: exp.Expr, name: str, *flags: exp.Expr) -> Type:
        self._texts(node)
        found: exp.Expr = call(name, node.this, node.expression, *flags)
        node.replace(exp.Not(this=found) if node.args.get("negate") else found)
        return _BOOLEAN

    def _texts(self, node: exp.Expr) -> None:
        for of in self._all([node.this, node.expression]):
            if of.kind not in {Kind.TEXT, Kind.NULL}:
                raise QueryError(
                    "type_coercion\ncaused by\nError during planning: There isn't a common type to coerce "
                    f"{of.kind.value} and text in {type(node).__name__.upper()} expression"
                )

    def _arithmetic(self, node: exp.Expr) -> Type:
        types = self.translate(node.this), self.translate(node.expression)
        return translate_arithmetic(node, *types)

    def _concatenate(self, node: exp.Expr) -> Type:
        types = self._all([node.this, node.expression])
        for part, of in zip([node.this, node.expression], types, strict=True):
            part.replace(as_text(part, of))
        return Type(Kind.TEXT)

    def _negate(self, node: exp.Expr) -> Type:
        of = self.translate(node.this)
        if of.kind not in {Kind.INTEGER, Kind.FLOAT, Kind.NULL}:
            raise QueryError(
                "type_coercion\ncaused by\nError during planning: Negation only supports numeric, interval and "
                "timestamp types"
            )
        return of

    def _bits(self, node: exp.Expr) -> Type:
        self._all(node.iter_expressions())
        return Type(Kind.INTEGER)

    def _case(self, node: exp.Expr) -> Type:
        operand = node.this
        of = self.translate(operand) if operand is not None else None
        results, types = [], []
        for branch in node.args["ifs"]:
            condition = self.translate(branch.this)
            if of is not None:
                as_kind(branch.this, condition, unify([of, condition]))
            types.append(self.translate(branch.args["true"]))
        default = node.args.get("default")
        if default is not None:
            types.append(self.translate(default))
        results = [branch.args["true"] for branch in node.args["ifs"]]
        results += [node.args["default"]] if default is not None else []
        return align(results, types)

    def _exists(self, _: exp.Expr) -> Type:
        return _BOOLEAN

    def _call(self, node: Any) -> Type:
        types = self._arguments(node.expressions)
        return translate_call(node, types, now_ns=self._now_ns, is_window=isinstance(node.parent, exp.Window))

    def _arguments(self, arguments: list[exp.Expr]) -> list[Type]:
        types = []
        for argument in list(arguments):
            if isinstance(argument, exp.Order):
                for ordered in argument.expressions:
                    self.translate(ordered.this)
                types.append(self.translate(argument.this))
            elif isinstance(argument, exp.Distinct):
                types += self._all(argument.expressions)
            else:
                types.append(self.translate(argument))
        return types

    def _named(self, name: str, node: exp.Expr, *arguments: exp.Expr | None) -> Type:
        """Translate what has a syntax of its own as a call of a function."""
        new = call(name, *(one for one in arguments if one is not None))
        node.replace(new)
        return self._call(new)

    def _filter(self, node: exp.Expr) -> Type:
        self.translate(node.expression)
        return self.translate(node.this)

    def _window(self, node: exp.Expr) -> Type:
        self._all(
            [
                *(node.args.get("partition_by") or []),
                *([node.args["order"]] if node.args.get("order") else []),
            ]
        )
        return self.translate(node.this)

    def _bracket(self, node: exp.Expr) -> Type:
        of = self.translate(node.this)
        self._all(node.expressions)
        if (
            of.kind is not Kind.LIST
            or len(node.expressions) != 1
            or isinstance(node.expressions[0], exp.Slice)
        ):
            raise QueryError("This feature is not implemented: only an item of a list can be taken with []")
        node.replace(call("df_list_item", node.this, node.expressions[0]))
        return Type(of.item or Kind.NULL)


#: The operator `?`, which versions of sqlglot name differently.
_JSON_CONTAINS: Final[type[Any]] = getattr(exp, "JSONBContainsTopKey", None) or exp.JSONBContains
_E = Expressions
_HANDLERS: Final[Mapping[type[Any], Any]] = {
    exp.Column: lambda self, node: self._column_type(node),
    exp.Alias: _E._same,
    exp.Paren: _E._same,
    exp.Literal: _E._literal,
    exp.Boolean: lambda *_: _BOOLEAN,
    exp.Null: lambda *_: _NONE,
    exp.Interval: _E._interval,
    exp.CurrentDate: _E._date,
    exp.ByteString: _E._escaped,
    exp.RawString: lambda self, node: self._named("concat", node, text(node.name)),
    exp.HexString: lambda *_: Type(Kind.BYTES),
    exp.Cast: lambda self, node: translate_cast(node, self.translate(node.this)),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ), _E._compare
    ),
    exp.Between: _E._between,
    exp.In: _E._in,
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _E._truth),
    exp.Is: _E._is,
    exp.Like: _E._like,
    exp.Escape: lambda self, node: self.translate(node.this),
    exp.ILike: _E._ilike,
    exp.RegexpLike: lambda self, node: self._matching(node, "df_regexp_like"),
    exp.RegexpILike: lambda self, node: self._matching(node, "df_regexp_like", text("i")),
    exp.SimilarTo: lambda self, node: self._matching(node, "df_regexp_like"),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), _E._arithmetic),
    exp.DPipe: _E._concatenate,
    exp.Neg: _E._negate,
    **dict.fromkeys(
        (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseNot, exp.BitwiseLeftShift, exp.BitwiseRightShift), _E._bits
    ),
    exp.Case: _E._case,
    exp.Coalesce: lambda self, node: self._named("coalesce", node, node.this, *node.expressions),
    exp.Exists: _E._exists,
    exp.Anonymous: _E._call,
    exp.Filter: _E._filter,
    exp.Window: _E._window,
    exp.Bracket: _E._bracket,
    exp.Array: lambda self, node: self._named("make_array", node, *node.expressions),
    exp.CurrentTimestamp: lambda self, node: self._named("now", node),
    exp.Substring: lambda self, node: self._named(
        "substr", node, node.this, node.args.get("start") or integer(1), node.args.get("length")
    ),
    exp.StrPosition: lambda self, node: self._named("strpos", node, node.this, node.args["substr"]),
    exp.Extract: lambda self, node: self._named("date_part", node, text(node.this.name), node.expression),
    exp.JSONExtract: lambda self, node: self._named("json_get", node, node.this, node.expression),
    exp.JSONExtractScalar: lambda self, node: self._named("json_as_text", node, node.this, node.expression),
    _JSON_CONTAINS: lambda self, node: self._named("json_contains", node, node.this, node.expression),
    exp.Trim: lambda self, node: self._named(
        {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position").upper(), "btrim"),
        node,
        node.this,
        node.args.get("expression"),
    ),
}
