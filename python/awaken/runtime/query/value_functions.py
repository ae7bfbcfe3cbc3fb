"""Functions on numbers and times, and conversions between types."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.function_table import as_bytes, as_text, declare
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.rendering import renderer
from awaken.runtime.query.time_literals import Interval, add_interval, read_moment, truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECOND: Final = 1_000_000_000

# Numbers.

for _name in ("sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan"):
    declare(Kind.FLOAT, _name)(getattr(math, _name))
declare(Kind.FLOAT, "ln")(math.log)
declare(Kind.FLOAT, "log10")(math.log10)
declare(Kind.FLOAT, "log2")(math.log2)
declare(Kind.FLOAT, "log")(lambda a, b=None: math.log10(a) if b is None else math.log(b, a))
declare(Kind.FLOAT, "pi")(lambda: math.pi)
declare(Kind.FLOAT, "random")(random.random)
declare(Kind.FLOAT, "trunc")(lambda value, digits=0: math.trunc(value * 10**digits) / 10**digits)
declare(Kind.FLOAT, "round")(lambda value, digits=0: _round(value, digits))
declare(Kind.FLOAT, "floor")(lambda value: float(math.floor(value)))
declare(Kind.FLOAT, "ceil")(lambda value: float(math.ceil(value)))
declare(Kind.FLOAT, "signum")(lambda value: float((value > 0) - (value < 0)))
declare(Kind.INTEGER, "gcd")(math.gcd)
declare(Kind.INTEGER, "lcm")(math.lcm)
declare(Kind.BOOLEAN, "isnan")(math.isnan)


@declare(Kind.FLOAT, "cbrt")
def _cube_root(value: float) -> float:
    root = math.cbrt(value)
    whole = round(root)
    return float(whole) if whole**3 == value else root


def _round(value: float, digits: int) -> float:
    scaled = abs(value) * 10**digits
    return math.copysign(math.floor(scaled + 0.5) / 10**digits, value)


@declare(Kind.INTEGER, "divide", is_public=False)
def _divide(a: int, b: int) -> int:
    if b == 0:
        raise QueryError("Arrow error: Divide by zero error")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@declare(Kind.INTEGER, "modulo", is_public=False)
def _modulo(a: int | str, b: int | str) -> int:
    if int(b) == 0:
        raise QueryError("Arrow error: Divide by zero error")
    rest = abs(int(a)) % abs(int(b))
    return -rest if int(a) < 0 else rest


@declare(Kind.FLOAT, "remainder", is_public=False)
def _remainder(a: float | str, b: float | str) -> float | None:
    try:
        return math.fmod(float(a), float(b))
    except ValueError:  # not a number, which answers leave out
        return None


# Conversions.


@declare(Kind.TEXT, "text", is_public=False)
def _to_text(value: Any, kind: str) -> str:
    match Kind(kind):
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DURATION:
            days, rest = divmod(value, 86_400_000)
            hours, minutes, seconds = rest // 3_600_000, rest // 60_000 % 60, rest % 60_000 / 1000
            return f"{days} days {hours} hours {minutes} mins {seconds:.3f} secs"
        case Kind.BYTES:
            return as_text(value)
        case Kind.FLOAT:
            return repr(float(value))
    return str(renderer(Type(Kind(kind)))(value))


def _failing(kind: str, convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        try:
            return convert(value)
        except ValueError as error:
            raise QueryError(
                f"Arrow error: Cast error: Cannot cast string '{value}' to a value of {kind}"
            ) from error

    return call


declare(Kind.INTEGER, "integer", is_public=False)(_failing("Int64", int))
declare(Kind.FLOAT, "float", is_public=False)(_failing("Float64", float))
declare(Kind.WIDE, "wide", is_public=False)(_failing("UInt64", lambda value: f"{int(value):020d}"))
declare(Kind.BYTES, "bytes", is_public=False)(as_bytes)
declare(Kind.MOMENT, "moment", is_public=False)(
    lambda value: value if isinstance(value, int) else read_moment(value)
)
declare(Kind.DATE, "date", is_public=False)(lambda value: as_text(value)[:10])


@declare(Kind.BOOLEAN, "boolean", is_public=False)
def _to_boolean(value: Any) -> bool:
    if isinstance(value, int):
        return bool(value)
    lowered = as_text(value).strip().lower()
    if lowered in {"true", "t", "yes", "y", "on", "1"}:
        return True
    if lowered in {"false", "f", "no", "n", "off", "0"}:
        return False
    raise QueryError(f"Arrow error: Cast error: Cannot cast value '{value}' to value of Boolean type")


@declare(Kind.TEXT, "typeof", takes_null=True, is_public=False)
def _type_name(_: Any, name: str) -> str:
    return name


@declare(Kind.NULL, "greatest", is_public=False, takes_null=True)
def _greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


@declare(Kind.NULL, "least", is_public=False, takes_null=True)
def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


@declare(Kind.FLOAT, "power", "pow")
def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


def _trying(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        try:
            return convert(value)
        except ValueError:
            return None

    return call


declare(Kind.INTEGER, "try_integer", is_public=False)(_trying(int))
declare(Kind.FLOAT, "try_float", is_public=False)(_trying(float))


# Times, all in nanoseconds.


@declare(Kind.MOMENT, "add_months", is_public=False)
def _add(at_ns: int, months: int, days: int, nanoseconds: int) -> int:
    return add_interval(at_ns, Interval(months, days, nanoseconds))


@declare(Kind.MOMENT, "date_trunc", is_public=False)
def _truncate(unit: str, at_ns: int) -> int:
    return truncate(unit, at_ns)


@declare(Kind.FLOAT, "date_part", is_public=False)
def _part(unit: str, at_ns: int) -> float:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1000)
    rest = at_ns % _SECOND
    parts: Mapping[str, float] = {
        "year": at.year,
        "quarter": (at.month + 2) // 3,
        "month": at.month,
        "week": at.isocalendar().week,
        "day": at.day,
        "doy": at.timetuple().tm_yday,
        "dow": at.isoweekday() % 7,
        "isodow": at.isoweekday() - 1,
        "hour": at.hour,
        "minute": at.minute,
        "second": at.second,
        "millisecond": at.second * 1000 + rest // 1_000_000,
        "microsecond": at.second * 1_000_000 + rest // 1000,
        "nanosecond": at.second * _SECOND + rest,
        "epoch": at_ns / _SECOND,
    }
    name = unit.lower()
    found = parts.get(name, parts.get(name.removesuffix("s")))
    if found is None:
        raise QueryError(f"Execution error: Date part '{unit}' not supported")
    return found
