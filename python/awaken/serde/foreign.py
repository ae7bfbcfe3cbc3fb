"""Types that msgspec does not know, and who reads them: pydantic where it is installed, this module, or nobody.

What nobody can read (a class with a constructor of its own, a protocol, `Callable`) is no mistake of the author's: the
JSON is plain then, as it is under other SDKs, and a reader says why in its `problem`.
"""

from __future__ import annotations

import enum
import json
from collections import abc
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, LiteralString, get_args, get_origin

import msgspec
from msgspec import inspect

from awaken.errors import SerdeError
from awaken.serde.annotations import as_msgspec, constraints_of, is_union, named_type, type_name
from awaken.serde.models import is_pydantic
from awaken.serde.plain_json import read_json
from awaken.serde.typed_dicts import is_dataclass_type, is_typed_dict
from awaken.serde.validation import adapter, read_error, validate_json
from awaken.serde.writing import write_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "ChoiceReader",
    "MappingReader",
    "PlainReader",
    "PydanticReader",
    "SubclassReader",
    "foreign_reader",
    "is_foreign",
    "is_readable",
    "msgspec_form",
    "read_by_pydantic",
]

_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
#: Builtins that JSON becomes, and that authors derive from.
_BASES = (str, int, float, dict, list, tuple, frozenset, set, bytes)
#: How pydantic describes types of which nothing in JSON is a value, or of which it reads only lazily.
_NOT_JSON = frozenset(("callable", "custom-error", "generator", "is-instance", "is-subclass"))


def is_readable(annotation: Any) -> bool:
    """Tell whether msgspec has a decoder for this type, perhaps with the help of others.

    Raises:
        NameError: the type refers to a name that does not exist yet.
    """
    try:
        msgspec.json.Decoder(annotation)
    except TypeError:
        return False
    except AttributeError as error:  # of a module that is still being imported
        raise NameError(str(error)) from error
    return True


def msgspec_form(annotated: Any) -> Any:
    """Return an `Annotated` with what msgspec understands of it; None when it demands more than msgspec checks."""
    constraints = constraints_of(annotated)
    metas = as_msgspec(constraints)
    inner = get_args(annotated)[0]
    if not constraints or metas == list(annotated.__metadata__):
        return annotated
    if metas is None or not is_readable(form := Annotated[(inner, *metas)]):
        return None
    return form


def is_foreign(annotation: Any) -> bool:
    """Tell whether msgspec has to be helped with this type itself, rather than with its parts."""
    origin, args = get_origin(annotation), get_args(annotation)
    kind = origin or annotation
    if kind in (..., abc.Iterable, LiteralString) or is_union(annotation):
        return False
    if is_pydantic(kind) or is_typed_dict(kind) or is_dataclass_type(kind):
        return False
    if origin is Annotated:
        return msgspec_form(annotation) is None
    if origin is Literal:
        return not is_readable(annotation)
    if isinstance(kind, enum.EnumMeta):
        return issubclass(kind, enum.Flag) or not is_readable(kind)
    if kind in _MAPPINGS:
        return bool(args) and _has_odd_keys(args[0])
    try:
        return isinstance(inspect.type_info(kind), inspect.CustomType)
    except TypeError:
        return True


def _has_odd_keys(key: Any) -> bool:
    """Tell whether keys of this type are written as text that msgspec does not take for them."""
    key = named_type(key)
    if is_union(key):
        return any(map(_has_odd_keys, get_args(key)))
    return key in (bool, None, NoneType) or is_foreign(key)


def foreign_reader(annotation: Any, typed: Callable[[Any], Any]) -> Any:
    """Return the reader of a foreign type.

    Args:
        annotation: the type.
        typed: gives the readers of the types inside of it.
    """
    origin = get_origin(annotation)
    kind = origin or annotation
    if isinstance(kind, enum.EnumMeta):
        return ChoiceReader(annotation, kind, kind)
    if origin is Literal:
        return ChoiceReader(annotation, get_args(annotation), None)
    if kind in _MAPPINGS:
        key, value = get_args(annotation)
        return MappingReader(annotation, typed(key), typed(value))
    return (
        read_by_pydantic(annotation) or _read_by_base(annotation, typed) or _read_plainly(annotation, typed)
    )


def read_by_pydantic(annotation: Any) -> PydanticReader | None:
    """Return pydantic's reader, where it is installed and has one."""
    try:
        reader = PydanticReader(annotation)
    except (ImportError, TypeError):
        return None
    return None if reader.adapter.core_schema["type"] in _NOT_JSON else reader


