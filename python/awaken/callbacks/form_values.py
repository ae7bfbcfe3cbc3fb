"""What a browser sends as JSON, and JSON as what stands in the inputs.

A browser sends nothing for a choice that was not made, so a field that is missing is no answer, least of all "no". An
input that was emptied says so as well: the default of its type applies only where it shows nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from awaken.callbacks.field_values import read_value, write_value
from awaken.callbacks.fields import ABSENT, SIZE, WHOLE, Field, FieldKind
from awaken.control.answers import InvalidAnswerError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "MOST_ITEMS",
    "MOST_SENT",
    "change_items",
    "count_items",
    "fill_form",
    "is_written",
    "most_items",
    "read_form",
    "reopen_form",
    "rows_of",
    "tidy_form",
]

#: Items of a list in a form: what a person fills in. Longer lists are for programs.
MOST_ITEMS: Final = 50
_LEFT_OUT: Final = object()
#: Fields of a form beyond which no list grows: `form_requests` refuses a form with a thousand, and all that was typed.
MOST_SENT: Final = 900
#: What the value of a button begins with that adds an item to a list, or removes one.
ADD: Final = "add "
REMOVE: Final = "remove "


def read_form(form: Mapping[str, str], fields: Sequence[Field]) -> bytes:
    """Return a filled form as JSON. The caller checks whether it fits the type.

    Raises:
        InvalidAnswerError: a field that the type requires is missing or empty, or a value is none of its kind.
    """
    problems: list[Problem] = []
    answer = {field.label: _read(form, field, problems) for field in fields}
    if problems:
        raise InvalidAnswerError(problems)
    if len(fields) == 1 and fields[0].name == WHOLE:
        return json.dumps(answer[fields[0].label]).encode()
    return json.dumps({label: value for label, value in answer.items() if value is not _LEFT_OUT}).encode()


def fill_form(fields: Sequence[Field], initial: Any = None) -> dict[str, str]:
    """Return what stands in the inputs at first: an initial answer, and defaults that types declare, else nothing.

    Args:
        fields: the inputs.
        initial: a JSON value, usually an object with some of the fields; None fills nothing.
    """
    filled: dict[str, str] = {}
    is_whole = len(fields) == 1 and fields[0].name == WHOLE
    known = initial if isinstance(initial, dict) and not is_whole else {}
    for field in fields:
        value = initial if is_whole and initial is not None else known.get(field.label, ABSENT)
        _fill(filled, field, value)
    return filled


def tidy_form(form: Mapping[str, str], fields: Iterable[Field]) -> dict[str, str]:
    """Return a form without the items of lists that were left blank; the others have numbers in a row."""
    tidied = dict(form)
    for field in _lists_in(tidied, fields):
        kept = [number for number in range(rows_of(tidied, field)) if not _is_blank(tidied, field.at(number))]
        _keep(tidied, field, kept)
    return tidied


def reopen_form(tidied: Mapping[str, str], fields: Iterable[Field]) -> dict[str, str]:
    """Return a tidied form with the inputs that lists without items have at first."""
    reopened = dict(tidied)
    for field in _lists_in(reopened, fields):
        if not rows_of(reopened, field):
            _fill(reopened, field, [])
    return reopened


def change_items(form: Mapping[str, str], fields: Iterable[Field], change: str) -> dict[str, str] | None:
    """Return a form after the button that adds or removes an item; None if it is no such button."""
    changed = dict(form)
    for field in _lists_in(changed, fields):
        count = rows_of(changed, field)
        if change == f"{ADD}{field.name}":
            if count < most_items(field) and len(changed) < MOST_SENT:
                changed[field.size_name] = str(count + 1)
                _fill(changed, field.at(count), ABSENT)
            return changed
        for number in range(count):
            if change == f"{REMOVE}{field.name}.{number}":
                _keep(changed, field, [one for one in range(count) if one != number])
                return changed
    return None


def rows_of(form: Mapping[str, str], field: Field) -> int:
    """Return how many items of a list a form has inputs for."""
    size = form.get(field.size_name, "0")
    return min(int(size), most_items(field)) if size.isascii() and size.isdigit() and len(size) < 5 else 0


def count_items(form: Mapping[str, str]) -> int:
    """Return how many items the lists of a form have together, whatever they are of."""
    sizes = (text for name, text in form.items() if name.endswith(SIZE))
    return sum(
        min(int(size), MOST_ITEMS) for size in sizes if size.isascii() and size.isdigit() and len(size) < 5
    )


def is_written(form: Mapping[str, str], field: Field) -> bool:
    """Return whether a list is written as JSON, because it is longer than a person would fill in."""
    return field.kind is FieldKind.LIST and field.size_name not in form and field.name in form


def most_items(field: Field) -> int:
    """Return how many items a list may have in a form."""
    most = field.schema.get("maxItems")
    return max(0, min(most, MOST_ITEMS)) if isinstance(most, int) else MOST_ITEMS


def _read(form: Mapping[str, str], field: Field, problems: list[Problem]) -> Any:
    try:
        match field.kind:
            case FieldKind.GROUP:
                return _read_group(form, field, problems)
            case FieldKind.LIST:
                return _read_list(form, field, problems)
            case FieldKind.CONSTANT:
                return field.choices[0]
        return _read_one(form.get(field.name), field)
    except ValueError as error:
        problems.append(Problem(field.path, str(error)))
        return _LEFT_OUT


def _read_one(text: str | None, field: Field) -> Any:
    if text and text.strip():
        return read_value(text, field)
    if not field.is_required and (text is None or field.is_blank_by_default):
        return _LEFT_OUT  # so that the type's default applies
    if text is not None and field.is_nullable:
        return None
    if text is not None and not field.is_required and field.kind is FieldKind.TEXT:
        return read_value("", field)
    raise ValueError("choose yes or no" if field.kind is FieldKind.BOOLEAN else "is missing; fill it in")


def _read_group(form: Mapping[str, str], field: Field, problems: list[Problem]) -> Any:
    may_be_left_out = field.is_nullable or not field.is_required
    if may_be_left_out and (_is_empty(form, field) if field.size_name in form else _is_blank(form, field)):
        return _LEFT_OUT if not field.is_required else None
    values = {one.label: _read(form, one, problems) for one in field.fields}
    return {label: value for label, value in values.items() if value is not _LEFT_OUT}


def _read_list(form: Mapping[str, str], field: Field, problems: list[Problem]) -> Any:
    if is_written(form, field):
        return _read_one(form.get(field.name), replace(field, kind=FieldKind.JSON))
    if field.size_name not in form:
        if field.is_required:
            raise ValueError("is missing; fill it in")
        return _LEFT_OUT
    items = [_read(form, field.at(number), problems) for number in range(rows_of(form, field))]
    least = field.schema.get("minItems")
    if isinstance(least, int) and len(items) < least:
        raise ValueError(f"needs at least {least}, and has {len(items) or 'none'}")
    if not items and field.is_blank_by_default and not field.is_required:
        return _LEFT_OUT
    return items


def _fill(filled: dict[str, str], field: Field, value: Any) -> None:
    if value is ABSENT and not field.is_blank_by_default:
        value = field.default
    match field.kind:
        case FieldKind.GROUP:
            known = value if isinstance(value, dict) else {}
            if isinstance(value, dict) and (field.is_nullable or not field.is_required):
                filled[field.size_name] = "1"
            for one in field.fields:
                _fill(filled, one, known.get(one.label, ABSENT))
        case FieldKind.LIST:
            items = value if isinstance(value, list) else []
            if len(items) > most_items(field):
                filled[field.name] = write_value(value, replace(field, kind=FieldKind.JSON))
                return
            count = max(len(items), _rows_at_first(field))
            filled[field.size_name] = str(count)
            for number in range(count):
                _fill(filled, field.at(number), items[number] if number < len(items) else ABSENT)
        case FieldKind.CONSTANT:
            pass
        case _:
            if value is not ABSENT and (text := write_value(value, field)):
                filled[field.name] = text


def _rows_at_first(field: Field) -> int:
    least = field.schema.get("minItems")
    is_group = field.item is not None and field.item.kind is FieldKind.GROUP
    shown = 1 if field.is_required or not is_group else 0
    return min(max(shown, least if isinstance(least, int) else 0), most_items(field))


def _is_blank(form: Mapping[str, str], field: Field) -> bool:
    """Return whether nothing was entered: all is as it was when its inputs were new."""
    new: dict[str, str] = {}
    _fill(new, field, ABSENT)
    names = {name for name in new if not name.endswith(SIZE)} | set(_entered(form, field))
    return all(form.get(name, "").strip() == new.get(name, "").strip() for name in names)


def _is_empty(form: Mapping[str, str], field: Field) -> bool:
    """Return whether nothing stands in its inputs."""
    return not any(form[name].strip() for name in _entered(form, field))


def _entered(form: Mapping[str, str], field: Field) -> Iterator[str]:
    """Return the names of its inputs in a form."""
    within = f"{field.name}."
    return (
        name for name in form if (name == field.name or name.startswith(within)) and not name.endswith(SIZE)
    )


def _lists_in(form: Mapping[str, str], fields: Iterable[Field]) -> list[Field]:
    """Return the lists of a form, those in items included, inner ones first."""
    found: list[Field] = []
    for field in fields:
        if field.kind is FieldKind.GROUP:
            found += _lists_in(form, field.fields)
        elif field.kind is FieldKind.LIST and not is_written(form, field):
            for number in range(rows_of(form, field)):
                found += _lists_in(form, [field.at(number)])
            found.append(field)
    return found


def _keep(form: dict[str, str], field: Field, kept: Sequence[int]) -> None:
    """Keep some items of a list, under new numbers."""
    prefix = f"{field.name}."
    items: dict[str, dict[str, str]] = {}
    for name in [name for name in form if name.startswith(prefix) and name != field.size_name]:
        number, dot, rest = name.removeprefix(prefix).partition(".")
        items.setdefault(number, {})[dot + rest] = form.pop(name)
    if field.size_name in form:
        form[field.size_name] = str(len(kept))
    for new, old in enumerate(kept):
        for rest, text in items.get(str(old), {}).items():
            form[f"{prefix}{new}{rest}"] = text
