"""Readers of types that msgspec does not support, from plain JSON values."""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Any

from awaken.errors import SerdeError
from awaken.serde.annotations import type_name
from awaken.serde.plain_json import read_json
from awaken.serde.validation import adapter, read_error, validate_json
from awaken.serde.writing import write_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["ChoiceReader", "MappingReader", "PlainReader", "PydanticReader", "Reader", "SubclassReader"]


class Reader:
    """Reads values of a type, from bytes or from plain JSON values.

    Args:
        annotation: the type.
    """

    #: Why parts of the value pass as plain JSON; None if the whole value is converted.
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
        """Convert plain JSON values to a value of the type.

        Raises:
            ValueError: they do not fit the type.
        """
        raise NotImplementedError


class PlainReader(Reader):
    """Passes plain JSON values unchanged, for a type that cannot be read."""

    def __init__(self, annotation: Any, problem: str) -> None:
        super().__init__(annotation)
        self.problem = problem

    def convert(self, plain: Any) -> Any:
        """Return the plain values."""
        return plain


class PydanticReader(Reader):
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
        """Convert by way of JSON: strict models accept a date in JSON text, but not in a Python str."""
        return validate_json(self.adapter, json.dumps(plain).encode())


class ChoiceReader(Reader):
    """Reads members of an enum or a literal, by the JSON that they are written as.

    Args:
        annotation: the type.
        options: the members.
        make: returns the member for any other value, as flags and `_missing_` do.
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
        except SerdeError:  # a member that has no JSON form
            continue
        yield json.dumps(plain), option


class SubclassReader(Reader):
    """Reads a class derived from a builtin, by calling its constructor with the value of the builtin.

    Args:
        kind: the class.
        base: the reader of the builtin.
        make: creates an instance, if the constructor takes other arguments.
    """

    def __init__(self, kind: Any, base: Reader, make: Callable[[Any], Any] | None = None) -> None:
        super().__init__(kind)
        self.base = base
        self.problem = base.problem
        self._make = make or kind

    def convert(self, plain: Any) -> Any:
        """Create an instance. If the constructor does not accept the value, return the value itself."""
        value = self.base.convert(plain)
        try:
            return self._make(value)
        except TypeError:
            return value


class MappingReader(Reader):
    """Reads a dict whose keys are not text, but written as text: `true`, `null`, 1.5.

    Args:
        annotation: the type.
        key: the reader of keys.
        value: the reader of values.
    """

    def __init__(self, annotation: Any, key: Reader, value: Reader) -> None:
        super().__init__(annotation)
        self._key = key
        self.value = value
        self.problem = key.problem or value.problem

    def convert(self, plain: Any) -> Any:
        """Convert keys and values."""
        if not isinstance(plain, dict):
            raise ValueError(f"expected an object, got {type(plain).__name__}")
        return {self._convert_key(key): self.value.convert(value) for key, value in plain.items()}

    def _convert_key(self, text: str) -> Any:
        try:
            return self._key.convert(text)
        except ValueError:
            return self._key.convert(json.loads(text))