def _read_by_base(annotation: Any, typed: Callable[[Any], Any]) -> SubclassReader | None:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type):
        for base in _BASES:
            if issubclass(kind, base) and kind is not base:
                return SubclassReader(kind, typed(base))
    return None


def _read_plainly(annotation: Any, typed: Callable[[Any], Any]) -> Any:
    if get_origin(annotation) is Annotated:  # with conditions that only pydantic knows
        return typed(get_args(annotation)[0])
    return PlainReader(
        annotation,
        f"{type_name(annotation)} is not a dataclass, typed dict, msgspec.Struct or pydantic model; use one of these, "
        "or pass a serde of your own",
    )


class _Reader:
    """Reads bytes by way of plain JSON values."""

    #: Why a part of the value stays plain JSON; None where everything is read.
    problem: str | None = None

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation

    def read(self, data: bytes) -> Any:
        """Read a value.

        Raises:
            SerdeError: the bytes are not JSON, or not of this type.
        """
        if not data:
            return None
        plain = read_json(data)
        try:
            return self.convert(plain)
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        """Make a value of plain JSON values.

        Raises:
            ValueError: they do not fit.
        """
        raise NotImplementedError


class PlainReader(_Reader):
    """Leaves plain JSON values as they are, for a type that cannot be read."""

    def __init__(self, annotation: Any, problem: str) -> None:
        super().__init__(annotation)
        self.problem = problem

    def convert(self, plain: Any) -> Any:
        """Return the values."""
        return plain


class PydanticReader(_Reader):
    """Reads a type with pydantic.

    Raises:
        TypeError: pydantic cannot read it.
        ImportError: pydantic is not installed.
    """

    def __init__(self, annotation: Any) -> None:
        super().__init__(annotation)
        self.adapter = adapter(annotation)

    def read(self, data: bytes) -> Any:
        """Read a value."""
        if not data:
            return None
        try:
            return validate_json(self.adapter, data)
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        """Make a value, by way of JSON: strict models take a date from JSON text, but not from a Python str."""
        return validate_json(self.adapter, json.dumps(plain).encode())


class ChoiceReader(_Reader):
    """Reads members of an enum or a literal, by the JSON they are written as.

    Args:
        annotation: the type.
        options: what there is to choose from.
        make: gives members for values that stand for none by themselves, as flags and `_missing_` do.
    """

    def __init__(self, annotation: Any, options: Iterable[Any], make: Callable[[Any], Any] | None) -> None:
        super().__init__(annotation)
        self.options: dict[str, Any] = dict(_written(options))
        self._make = make

    def convert(self, plain: Any) -> Any:
        """Return the member."""
        key = json.dumps(plain)
        if key in self.options:
            return self.options[key]
        try:
            if self._make is not None:
                return self._make(plain)
        except (ValueError, TypeError, KeyError):
            pass
        raise ValueError(f"the value is not one of {type_name(self.annotation)}")


def _written(options: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for option in options:
        value = option.value if isinstance(option, enum.Enum) else option
        try:
            [plain] = json.loads(write_value([value]))
        except SerdeError:  # a member that is never written
            continue
        yield json.dumps(plain), option


class SubclassReader(_Reader):
    """Reads a class derived from a builtin: its constructor is given the builtin's value.

    Args:
        kind: the class.
        base: reads the builtin.
    """

    def __init__(self, kind: Any, base: Any) -> None:
        super().__init__(kind)
        self.base = base

    def convert(self, plain: Any) -> Any:
        """Make an instance; a constructor that takes something else leaves the builtin's value."""
        value = self.base.convert(plain)
        try:
            return self.annotation(value)
        except TypeError:
            return value


class MappingReader(_Reader):
    """Reads a dict whose keys are written as something else than text: `true`, `null`, 1.5.

    Args:
        annotation: the type.
        key: reads keys.
        value: reads values.
    """

    def __init__(self, annotation: Any, key: Any, value: Any) -> None:
        super().__init__(annotation)
        self._key = key
        self.value = value
        self.problem = key.problem or value.problem

    def convert(self, plain: Any) -> Any:
        """Make the dict."""
        if not isinstance(plain, dict):
            raise ValueError(f"expected an object, got {type(plain).__name__}")
        return {self._convert_key(key): self.value.convert(value) for key, value in plain.items()}

    def _convert_key(self, text: str) -> Any:
        try:
            return self._key.convert(text)
        except ValueError:
            return self._key.convert(json.loads(text))
