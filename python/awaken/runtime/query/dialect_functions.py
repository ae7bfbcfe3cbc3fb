"""Functions of the server's dialect that SQLite does not have, or has with another meaning.

None of them is called with NULL, except those that say so: the result is NULL then.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import re
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.limits import VALUE_SIZE
from awaken.runtime.query.rendering import list_items, renderer
from awaken.runtime.query.time_literals import Interval, add_interval, read_moment, truncate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FUNCTIONS", "Function"]

#: Characters of a pattern.
_PATTERN_SIZE: Final = 1_000
_SECOND: Final = 1_000_000_000


class Function(NamedTuple):
    """A function, as questions see it."""

    function: Callable[..., Any]
    #: Of its result.
    type: Type
    #: Whether it is called with NULL, too.
    takes_null: bool = False
    #: Whether questions may name it; others stand for operators.
    is_public: bool = True


FUNCTIONS: Final[dict[str, Function]] = {}


def _declare(
    kind: Kind, *names: str, item: Kind | None = None, takes_null: bool = False, is_public: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            FUNCTIONS[name] = Function(function, Type(kind, item), takes_null, is_public)
        return function

    return declare


# Text.


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _check_size(size: int) -> None:
    if size > VALUE_SIZE:
        raise QueryError(f"a value of {size} bytes is too large", is_limited=True)


_declare(Kind.TEXT, "upper")(lambda value: _text(value).upper())
_declare(Kind.TEXT, "lower")(lambda value: _text(value).lower())
_declare(Kind.TEXT, "reverse")(lambda value: _text(value)[::-1])
_declare(Kind.TEXT, "initcap")(lambda value: re.sub(r"\w+", lambda word: word[0].capitalize(), _text(value)))
_declare(Kind.TEXT, "replace")(lambda value, old, new: _replace(_text(value), _text(old), _text(new)))
_declare(Kind.TEXT, "btrim", "trim")(lambda value, chars=" ": _text(value).strip(chars))
_declare(Kind.TEXT, "ltrim")(lambda value, chars=" ": _text(value).lstrip(chars))
_declare(Kind.TEXT, "rtrim")(lambda value, chars=" ": _text(value).rstrip(chars))
_declare(Kind.TEXT, "left")(lambda value, count: _text(value)[:count])
_declare(Kind.TEXT, "right")(lambda value, count: _text(value)[-count:] if count else "")
_declare(Kind.TEXT, "chr")(chr)
_declare(Kind.TEXT, "to_hex")(lambda value: f"{value & 0xFFFF_FFFF_FFFF_FFFF:x}")
_declare(Kind.TEXT, "uuid")(lambda: str(uuid.uuid4()))
_declare(Kind.INTEGER, "length", "char_length", "character_length")(lambda value: len(_text(value)))
_declare(Kind.INTEGER, "octet_length")(lambda value: len(_bytes(value)))
_declare(Kind.INTEGER, "bit_length")(lambda value: 8 * len(_bytes(value)))
_declare(Kind.INTEGER, "ascii")(lambda value: ord(value[0]) if value else 0)
_declare(Kind.INTEGER, "strpos", "instr", "position")(lambda value, part: _text(value).find(part) + 1)
_declare(Kind.BOOLEAN, "starts_with")(lambda value, part: _text(value).startswith(part))
_declare(Kind.BOOLEAN, "ends_with")(lambda value, part: _text(value).endswith(part))
_declare(Kind.BOOLEAN, "contains")(lambda value, part: part in _text(value))
_declare(Kind.TEXT, "md5")(lambda value: hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest())
_declare(Kind.BYTES, "sha256")(lambda value: hashlib.sha256(_bytes(value)).digest())


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else _text(value).encode()


def _replace(value: str, old: str, new: str) -> str:
    _check_size(len(value) + value.count(old) * max(0, len(new) - len(old)) if old else 0)
    return value.replace(old, new) if old else value


@_declare(Kind.TEXT, "substr", "substring")
def _substring(value: Any, start: int, count: int | None = None) -> str:
    text, first = _text(value), start - 1
    if count is None:
        return text[max(0, first) :]
    if count < 0:
        raise QueryError(
            f"Execution error: negative substring length not allowed: substr(<str>, {start}, {count})"
        )
    return text[max(0, first) : max(0, first + count)]


@_declare(Kind.TEXT, "split_part")
def _split_part(value: Any, delimiter: str, position: int) -> str:
    parts = _text(value).split(delimiter) if delimiter else [_text(value)]
    if position == 0:
        raise QueryError("Execution error: field position must not be zero")
    at = position - 1 if position > 0 else len(parts) + position
    return parts[at] if 0 <= at < len(parts) else ""


@_declare(Kind.TEXT, "repeat")
def _repeat(value: Any, count: int) -> str:
    _check_size(len(_text(value)) * max(0, count))
    return _text(value) * count


@_declare(Kind.TEXT, "lpad")
def _pad_left(value: Any, size: int, fill: str = " ") -> str:
    _check_size(size)
    text, missing = _text(value), size - len(_text(value))
    return (fill * (missing // len(fill) + 1))[:missing] + text if missing > 0 and fill else text[:size]


@_declare(Kind.TEXT, "rpad")
def _pad_right(value: Any, size: int, fill: str = " ") -> str:
    _check_size(size)
    text, missing = _text(value), size - len(_text(value))
    return text + (fill * (missing // len(fill) + 1))[:missing] if missing > 0 and fill else text[:size]


@_declare(Kind.TEXT, "concat", takes_null=True)
def _concat(*values: Any) -> str:
    return "".join(_text(value) for value in values if value is not None)


@_declare(Kind.TEXT, "concat_ws", takes_null=True)
def _concat_with(separator: str | None, *values: Any) -> str | None:
    return None if separator is None else separator.join(_text(one) for one in values if one is not None)


@_declare(Kind.TEXT, "translate")
def _translate(value: Any, old: str, new: str) -> str:
    table = {ord(char): new[at] if at < len(new) else None for at, char in reversed(list(enumerate(old)))}
    return _text(value).translate(table)


@_declare(Kind.TEXT, "encode")
def _encode(value: Any, form: str) -> str:
    match form.lower():
        case "hex":
            return _bytes(value).hex()
        case "base64":
            return base64.b64encode(_bytes(value)).decode().rstrip("=")
    raise QueryError(f"Error during planning: Unsupported encoding {form!r}; it is hex or base64")


@_declare(Kind.BYTES, "decode")
def _decode(value: Any, form: str) -> bytes:
    try:
        if form.lower() == "hex":
            return bytes.fromhex(_text(value))
        if form.lower() == "base64":
            return base64.b64decode(_text(value) + "===")
    except ValueError as error:
        raise QueryError(f"Execution error: Failed to decode {form}: {error}") from error
    raise QueryError(f"Error during planning: Unsupported encoding {form!r}; it is hex or base64")


# Patterns.


@lru_cache(100)
def _compile(pattern: str, flags: str) -> re.Pattern[str]:
    if len(pattern) > _PATTERN_SIZE:
        raise QueryError(
            f"a pattern has {len(pattern)} characters; {_PATTERN_SIZE} are allowed", is_limited=True
        )
    try:
        return re.compile(
            pattern, sum({"i": re.I, "s": re.S, "m": re.M, "x": re.X}.get(flag, 0) for flag in flags)
        )
    except re.error as error:
        raise QueryError(f"Execution error: {pattern!r} is not a regular expression: {error}") from error


@_declare(Kind.BOOLEAN, "regexp_like")
def _matches(value: Any, pattern: str, flags: str = "") -> bool:
    return _compile(pattern, flags).search(_text(value)) is not None


@_declare(Kind.TEXT, "regexp_replace")
def _replace_pattern(value: Any, pattern: str, new: str, flags: str = "") -> str:
    template = re.sub(r"\\(\d)|(\\)", lambda part: rf"\g<{part[1]}>" if part[1] else r"\\", new)
    return _compile(pattern, flags).sub(template, _text(value), count=0 if "g" in flags else 1)


@_declare(Kind.INTEGER, "regexp_count")
def _count_matches(value: Any, pattern: str, start: int = 1, flags: str = "") -> int:
    return sum(1 for _ in _compile(pattern, flags).finditer(_text(value), start - 1))


@_declare(Kind.LIST, "regexp_match", item=Kind.TEXT)
def _match(value: Any, pattern: str, flags: str = "") -> str | None:
    found = _compile(pattern, flags).search(_text(value))
    return None if found is None else json.dumps(found.groups() or [found[0]])


@_declare(Kind.BOOLEAN, "ilike", is_public=False)
def _is_like(value: Any, pattern: str, escape: str = "\\") -> bool:
    parts = re.findall(re.escape(escape) + r"(.)|([%_])|(.)", pattern, re.S)
    written = "".join(
        {"%": ".*", "_": "."}.get(sign, re.escape(kept or plain)) for kept, sign, plain in parts
    )
    return _compile(rf"\A{written}\Z", "is").search(_text(value)) is not None


# Numbers.

for _name in ("sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "cbrt"):
    _declare(Kind.FLOAT, _name)(getattr(math, _name))
_declare(Kind.FLOAT, "ln")(math.log)
_declare(Kind.FLOAT, "log10")(math.log10)
_declare(Kind.FLOAT, "log2")(math.log2)
_declare(Kind.FLOAT, "log")(lambda a, b=None: math.log10(a) if b is None else math.log(b, a))
_declare(Kind.FLOAT, "pi")(lambda: math.pi)
_declare(Kind.FLOAT, "random")(random.random)
_declare(Kind.FLOAT, "trunc")(lambda value, digits=0: math.trunc(value * 10**digits) / 10**digits)
_declare(Kind.FLOAT, "round")(lambda value, digits=0: _round(value, digits))
_declare(Kind.FLOAT, "floor")(lambda value: float(math.floor(value)))
_declare(Kind.FLOAT, "ceil")(lambda value: float(math.ceil(value)))
_declare(Kind.INTEGER, "signum")(lambda value: (value > 0) - (value < 0))
_declare(Kind.INTEGER, "gcd")(math.gcd)
_declare(Kind.INTEGER, "lcm")(math.lcm)
_declare(Kind.BOOLEAN, "isnan")(math.isnan)


def _round(value: float, digits: int) -> float:
    scaled = abs(value) * 10**digits
    return math.copysign(math.floor(scaled + 0.5) / 10**digits, value)


@_declare(Kind.INTEGER, "divide", is_public=False)
def _divide(a: int, b: int) -> int:
    if b == 0:
        raise QueryError("Arrow error: Divide by zero error")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@_declare(Kind.INTEGER, "modulo", is_public=False)
def _modulo(a: int | str, b: int | str) -> int:
    if int(b) == 0:
        raise QueryError("Arrow error: Divide by zero error")
    return int(math.fmod(int(a), int(b))) if isinstance(a, int) else int(a) % int(b)


# Conversions.


@_declare(Kind.TEXT, "text", is_public=False)
def _to_text(value: Any, kind: str) -> str:
    match Kind(kind):
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DURATION:
            days, rest = divmod(value, 86_400_000)
            hours, minutes, seconds = rest // 3_600_000, rest // 60_000 % 60, rest % 60_000 / 1000
            return f"{days} days {hours} hours {minutes} mins {seconds:.3f} secs"
        case Kind.BYTES:
            return _text(value)
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


_declare(Kind.INTEGER, "integer", is_public=False)(_failing("Int64", int))
_declare(Kind.FLOAT, "float", is_public=False)(_failing("Float64", float))
_declare(Kind.WIDE, "wide", is_public=False)(_failing("UInt64", lambda value: f"{int(value):020d}"))
_declare(Kind.BYTES, "bytes", is_public=False)(_bytes)
_declare(Kind.MOMENT, "moment", is_public=False)(
    lambda value: value if isinstance(value, int) else read_moment(value)
)
_declare(Kind.DATE, "date", is_public=False)(lambda value: _text(value)[:10])


@_declare(Kind.BOOLEAN, "boolean", is_public=False)
def _to_boolean(value: Any) -> bool:
    if isinstance(value, int):
        return bool(value)
    lowered = _text(value).strip().lower()
    if lowered in {"true", "t", "yes", "y", "on", "1"}:
        return True
    if lowered in {"false", "f", "no", "n", "off", "0"}:
        return False
    raise QueryError(f"Arrow error: Cast error: Cannot cast value '{value}' to value of Boolean type")


@_declare(Kind.TEXT, "typeof", takes_null=True, is_public=False)
def _type_name(_: Any, name: str) -> str:
    return name


# Times, all in nanoseconds.


@_declare(Kind.MOMENT, "add_months", is_public=False)
def _add(at_ns: int, months: int, days: int, nanoseconds: int) -> int:
    return add_interval(at_ns, Interval(months, days, nanoseconds))


@_declare(Kind.MOMENT, "date_trunc", is_public=False)
def _truncate(unit: str, at_ns: int) -> int:
    return truncate(unit, at_ns)


@_declare(Kind.FLOAT, "date_part", is_public=False)
def _part(unit: str, at_ns: int) -> float:
    from datetime import UTC, datetime, timedelta

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


# JSON and lists.


def _find(text: Any, keys: tuple[Any, ...]) -> Any:
    try:
        found = json.loads(text)
        for key in keys:
            found = found[key if isinstance(found, list) and isinstance(key, int) else str(key)]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return found


@_declare(Kind.TEXT, "json_as_text")
def _json_text(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return found if found is None or isinstance(found, str) else json.dumps(found, separators=(",", ":"))


@_declare(Kind.TEXT, "json_get", "json_get_json")
def _json_part(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return None if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _typed(*kinds: type) -> Callable[..., Any]:
    def get(text: Any, *keys: Any) -> Any:
        found = _find(text, keys)
        return found if type(found) in kinds else None

    return get


_declare(Kind.TEXT, "json_get_str")(_typed(str))
_declare(Kind.INTEGER, "json_get_int")(_typed(int))
_declare(Kind.FLOAT, "json_get_float")(_typed(float, int))
_declare(Kind.BOOLEAN, "json_get_bool")(_typed(bool))
_declare(Kind.BOOLEAN, "json_contains")(lambda text, *keys: _find(text, keys) is not None)


@_declare(Kind.INTEGER, "json_length")
def _json_length(text: Any, *keys: Any) -> int | None:
    found = _find(text, keys)
    return len(found) if isinstance(found, list | dict) else None


@_declare(Kind.LIST, "json_object_keys", item=Kind.TEXT)
def _json_keys(text: Any, *keys: Any) -> str | None:
    found = _find(text, keys)
    return json.dumps(list(found)) if isinstance(found, dict) else None


@_declare(Kind.BOOLEAN, "array_has", "list_has", "array_contains", "list_contains")
def _has(values: Any, value: Any) -> bool:
    return value in (list_items(values) or [])


@_declare(Kind.U64, "array_length", "list_length", "cardinality")
def _list_length(values: Any) -> int | None:
    items = list_items(values)
    return len(items) if items else None


@_declare(Kind.TEXT, "array_to_string", "list_to_string")
def _join(values: Any, separator: str) -> str:
    return separator.join(_text(item) for item in list_items(values) or [] if item is not None)


@_declare(Kind.LIST, "string_to_array", item=Kind.TEXT)
def _split(value: Any, separator: str) -> str:
    return json.dumps(_text(value).split(separator) if separator else list(_text(value)))


@_declare(Kind.NULL, "list_item", is_public=False)
def _item(values: Any, position: int) -> Any:
    items = list_items(values) or []
    at = position - 1 if position > 0 else len(items) + position
    return items[at] if 0 <= at < len(items) and position else None


@_declare(Kind.NULL, "greatest", is_public=False, takes_null=True)
def _greatest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)


@_declare(Kind.NULL, "least", is_public=False, takes_null=True)
def _least(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


@_declare(Kind.FLOAT, "power", "pow")
def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


def _trying(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        try:
            return convert(value)
        except ValueError:
            return None

    return call


_declare(Kind.INTEGER, "try_integer", is_public=False)(_trying(int))
_declare(Kind.FLOAT, "try_float", is_public=False)(_trying(float))
