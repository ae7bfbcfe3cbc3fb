"""Between what stands in an input and its JSON value, for each kind of field.

Python's own `int`, `float` and `fromisoformat` take more than people and browsers write, such as underscores, other
digits and `nan`, so each kind says what it takes.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from awaken.callbacks.fields import Field, FieldKind
from awaken.diagnostics.printable import is_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["choice_text", "describe_bounds", "read_value", "write_value"]

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]{1,4000}\s*", re.ASCII)
#: Digits match in one way alone: a megabyte of them takes no longer than its length. Decimals have no larger exponents.
_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?\s*", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"(\d\d:\d\d)(:\d\d(\.\d{1,6})?)?", re.ASCII)
_WRITTEN_TIME: Final = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?", re.ASCII)
_ISO_DURATION: Final = re.compile(r"[+-]?P(?=.)(\d+(\.\d+)?[WD])*(T(\d+(\.\d+)?[HMS])+)?", re.ASCII)
_WRITTEN_DURATION: Final = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,9})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,15}(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_SPAN: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(d|h|min|m|s)[a-z]*\s*,?\s*", re.ASCII | re.IGNORECASE)
_SECONDS: Final = {"d": 86_400, "h": 3_600, "min": 60, "m": 60, "s": 1}
_BOOLEANS: Final = {"true": True, "false": False}


def read_value(text: str, field: Field) -> Any:
    """Return the JSON value of a text, which is not empty.

    Raises:
        ValueError: it is none of its kind; the text says so to people.
    """
    match field.kind:
        case FieldKind.BOOLEAN:
            return _read_choice(text, _BOOLEANS, "yes or no")
        case FieldKind.CHOICE:
            known = {choice_text(choice, field): choice for choice in field.choices}
            return _read_choice(text, known, "one of those offered")
        case FieldKind.INTEGER:
            if not _INTEGER.fullmatch(text):
                raise ValueError(f"{_shown(text)} is not a whole number")
            return _within(int(text), field)
        case FieldKind.NUMBER | FieldKind.DECIMAL:
            if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
                raise ValueError(f"{_shown(text)} is not a number")
            number = _within(Decimal(text.strip()), field)
            return float(text) if field.kind is FieldKind.NUMBER else str(number)
        case FieldKind.JSON:
            return _read_json(text)
        case FieldKind.DATE | FieldKind.TIME | FieldKind.DATETIME | FieldKind.LOCAL_DATETIME:
            return _read_moment(text.strip(), field.kind)
        case FieldKind.DURATION:
            return _read_duration(text.strip())
        case _:
            return _read_text(text, field)


def write_value(value: Any, field: Field) -> str:
    """Return what stands in an input for a JSON value; an empty text for what it cannot show."""
    if value is None:
        return ""
    match field.kind:
        case FieldKind.BOOLEAN:
            return {True: "true", False: "false"}.get(value, "") if isinstance(value, bool) else ""
        case FieldKind.CHOICE:
            return choice_text(value, field) if value in field.choices else ""
        case FieldKind.JSON:
            return json.dumps(value, indent=1, ensure_ascii=False)
        case FieldKind.DATETIME | FieldKind.LOCAL_DATETIME:
            return _write_moment(value, field.kind)
        case FieldKind.TIME:
            found = _WRITTEN_TIME.match(value) if isinstance(value, str) else None
            return found[0] if found else ""
        case FieldKind.DURATION:
            return _write_duration(value)
    return value if isinstance(value, str) else json.dumps(value)


def choice_text(choice: Any, field: Field) -> str:
    """Return what a form sends for a choice: a text as it is, unless some are no texts, or look like no answer."""
    is_plain = all(isinstance(one, str) and one.strip() and is_one_line(one) for one in field.choices)
    return choice if is_plain and isinstance(choice, str) else json.dumps(choice)


def describe_bounds(field: Field) -> str:
    """Return which values are accepted, for people; empty if that goes without saying."""
    schema = field.schema
    parts = []
    for name, text in _BOUNDS:
        if _is_number(schema.get(name)):
            parts.append(text.format(_plain(schema[name])))
    if field.kind in (FieldKind.TEXT, FieldKind.EMAIL, FieldKind.URL):
        least, most = schema.get("minLength"), schema.get("maxLength")
        parts += [f"at least {least} characters"] if isinstance(least, int) and least > 1 else []
        parts += [f"at most {most} characters"] if isinstance(most, int) else []
        parts += ["in Base64"] if schema.get("contentEncoding") == "base64" else []
    if field.kind is FieldKind.LIST:
        least, most = schema.get("minItems"), schema.get("maxItems")
        parts += [f"at least {least}"] if isinstance(least, int) and least > 0 else []
        parts += [f"at most {most}"] if isinstance(most, int) else []
    return ", ".join(parts)


_BOUNDS: Final = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
)


def _within(number: Any, field: Field) -> Any:
    exact = Decimal(number)
    for name, text in _BOUNDS:
        bound = field.schema.get(name)
        if not _is_number(bound):
            continue
        limit = Decimal(str(bound))
        is_outside = {
            "minimum": exact < limit,
            "exclusiveMinimum": exact <= limit,
            "maximum": exact > limit,
            "exclusiveMaximum": exact >= limit,
        }.get(name, False)  # multiples of fractions are for the type to check
        if is_outside:
            raise ValueError(f"has to be {text.format(_plain(bound))}, and is {_shown(str(number))[1:-1]}")
    return number


def _read_text(text: str, field: Field) -> str:
    text = text.replace("\r\n", "\n")  # as browsers send what stands in a text area
    least, most = field.schema.get("minLength"), field.schema.get("maxLength")
    if isinstance(most, int) and len(text) > most:
        raise ValueError(f"has {len(text)} characters, and at most {most} are accepted")
    if isinstance(least, int) and len(text) < least:
        raise ValueError(f"has {len(text)} characters, and at least {least} are needed")
    if field.kind is FieldKind.EMAIL and not re.fullmatch(r"[^@\s]+@[^@\s]+", text.strip()):
        raise ValueError(f"{_shown(text)} is not an address of a mail, such as name@example.org")
    if field.kind is FieldKind.URL and not re.match(r"[a-z][a-z0-9+.-]*:", text.strip(), re.IGNORECASE):
        raise ValueError(f"{_shown(text)} is not an address of the web, such as https://example.org/")
    return text if field.kind is FieldKind.TEXT else text.strip()


def _read_moment(text: str, kind: FieldKind) -> str:
    if kind is FieldKind.DATE:
        found = _DATE.fullmatch(text) and text
    elif kind is FieldKind.TIME:
        parts = _TIME.fullmatch(text)
        found = parts and f"{parts[1]}{parts[2] or ':00'}"
    else:
        parts = _MOMENT.fullmatch(text.removesuffix("Z"))
        zone = "Z" if kind is FieldKind.DATETIME else ""
        found = parts and f"{parts[1]}T{parts[2]}{parts[3] or ':00'}{zone}"
    try:
        if found:
            datetime.fromisoformat(found if kind is not FieldKind.TIME else f"2000-01-01T{found}")
            return found
    except ValueError:
        pass  # such as 30 February
    what = {FieldKind.DATE: "a date, such as 2026-12-03", FieldKind.TIME: "a time of day, such as 14:00"}
    raise ValueError(
        f"{_shown(text)} is not {what.get(kind, 'a date with a time, such as 2026-12-03T14:00')}"
    )


def _write_moment(value: Any, kind: FieldKind) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None and kind is FieldKind.DATETIME:
            moment = moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return ""
    # Browsers show thousandths at most.
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _read_duration(text: str) -> str:
    if _ISO_DURATION.fullmatch(text):
        return text
    position, seconds = 0, Decimal(0)
    while found := _SPAN.match(text, position):
        unit = found[2].lower()
        seconds += Decimal(found[1]) * _SECONDS[unit]
        position = found.end()
    if not position or position < len(text):
        raise ValueError(f"{_shown(text)} is not a duration, such as 2 d 4 h or 90 min")
    days, rest = divmod(seconds, 86_400)
    return f"P{int(days)}DT{rest.normalize():f}S"


def _write_duration(value: Any) -> str:
    """Return a duration as people write it, if that says the same."""
    if not isinstance(value, str):
        return ""
    found = _WRITTEN_DURATION.fullmatch(value)
    if found is None:
        return value
    years, days, hours, minutes = (int(part or 0) for part in found.groups()[:4])
    days += 365 * years  # as pydantic, which alone writes years
    rest = days * 86_400 + hours * 3_600 + minutes * 60 + Decimal(found[5] or 0)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        count, rest = divmod(rest, size)
        parts += [f"{int(count)} {unit}"] if count else []
    parts += [f"{rest.normalize():f} s"] if rest or not parts else []
    return " ".join(parts)


def _read_choice(text: str, choices: Mapping[str, Any], what: str) -> Any:
    if text not in choices:
        raise ValueError(f"{_shown(text)} is not {what}")
    return choices[text]


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"{_shown(text)} is not JSON: {reason}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _plain(number: Any) -> str:
    return f"{number:.15g}" if isinstance(number, float) else str(number)


def _shown(text: str) -> str:
    return reprlib.repr(text)
