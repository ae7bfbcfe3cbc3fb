"""Readers that use msgspec, and help it where it calls back.

msgspec calls `MsgspecReader` back for each placeholder that `rewriting` inserted into the type, with the plain values
in its place. `reading` creates these readers, and passes them its function that finds the readers of inner types.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from awaken.errors import SerdeError
from awaken.serde.annotations import is_union, type_name
from awaken.serde.models import is_pydantic
from awaken.serde.plain_json import read_json, read_loosely
from awaken.serde.readers import PydanticReader, Reader
from awaken.serde.rewriting import is_pydantic_union
from awaken.serde.typed_dicts import fields_of
from awaken.serde.validation import describe, read_error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DataclassReader", "LaterReader", "MsgspecReader", "TypedDictReader"]


class MsgspecReader(Reader):
    """Reads a type with msgspec, and the placeholders in it with other readers.

    Args:
        annotation: the type as written, for error texts.
        rewritten: the type with placeholders in it.
        placeholders: the type that each placeholder stands for.
        typed: returns the reader of a type.
    """

    def __init__(
        self,
        annotation: Any,
        rewritten: Any,
        placeholders: dict[type, Any],
        typed: Callable[[Any], Reader],
    ) -> None:
        super().__init__(annotation)
        self._typed = typed
        self._rewritten = rewritten
        self._placeholders = placeholders
        # Find the readers now: a member that cannot be read must be reported where the type is declared.
        readers = {placeholder: self._find_reader(placeholder) for placeholder in placeholders}
        self._readers = {placeholder: reader.convert for placeholder, reader in readers.items()}
        self.problem = next((each.problem for each in readers.values() if each.problem is not None), None)
        self._decode = msgspec.json.Decoder(rewritten, dec_hook=self._ask).decode

    def read(self, data: bytes) -> Any:
        """Read a value in one pass."""
        if not data:
            return None
        try:
            try:
                return self._decode(data)
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                return self.convert(read_loosely(data))
        except SerdeError as error:
            raise SerdeError("read", type_name(self.annotation), error.reason, error.path) from error
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        """Convert plain JSON values to a value of the type."""
        return msgspec.convert(plain, self._rewritten, str_keys=True, dec_hook=self._ask)

    def _ask(self, cls: type, plain: Any) -> Any:
        reader = self._readers.get(cls)
        if reader is None:
            reader = self._readers[cls] = self._find_reader(cls).convert
        try:
            return reader(plain)
        except ValueError as error:
            reason, path = describe(error)
            # msgspec adds the path of this value to the error, but does not know the path inside of it.
            raise ValueError(reason if path in ("", "$") else f"{reason} (at {path} in it)") from error

    def _find_reader(self, cls: type) -> Reader:
        stands_for = self._placeholders.get(cls, cls)
        if is_pydantic(stands_for) or is_pydantic_union(stands_for):
            return PydanticReader(stands_for)
        return UnionReader(stands_for, self._typed) if is_union(stands_for) else self._typed(stands_for)


class TypedDictReader(Reader):
    """Reads a typed dict. It converts the declared keys that are present, and passes all others unchanged.

    Args:
        reader: the reader of a copy in which nothing is required.
    """

    def __init__(self, reader: MsgspecReader) -> None:
        super().__init__(reader.annotation)
        self.problem = reader.problem
        self._reader = reader
        fields = list(fields_of(self.annotation))
        self._keys = frozenset(key for key, _, _ in fields)
        self._required = frozenset(key for key, _, is_required in fields if is_required)

    def convert(self, plain: Any) -> Any:
        """Convert the values of declared keys."""
        converted = self._reader.convert(plain)
        return {key: converted.get(key, value) for key, value in plain.items()}

    def misfit(self, plain: dict[str, Any]) -> tuple[int, int]:
        """Return the number of missing keys, and that of undeclared ones. The best fit in a union has the fewest."""
        return len(self._required - plain.keys()), len(plain.keys() - self._keys)


class DataclassReader(Reader):
    """Reads a dataclass that msgspec does not support.

    Args:
        reader: the reader of its fields, as a typed dict.
    """

    def __init__(self, reader: MsgspecReader) -> None:
        super().__init__(reader.annotation)
        self.problem = reader.problem
        self._reader = reader

    def read(self, data: bytes) -> Any:
        """Read an instance."""
        return None if not data else self._make(self._reader.read(data))

    def convert(self, plain: Any) -> Any:
        """Create an instance from plain JSON values."""
        return self._make(self._reader.convert(plain))

    def _make(self, values: dict[str, Any]) -> Any:
        try:
            return self.annotation(**values)
        except (ValueError, TypeError) as error:  # raised by the class itself
            raise SerdeError("read", type_name(self.annotation), str(error)) from error


class UnionReader(Reader):
    """Reads a union whose members msgspec cannot tell apart. It tries the members in order.

    Args:
        union: the type.
        typed: returns the reader of a type.
    """

    def __init__(self, union: Any, typed: Callable[[Any], Reader]) -> None:
        super().__init__(union)
        self._readers = [typed(member) for member in get_args(union) if member is not NoneType]
        self.problem = next((each.problem for each in self._readers if each.problem is not None), None)

    def convert(self, plain: Any) -> Any:
        """Convert plain JSON values to the member that fits best."""
        reasons = []
        candidates: list[tuple[tuple[int, int], Any]] = []
        for each in self._readers:
            reader = each.found() if isinstance(each, LaterReader) else each
            try:
                value = reader.convert(plain)
            except ValueError as error:
                reasons.append(f"{type_name(reader.annotation)}: {describe(error)[0]}")
                continue
            misfit = reader.misfit(plain) if isinstance(reader, TypedDictReader) else (0, 0)
            if misfit == (0, 0):
                return value
            candidates.append((misfit, value))
        if candidates:
            return min(candidates, key=lambda candidate: candidate[0])[1]
        raise ValueError(f"fits no member of {type_name(self.annotation)} ({'; '.join(reasons)})")


class LaterReader(Reader):
    """Reads a type inside of itself. It finds the reader when there is a value to read.

    Args:
        annotation: the type.
        typed: returns the reader of a type.
    """

    def __init__(self, annotation: Any, typed: Callable[[Any], Reader]) -> None:
        super().__init__(annotation)
        self._typed = typed
        self._reader: Reader | None = None

    def read(self, data: bytes) -> Any:
        """Read a value."""
        return self.convert(read_json(data))

    def convert(self, plain: Any) -> Any:
        """Convert plain JSON values to a value of the type."""
        return self.found().convert(plain)

    def found(self) -> Reader:
        """Return the reader."""
        if self._reader is None:
            self._reader = self._typed(self.annotation)
        return self._reader
