"""Which tables a question names, and how DataFusion lets one refer to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.information_schema import INFORMATION_SCHEMA, PREFIX
from awaken.runtime.query.kinds import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["name_values", "open_parentheses", "resolve_tables"]

_INFORMATION: Final = "information_schema"
#: Parts of a query that belong to all of it.
_ENDS: Final = ("with_", "with", "order", "limit", "offset")


def resolve_tables(tree: exp.Expr) -> None:
    """Give every table the name it has in SQLite, and every subquery in FROM a name.

    Raises:
        QueryError: there is no such table.
    """
    defined = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        _resolve(table, defined)
    for column in tree.find_all(exp.Column):
        if _fold(column.args.get("db")) == "public":
            column.set("db", None)
            column.set("catalog", None)
    for values in list(tree.find_all(exp.Values)):
        if values.parent is not None:
            _rename_values(values)
    for at, select in enumerate(list(tree.find_all(exp.Select))):
        _name_subqueries(select, f"_q{at}_")


def open_parentheses(tree: exp.Expr) -> exp.Expr:
    """Return a query without parentheses around what UNION and the like join: SQLite has none there."""
    while isinstance(tree, exp.Subquery) and not tree.alias and isinstance(tree.this, exp.Query):
        if any(map(tree.args.get, _ENDS)):
            tree = _select_from(tree)
            break
        tree = tree.this.pop()
    for joined in list(tree.find_all(exp.SetOperation)):
        for name in ("this", "expression"):
            side = joined.args[name]
            if isinstance(side, exp.Subquery):
                inner = side.unnest()
                is_plain = isinstance(inner, exp.Select) and not any(
                    one.args.get(end) for one in (inner, side) for end in _ENDS
                )
                joined.set(name, inner if is_plain else _select_from(side))
    return tree


def _select_from(query: exp.Subquery) -> exp.Expr:
    """Return a query of all of another one, which takes over what follows the parentheses of that one."""
    ends = {name: query.args[name] for name in _ENDS if query.args.get(name)}
    for name in ends:
        query.set(name, None)
    outer = exp.select("*").from_(query, copy=False)
    for name, end in ends.items():
        outer.set(name, end)
    return outer


def name_values(values: exp.Values) -> exp.Values:
    """Name the columns as SQLite does, and DataFusion: column1, column2, ..."""
    first = values.expressions[0]
    width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    columns = [exp.to_identifier(f"column{at + 1}") for at in range(width)]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("_values"), columns=columns))
    return values


def _rename_values(values: exp.Values) -> None:
    """Give the columns of `(VALUES ...) AS t(a, b)` their names by selecting from them: SQLite cannot."""
    holder = values.parent if isinstance(values.parent, exp.Subquery) else values
    alias = holder.args.get("alias")
    inner = name_values(values.copy())
    names = [column.name for column in alias.columns] if alias is not None else []
    columns = [column.name for column in inner.args["alias"].columns]
    if len(names) > len(columns):
        raise QueryError(f"Error during planning: {len(names)} names for {len(columns)} columns")
    selected = [
        exp.alias_(exp.column(column), names[at], quoted=True) if at < len(names) else exp.column(column)
        for at, column in enumerate(columns)
    ]
    query = exp.select(*selected).from_(inner).subquery(copy=False)
    if alias is not None:
        query.set("alias", exp.TableAlias(this=alias.this))
    holder.replace(query)


def _resolve(table: exp.Table, defined: set[str]) -> None:
    if not isinstance(table.this, exp.Identifier):
        shown = table.sql("postgres")[:100]
        raise QueryError(
            f"This feature is not implemented: the embedded runtime has no table function {shown}"
        )
    name, schema, catalog = (
        _fold(part) for part in (table.this, table.args.get("db"), table.args.get("catalog"))
    )
    if not schema and name in defined:
        return
    found = PREFIX + name if schema == _INFORMATION else name
    is_known = (
        found in INFORMATION_SCHEMA
        if schema == _INFORMATION
        else found in TABLES and schema in {"", "public"}
    )
    if not is_known or catalog not in {"", "restate"}:
        raise QueryError(
            f"Error during planning: table '{catalog or 'restate'}.{schema or 'public'}.{name}' not found"
        )
    if schema == _INFORMATION and not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
    table.set("this", exp.to_identifier(found))
    table.set("db", None)
    table.set("catalog", None)


def _fold(part: exp.Expr | None) -> str:
    """Return a name as DataFusion compares it: in lower case unless it is quoted."""
    if part is None:
        return ""
    return part.name if part.args.get("quoted") else part.name.lower()


def _name_subqueries(select: exp.Select, prefix: str) -> None:
    """Name the subqueries in FROM that have no name.

    What they select from can be referred to outside of them by its own name: `SELECT i.id FROM (SELECT * FROM t i)`.
    """
    sources = list(_sources(select))
    known = {source.alias_or_name for source in sources}
    inside = {}
    for at, source in enumerate(sources):
        if isinstance(source, exp.Subquery) and not source.alias:
            name = f"{prefix}{at}"
            source.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
            inner = source.unnest()
            if isinstance(inner, exp.Select):
                inside.update({one.alias_or_name: name for one in _sources(inner) if one.alias_or_name})
    for name in known:
        inside.pop(name, None)
    if inside:
        for column in _own_columns(select, sources):
            name = _fold(column.args.get("table"))
            if name in inside:
                column.set("table", exp.to_identifier(inside[name]))


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    start = select.args.get("from_") or select.args.get("from")
    if start is not None:
        yield start.this
    for join in select.args.get("joins") or ():
        yield join.this


def _own_columns(select: exp.Select, sources: list[exp.Expr]) -> list[exp.Column]:
    """Return the columns outside of the sources."""
    skipped = {id(source) for source in sources}
    return [
        node for node in select.walk(prune=lambda node: id(node) in skipped) if isinstance(node, exp.Column)
    ]
