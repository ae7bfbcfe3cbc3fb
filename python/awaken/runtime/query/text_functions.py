"""Functions on text, and on patterns in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from functools import lru_cache
from typing import Any, Final

from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.function_table import as_bytes, as_text, declare
from awaken.runtime.query.kinds import Kind
from awaken.runtime.query.limits import VALUE_SIZE

#: Characters of a pattern.
_PATTERN_SIZE: Final = 1_000


def _check_size(size: int) -> None:
    if size > VALUE_SIZE:
        raise QueryError(f"a value of {size} bytes is too large", is_limited=True)


declare(Kind.TEXT, "upper")(lambda value: as_text(value).upper())
declare(Kind.TEXT, "lower")(lambda value: as_text(value).lower())
declare(Kind.TEXT, "reverse")(lambda value: as_text(value)[::-1])
declare(Kind.TEXT, "initcap")(
    lambda value: re.sub(r"[^\W_]+", lambda word: word[0].capitalize(), as_text(value))
)
declare(Kind.TEXT, "replace")(lambda value, old, new: _replace(as_text(value), as_text(old), as_text(new)))
declare(Kind.TEXT, "btrim", "trim")(lambda value, chars=" ": as_text(value).strip(chars))
declare(Kind.TEXT, "ltrim")(lambda value, chars=" ": as_text(value).lstrip(chars))
declare(Kind.TEXT, "rtrim")(lambda value, chars=" ": as_text(value).rstrip(chars))
declare(Kind.TEXT, "left")(lambda value, count: as_text(value)[:count])
declare(Kind.TEXT, "right")(lambda value, count: as_text(value)[-count:] if count else "")
declare(Kind.TEXT, "chr")(chr)
declare(Kind.TEXT, "to_hex")(lambda value: f"{value & 0xFFFF_FFFF_FFFF_FFFF:x}")
declare(Kind.TEXT, "uuid")(lambda: str(uuid.uuid4()))
declare(Kind.INTEGER, "length", "char_length", "character_length")(lambda value: len(as_text(value)))
declare(Kind.INTEGER, "octet_length")(lambda value: len(as_bytes(value)))
declare(Kind.INTEGER, "bit_length")(lambda value: 8 * len(as_bytes(value)))
declare(Kind.INTEGER, "ascii")(lambda value: ord(value[0]) if value else 0)
declare(Kind.INTEGER, "strpos", "instr", "position")(lambda value, part: as_text(value).find(part) + 1)
declare(Kind.BOOLEAN, "starts_with")(lambda value, part: as_text(value).startswith(part))
declare(Kind.BOOLEAN, "ends_with")(lambda value, part: as_text(value).endswith(part))
declare(Kind.BOOLEAN, "contains")(lambda value, part: part in as_text(value))
declare(Kind.TEXT, "md5")(lambda value: hashlib.md5(as_bytes(value), usedforsecurity=False).hexdigest())
declare(Kind.BYTES, "sha256")(lambda value: hashlib.sha256(as_bytes(value)).digest())


def _replace(value: str, old: str, new: str) -> str:
    _check_size(len(value) + value.count(old) * max(0, len(new) - len(old)))
    return value.replace(old, new)


@declare(Kind.TEXT, "substr", "substring")
def _substring(value: Any, start: int, count: int | None = None) -> str:
    text, first = as_text(value), start - 1
    if count is None:
        return text[max(0, first) :]
    if count < 0:
        raise QueryError(
            f"Execution error: negative substring length not allowed: substr(<str>, {start}, {count})"
        )
    return text[max(0, first) : max(0, first + count)]


@declare(Kind.TEXT, "split_part")
def _split_part(value: Any, delimiter: str, position: int) -> str:
    parts = as_text(value).split(delimiter) if delimiter else [as_text(value)]
    if position == 0:
        raise QueryError("Execution error: field position must not be zero")
    at = position - 1 if position > 0 else len(parts) + position
    return parts[at] if 0 <= at < len(parts) else ""


@declare(Kind.TEXT, "repeat")
def _repeat(value: Any, count: int) -> str:
    _check_size(len(as_text(value)) * max(0, count))
    return as_text(value) * count


@declare(Kind.TEXT, "lpad")
def _pad_left(value: Any, size: int, fill: str = " ") -> str:
    _check_size(size)
    text, missing = as_text(value), size - len(as_text(value))
    return (fill * (missing // len(fill) + 1))[:missing] + text if missing > 0 and fill else text[:size]


@declare(Kind.TEXT, "rpad")
def _pad_right(value: Any, size: int, fill: str = " ") -> str:
    _check_size(size)
    text, missing = as_text(value), size - len(as_text(value))
    return text + (fill * (missing // len(fill) + 1))[:missing] if missing > 0 and fill else text[:size]


@declare(Kind.TEXT, "concat", takes_null=True)
def _concat(*values: Any) -> str:
    return "".join(as_text(value) for value in values if value is not None)


@declare(Kind.TEXT, "concat_ws", takes_null=True)
def _concat_with(separator: str | None, *values: Any) -> str | None:
    return None if separator is None else separator.join(as_text(one) for one in values if one is not None)


@declare(Kind.TEXT, "translate")
def _translate(value: Any, old: str, new: str) -> str:
    table = {ord(char): new[at] if at < len(new) else None for at, char in reversed(list(enumerate(old)))}
    return as_text(value).translate(table)


@declare(Kind.TEXT, "encode")
def _encode(value: Any, form: str) -> str:
    match form.lower():
        case "hex":
            return as_bytes(value).hex()
        case "base64":
            return base64.b64encode(as_bytes(value)).decode().rstrip("=")
    raise QueryError(f"Error during planning: Unsupported encoding {form!r}; it is hex or base64")


@declare(Kind.BYTES, "decode")
def _decode(value: Any, form: str) -> bytes:
    try:
        if form.lower() == "hex":
            return bytes.fromhex(as_text(value))
        if form.lower() == "base64":
            return base64.b64decode(as_text(value) + "===")
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


@declare(Kind.BOOLEAN, "regexp_like")
def _matches(value: Any, pattern: str, flags: str = "") -> bool:
    return _compile(pattern, flags).search(as_text(value)) is not None


@declare(Kind.TEXT, "regexp_replace")
def _replace_pattern(value: Any, pattern: str, new: str, flags: str = "") -> str:
    template = re.sub(r"\\(\d)|(\\)", lambda part: rf"\g<{part[1]}>" if part[1] else r"\\", new)
    return _compile(pattern, flags).sub(template, as_text(value), count=0 if "g" in flags else 1)


@declare(Kind.INTEGER, "regexp_count")
def _count_matches(value: Any, pattern: str, start: int = 1, flags: str = "") -> int:
    return sum(1 for _ in _compile(pattern, flags).finditer(as_text(value), start - 1))


@declare(Kind.LIST, "regexp_match", item=Kind.TEXT)
def _match(value: Any, pattern: str, flags: str = "") -> str | None:
    found = _compile(pattern, flags).search(as_text(value))
    return None if found is None else json.dumps(found.groups() or [found[0]])


@declare(Kind.BOOLEAN, "ilike", is_public=False)
def _is_like(value: Any, pattern: str, escape: str = "\\") -> bool:
    parts = re.findall(re.escape(escape) + r"(.)|([%_])|(.)", pattern, re.S)
    signs = {"%": ".*", "_": "."}
    written = "".join(signs[sign] if sign else re.escape(kept or plain) for kept, sign, plain in parts)
    return _compile(rf"\A{written}\Z", "is").search(as_text(value)) is not None
