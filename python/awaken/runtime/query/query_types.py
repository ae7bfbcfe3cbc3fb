"""Names and types of what queries return, from the innermost query outwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from awaken.runtime.query.coercion import align
from awaken.runtime.query.column_names import describe
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.expressions import Expressions
from awaken.runtime.query.grouping import check_groups
from awaken.runtime.query.information_schema import INFORMATION_SCHEMA
from awaken.runtime.query.kinds import TABLES, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["find_types", "mark_unnamed"]

_UNNAMED: Final = "unnamed"
#: Names that sqlglot gives.
_GIVEN: Final = re.compile(r"_col_\d+")
_UNKNOWN: Final = Type(Kind.NULL)
#: Tables whose column `id`, and `invocation_id`, is that of an invocation.
_WITH_IDS: Final = frozenset(
    (
        *(
            "sys_invocation",
            "sys_invocation_status",
            "sys_invocation_state",
            "sys_journal",
            "sys_journal_events",
        ),
        *("sys_inbox", "sys_keyed_service_status"),
    )
)


class _Output(NamedTuple):
    #: In SQLite.
    name: str
    #: In answers.
    shown: str
    type: Type


def mark_unnamed(tree: exp.Expr) -> None:
    """Remember which results have no name, before they are given one."""
    for select in tree.find_all(exp.Select):
        for projection in select.expressions:
            if not isinstance(projection, exp.Alias | exp.Column) and not projection.is_star:
                projection.meta[_UNNAMED] = True


def find_types(tree: exp.Expr, now_ns: int) -> list[tuple[str, Type]]:
    """Translate every expression of a query whose names were resolved, in place.

    Returns:
        Names and types of what it returns.

    Raises:
        QueryError: a part has no translation, or its types do not fit.
    """
    walk = _Walk(now_ns)
    found: list[_Output] = []
    for scope in traverse_scope(tree):
        found = walk.visit(scope)
    return [(output.shown, output.type) for output in found]


class _Walk:
    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns
        #: By the identity of the query.
        self._outputs: dict[int, list[_Output]] = {}

    def visit(self, scope: Scope) -> list[_Output]:
        query = scope.expression
        outputs = self._find(scope, query)
        self._outputs[id(query)] = outputs
        return outputs

    def _find(self, scope: Scope, query: exp.Expr) -> list[_Output]:
        if isinstance(query, exp.Select):
            return self._select(scope, query)
        if isinstance(query, exp.SetOperation):
            return self._set(scope, query)
        if isinstance(query, exp.Subquery):
            return self._of(query.unnest())
        if isinstance(query, exp.Values):
            return self._values(scope, query)
        raise QueryError(f"This feature is not implemented: {query.sql('postgres')[:100]} in FROM")

    def _select(self, scope: Scope, query: exp.Select) -> list[_Output]:
        names = [(one.alias_or_name, _shown(one)) for one in query.expressions]
        _check_unique(query)
        check_groups(query)
        expressions = self._expressions(scope, {})
        types = [expressions.translate(one) for one in list(query.expressions)]
        outputs = [_Output(name, shown or name, of) for (name, shown), of in zip(names, types, strict=True)]
        outputs = [self._show(scope, query, at, output) for at, output in enumerate(outputs)]
        own = {output.name: output.type for output in outputs}
        clauses = self._expressions(scope, own)
        for name in ("joins", "where", "group", "having", "windows", "order", "distinct", "limit", "offset"):
            part = query.args.get(name)
            for clause in part if isinstance(part, list) else [part]:
                if isinstance(clause, exp.Join):
                    if clause.args.get("on") is not None:
                        clauses.translate(clause.args["on"])
                elif isinstance(clause, exp.Where | exp.Having):
                    _check_condition(clauses.translate(clause.this))
                elif isinstance(clause, exp.Expr):
                    clauses.translate(clause)
        return outputs

    def _show(self, scope: Scope, query: exp.Select, at: int, output: _Output) -> _Output:
        """Take over the name of what an inner query did not name."""
        column = query.expressions[at].unalias()
        if isinstance(column, exp.Column) and output.name == output.shown:
            source = scope.sources.get(column.table)
            if isinstance(source, Scope):
                for inner in self._outputs.get(id(source.expression), ()):
                    if inner.name == output.name:
                        return output._replace(shown=inner.shown)
        return output

    def _set(self, scope: Scope, query: exp.SetOperation) -> list[_Output]:
        left, right = self._of(query.left), self._of(query.right)
        if len(left) != len(right):
            raise QueryError("Error during planning: UNION queries have different number of columns")
        outputs = []
        for at, (a, b) in enumerate(zip(left, right, strict=True)):
            of = a.type if a.type.kind is b.type.kind else self._align(query, at, a.type, b.type)
            outputs.append(_Output(a.name, a.shown, of))
        own = {output.name: output.type for output in outputs}
        clauses = self._expressions(scope, own)
        for name in ("order", "limit", "offset"):
            clause = query.args.get(name)
            if clause is not None:
                clauses.translate(clause)
        return outputs

    def _align(self, query: exp.SetOperation, at: int, a: Type, b: Type) -> Type:
        sides = [side.unnest() for side in (query.left, query.right)]
        if all(isinstance(side, exp.Select) for side in sides):
            return align([side.expressions[at].unalias() for side in sides], [a, b])
        return a if b.kind is Kind.NULL else b

    def _values(self, scope: Scope, query: exp.Values) -> list[_Output]:
        expressions = self._expressions(scope, {})
        types = [[expressions.translate(value) for value in _cells(row)] for row in list(query.expressions)]
        rows = [_cells(row) for row in query.expressions]
        alias = query.args["alias"]
        names = [column.name for column in alias.columns]
        alias.set("columns", None)  # SQLite gives the same
        return [
            _Output(
                names[at],
                names[at],
                align([row[at] for row in rows], [row[at] for row in types]),
            )
            for at in range(len(rows[0]))
        ]

    def _of(self, query: exp.Expr) -> list[_Output]:
        found = self._outputs.get(id(query)) or self._outputs.get(id(query.unnest()))
        if found is None:
            raise QueryError(f"This feature is not implemented: {query.sql('postgres')[:100]}")
        return found

    def _expressions(self, scope: Scope, own: Mapping[str, Type]) -> Expressions:
        def column_type(column: exp.Column) -> Type:
            return own.get(column.name, _UNKNOWN) if not column.table else self._column(scope, column)

        def subquery_type(query: exp.Expr) -> Type:
            return self._of(query.unnest())[0].type

        return Expressions(column_type, subquery_type, self._now_ns)

    def _column(self, scope: Scope | None, column: exp.Column) -> Type:
        while scope is not None:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                table = {**TABLES, **INFORMATION_SCHEMA}.get(source.name, {})
                column.meta["is_id"] = source.name in _WITH_IDS and column.name in {"id", "invocation_id"}
                return table[column.name].type if column.name in table else _UNKNOWN
            if source is not None:
                outputs = self._outputs.get(id(source.expression)) or []
                names = _column_names(scope, column.table)
                for at, output in enumerate(outputs):
                    if column.name == (names[at] if at < len(names) else output.name):
                        return output.type
                return _UNKNOWN
            scope = scope.parent
        return _UNKNOWN


def _column_names(scope: Scope, table: str) -> list[str]:
    """Return the names that a source's columns are given: `FROM (...) AS t(a, b)`."""
    node = scope.selected_sources.get(table)
    alias = node[0].args.get("alias") if node else None
    return [column.name for column in alias.columns] if alias is not None else []


