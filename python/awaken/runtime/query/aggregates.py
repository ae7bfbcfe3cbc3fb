"""Aggregates of the server's dialect: those that SQLite does not have, or that its older versions do not order."""

from __future__ import annotations

import json
import statistics
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["AGGREGATES", "DISTINCT", "FIRST", "ORDERED"]

#: Ways of ordering by one expression, as the letters of an aggregate's second argument: descending ones are upper
#: case, and `n` and `N` have NULL first.
FIRST: Final = "n"
DISTINCT: Final = "="
_Row = tuple[Any, ...]


class Ordered:
    """The rows of a group, in order: `aggregate(value, ways, key, ...)`; a `ways` of NULL is no order.

    If the ways begin with DISTINCT, equal values count once: SQLite has that for aggregates of one argument only.
    """

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._ways = ""

    def step(self, value: Any, ways: str | None = None, *keys: Any) -> None:
        """Take a row."""
        self._ways = ways or ""
        self._rows.append((value, *keys))

    def values(self) -> list[Any]:
        """Return the values in order."""
        if self._ways.startswith(DISTINCT):
            self._ways = self._ways.removeprefix(DISTINCT)
            self._rows = list({row[0]: row for row in self._rows}.values())
        if self._ways:
            self._rows.sort(key=cmp_to_key(self._compare))
        return [row[0] for row in self._rows]

    def _compare(self, a: _Row, b: _Row) -> int:
        for at, way in enumerate(self._ways, 1):
            x, y = a[at], b[at]
            if x is None or y is None:
                if (x is None) != (y is None):
                    return -1 if (x is None) == (way.lower() == FIRST) else 1
                continue
            if x != y:
                return -1 if _is_less(x, y) == way.islower() else 1
        return 0


def _is_less(x: Any, y: Any) -> bool:
    """Compare as SQLite does: numbers are before text, and text before bytes."""
    ranks = [2 if isinstance(one, bytes) else int(isinstance(one, str)) for one in (x, y)]
    return bool(x < y) if ranks[0] == ranks[1] else ranks[0] < ranks[1]


class FirstValue(Ordered):
    """`first_value`."""

    def finalize(self) -> Any:
        """Return the value."""
        return next(iter(self.values()), None)


class LastValue(Ordered):
    """`last_value`."""

    def finalize(self) -> Any:
        """Return the value."""
        return next(reversed(self.values()), None)


class ArrayAgg(Ordered):
    """`array_agg`."""

    def finalize(self) -> str | None:
        """Return a JSON array; None for no rows."""
        values = self.values()
        return (
            json.dumps([one.hex() if isinstance(one, bytes) else one for one in values]) if values else None
        )


class StringAgg(Ordered):
    """`string_agg`: the separator comes with each value."""

    def finalize(self) -> str | None:
        """Return the joined text; None for no values."""
        found = [json.loads(one) for one in self.values() if one is not None]
        found = [(text, separator) for text, separator in found if text is not None]
        if not found:
            return None
        return str(found[0][0]) + "".join(f"{separator}{text}" for text, separator in found[1:])


class _Numbers:
    _least = 1

    def __init__(self) -> None:
        self._numbers: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            if not isinstance(value, int | float):
                raise QueryError(f"{value!r} is no number")
            self._numbers.append(value)

    def finalize(self) -> float | None:
        return float(self._result()) if len(self._numbers) >= self._least else None

    def _result(self) -> float:
        raise NotImplementedError


def _over_numbers(of: Callable[[list[float]], float], least: int = 1) -> type[_Numbers]:
    class Over(_Numbers):
        _least = least

        def _result(self) -> float:
            return of(self._numbers)

    return Over


#: Those that take an order.
ORDERED: Final[Mapping[str, type[Any]]] = {
    "first_value": FirstValue,
    "last_value": LastValue,
    "array_agg": ArrayAgg,
    "string_agg": StringAgg,
}
#: All of them, by name.
AGGREGATES: Final[Mapping[str, type[Any]]] = {
    **ORDERED,
    "median": _over_numbers(statistics.median),
    "stddev": _over_numbers(statistics.stdev, 2),
    "stddev_samp": _over_numbers(statistics.stdev, 2),
    "stddev_pop": _over_numbers(statistics.pstdev),
    "var": _over_numbers(statistics.variance, 2),
    "var_samp": _over_numbers(statistics.variance, 2),
    "var_pop": _over_numbers(statistics.pvariance),
}
