"""Refusing what groups do not have one value of; SQLite would take that of any row."""

from __future__ import annotations

from sqlglot import exp

from awaken.runtime.query.calls import is_aggregate
from awaken.runtime.query.column_names import describe
from awaken.runtime.query.errors import QueryError

__all__ = ["check_groups"]


def check_groups(query: exp.Select) -> None:
    """Check a query whose names were resolved.

    Raises:
        QueryError: it selects a column that is neither grouped by nor aggregated, or aggregates in WHERE.
    """
    where = query.args.get("where")
    if where is not None and any(map(is_aggregate, _walk(where.this))):
        raise QueryError(
            "Error during planning: Aggregate functions are not allowed in the WHERE clause. Consider using HAVING "
            "instead",
            is_misread=True,
        )
    group = query.args.get("group")
    is_grouped = group is not None or any(
        is_aggregate(node) for projection in query.expressions for node in _walk(projection)
    )
    if not is_grouped:
        return
    keys = list(group.expressions) if group is not None else []
    for projection in query.expressions:
        lost = _find_lost(projection.unalias(), keys)
        if lost is not None:
            raise QueryError(
                "Error during planning: Column in SELECT must be in GROUP BY or an aggregate function: "
                f'"{describe(lost)}"'
            )


def _walk(tree: exp.Expr) -> list[exp.Expr]:
    """Return the parts of an expression, without those of subqueries."""
    return list(tree.walk(prune=lambda node: isinstance(node, exp.Query)))


def _find_lost(tree: exp.Expr, keys: list[exp.Expr]) -> exp.Column | None:
    """Return a column that a group has no single value of."""
    if is_aggregate(tree) or isinstance(tree, exp.Query) or tree in keys:
        return None
    if isinstance(tree, exp.Filter):
        return _find_lost(tree.this, keys)
    if isinstance(tree, exp.Column):
        return tree
    for part in tree.iter_expressions():
        lost = _find_lost(part, keys)
        if lost is not None:
            return lost
    return None
