"""Reading with pydantic, which is imported only for types that need it, and the errors of pydantic and msgspec."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from awaken.diagnostics import development
from awaken.errors import SerdeError
from awaken.serde.annotations import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pydantic

__all__ = ["adapter", "computed_fields", "describe", "error_text", "read_error", "validate_json"]

_INVALID_ENUM = "Invalid enum value"


def adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    """Return the type adapter of pydantic for an annotation.

    Raises:
        TypeError: pydantic does not support it.
        NameError: the type refers to a name that does not exist yet.
    """
    import pydantic

    try:
        return pydantic.TypeAdapter(annotation)
    except pydantic.errors.PydanticUserError as error:
        reason = str(error).partition("\n")[0]
        raise TypeError(f"cannot read {type_name(annotation)} from JSON: {reason}") from error


def validate_json(reader: pydantic.TypeAdapter[Any], data: bytes) -> Any:
    """Read the JSON that a model writes, which differs in some points from the JSON that it reads.

    Fields are accepted by name as well as by alias. Half of a surrogate pair is valid text. Computed fields may be
    present even if the model forbids extra fields, and fields of JSON text may hold the JSON itself.

    Raises:
        ValueError: the value is invalid.
    """
    try:
        return reader.validate_json(data, **_flags())
    except ValueError as error:
        problems: Sequence[Any] = getattr(error, "errors", list)()
        try:
            plain = json.loads(data)
        except ValueError:
            raise error from None
        if any(problem["type"] == "json_invalid" and not problem["loc"] for problem in problems):
            return reader.validate_python(plain, **_flags())
        if not _undo_writing(plain, problems, reader):
            raise
        return reader.validate_json(json.dumps(plain), **_flags())


@cache
def _flags() -> dict[str, Any]:
    """Return the arguments that make pydantic accept names and aliases. Older releases know only aliases."""
    import pydantic

    release = tuple(int(part) for part in pydantic.VERSION.split(".")[:2])
    return {"by_alias": True, "by_name": True} if release >= (2, 11) else {}


def _undo_writing(plain: Any, problems: Sequence[Any], reader: pydantic.TypeAdapter[Any]) -> bool:
    """Change what a model wrote to what it reads, where it reported a problem. Return whether anything changed."""
    computed = computed_fields(reader)
    is_changed = False
    for problem in problems:
        if not problem["loc"]:
            continue
        *way, last = problem["loc"]
        place = plain
        for step in way:  # a step may also name a member of a union, which is not in the values
            place = place[step] if _has(place, step) else place
        if not _has(place, last):
            continue
        if problem["type"] == "extra_forbidden" and last in computed:
            del place[last]
            is_changed = True
        elif problem["type"] in ("json_type", "json_invalid"):
            place[last] = json.dumps(place[last])
            is_changed = True
    return is_changed


def _has(place: Any, step: int | str) -> bool:
    if isinstance(place, list):
        return isinstance(step, int) and step < len(place)
    return isinstance(place, dict) and step in place


def computed_fields(reader: pydantic.TypeAdapter[Any]) -> frozenset[str]:
    """Return the names and aliases of all computed fields in models of this type."""
    names: set[str] = set()
    pending: list[Any] = [reader.core_schema]
    seen: set[int] = set()
    while pending:
        part = pending.pop()
        if id(part) in seen or not isinstance(part, (dict, list, tuple)):
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            if part.get("type") == "computed-field":
                names.update((part["property_name"], part.get("alias") or part["property_name"]))
            part = list(part.values())
        pending.extend(part)
    return frozenset(names)


def read_error(error: Exception, annotation: Any) -> SerdeError:
    """Return the error for a library's failure to read. It does not quote the payload."""
    reason, path = describe(error)
    return SerdeError("read", type_name(annotation), reason, path)


def describe(error: Exception) -> tuple[str, str]:
    """Return the reason and the path of a validation error."""
    if isinstance(error, SerdeError):
        return error.reason, error.path
    if isinstance(error, RecursionError):
        return "nested too deeply", ""
    list_errors = getattr(error, "errors", None)
    if list_errors is not None:  # an error of pydantic, whose own text quotes the input
        problems = list_errors(include_url=False, include_input=False, include_context=False)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"{problems[0]['msg']}{more}", _json_path(problems[0]["loc"])
    # msgspec gives the path only at the end of its text. Without a path, the whole text is the reason.
    reason, separator, place = str(error).partition(" - at `")
    if reason.startswith(_INVALID_ENUM) and not development.is_enabled():
        reason = _INVALID_ENUM  # the text of msgspec continues with the value
    return reason, place.rstrip("`") if separator else "$"


def error_text(error: Exception) -> str:
    """Return the text of a serde's error, without the payload, because errors reach logs and callers.

    In development mode, this is the error's own text. So it is for errors other than those of pydantic and codecs: the
    author of the serde decides whether these show values.
    """
    if isinstance(error, SerdeError) or development.is_enabled():
        return str(error)
    if isinstance(error, UnicodeError):
        return f"{type(error).__name__}: {error}"  # its repr has all bytes
    if callable(getattr(error, "errors", None)):
        reason, path = describe(error)
        return f"{type(error).__name__}: {reason}{'' if path in ('', '$') else f' at {path}'}"
    return repr(error)


def _json_path(location: Sequence[int | str]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
