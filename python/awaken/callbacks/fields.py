"""The inputs of a form, as a tree: objects have fields, lists have an item that repeats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ABSENT", "PREFIX", "SIZE", "WHOLE", "Field", "FieldKind", "Form", "name_within"]

#: The name of the only field if the type is not an object.
WHOLE: Final = "value"
#: In front of the names of the fields of an object.
PREFIX: Final = "field"
#: Follows the name of a list: the number of its items; and that of a group that may be left out, but was not.
SIZE: Final = ".#"
#: Stands for a default that is not declared; None is one that is.
ABSENT: Final = object()
#: Choices up to which each is a radio button; more of them are a list that opens.
MOST_RADIOS: Final = 5
#: Characters up to which a text has one line.
_ONE_LINE: Final = 120
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")


class FieldKind(StrEnum):
    """What is entered into a field."""

    TEXT = "text"
    EMAIL = "email"
    URL = "url"
    INTEGER = "integer"
    NUMBER = "number"
    #: A number that stays as it was written.
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    #: The only value that is possible; nobody is asked.
    CONSTANT = "constant"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    #: Without a zone: the type refuses one.
    LOCAL_DATETIME = "local datetime"
    DURATION = "duration"
    GROUP = "group"
    LIST = "list"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form."""

    #: Its name in the form.
    name: str
    #: Its name in the answer.
    label: str
    kind: FieldKind
    is_required: bool
    #: JSON values, of a choice.
    choices: tuple[Any, ...] = ()
    description: str = ""
    #: Whether None is a value.
    is_nullable: bool = False
    #: Its name for people.
    title: str = ""
    #: Where in the answer it stands, from the root `$`.
    path: str = "$"
    default: Any = ABSENT
    #: Its JSON Schema, for bounds and for fields that are written as JSON.
    schema: Mapping[str, Any] = field(default_factory=dict)
    #: Of a group.
    fields: tuple[Field, ...] = ()
    #: Of a list; its name and path are those of the list.
    item: Field | None = None

    @property
    def id(self) -> str:
        """Its name as an id of HTML, which has no spaces."""
        return "f-" + _ODD.sub(lambda found: f"_{ord(found.group()):x}_", self.name)

    @property
    def is_long(self) -> bool:
        """Whether it is a text of several lines."""
        is_free = self.kind is FieldKind.TEXT and not {"format", "pattern"} & set(self.schema)
        return is_free and not _is_short(self.schema.get("maxLength"))

    @property
    def size_name(self) -> str:
        """The name of the hidden field that tells an empty list, or a group of defaults, from none."""
        return f"{self.name}{SIZE}"

    @property
    def is_blank_by_default(self) -> bool:
        """Whether an input that is empty shows the default."""
        return self.default is ABSENT or self.default in (None, "", [], {})

    def at(self, number: int) -> Field:
        """Return the item of a list with a number from 0."""
        if self.item is None:
            raise TypeError(f"{self.name} is not a list")
        return self.item.moved(f"{self.name}.{number}", f"{self.path}[{number}]")

    def moved(self, name: str, path: str) -> Field:
        """Return it, with all that is inside, under another name and path."""
        inner = tuple(
            one.moved(name + one.name.removeprefix(self.name), path + one.path.removeprefix(self.path))
            for one in self.fields
        )
        item = self.item and self.item.moved(name, path)
        return replace(self, name=name, path=path, fields=inner, item=item)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a type."""

    fields: tuple[Field, ...]
    #: Of the type, if it has a title of its own.
    title: str = ""
    #: Its docstring.
    description: str = ""

    @property
    def verdict(self) -> Field | None:
        """The field that says yes or no, which two buttons answer: the one named `approved`, or the only one."""
        found = [one for one in self.fields if one.kind is FieldKind.BOOLEAN and not one.is_nullable]
        named = [one for one in self.fields if one.label == "approved"]
        if named:  # it counts, so two buttons for another one would say something else
            return named[0] if named[0] in found else None
        return found[0] if len(found) == 1 else None


def name_within(outer: str, label: str) -> str:
    """Return the name of a field in a group; what has a meaning between names is escaped within one."""
    return f"{outer}.{label.replace('%', '%25').replace('.', '%2E').replace('#', '%23')}"


def _is_short(longest: object) -> bool:
    return isinstance(longest, int) and longest <= _ONE_LINE