def _check_condition(of: Type) -> None:
    if of.kind not in {Kind.BOOLEAN, Kind.NULL}:
        raise QueryError(
            f"Error during planning: Cannot create filter with non-boolean predicate returning {of.kind.value}",
            is_misread=True,
        )


def _cells(row: exp.Expr) -> list[exp.Expr]:
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def _shown(projection: exp.Expr) -> str | None:
    inner, name = projection.unalias(), projection.alias_or_name
    is_given = not _GIVEN.fullmatch(name) and name != inner.output_name
    return describe(inner) if inner.meta.get(_UNNAMED) and not is_given else None


def _check_unique(query: exp.Select) -> None:
    seen: dict[str, int] = {}
    for at, projection in enumerate(query.expressions):
        inner = projection.unalias()
        is_plain = inner.meta.get(_UNNAMED) or (
            isinstance(inner, exp.Column) and inner.name == projection.alias_or_name
        )
        name = describe(inner) if is_plain else projection.alias_or_name
        if name in seen and isinstance(query.parent, type(None)):
            raise QueryError(
                f'Error during planning: Projections require unique expression names but the expression "{name}" at '
                f"position {seen[name]} and the same at position {at} have the same name. "
                'Consider aliasing ("AS") one of them.',
                is_misread=True,
            )
        seen[name] = at
