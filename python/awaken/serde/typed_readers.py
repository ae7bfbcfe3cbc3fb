"""Readers of types that msgspec reads, with the help that it asks for.

msgspec calls `MsgspecReader` back for each placeholder that `rewriting` put into the type, with the plain values in its
place. The readers of the types inside of a type come from `reading`, which makes these; it is given as an argument.
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
    """Reads a type with msgspec, and with others where msgspec asks.

    Args:
        annotation: the type as written, for messages.
        rewritten: the type with placeholders in it.
        placeholders: what each of them stands for.
        typed: gives the readers of types that msgspec asks about.
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
        # At once for placeholders: a member nobody can read has to be found out where the type is declared.
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
        """Make a value of plain JSON values."""
        return msgspec.convert(plain, self._rewritten, str_keys=True, dec_hook=self._ask)

    def _ask(self, cls: type, plain: Any) -> Any:
        reader = self._readers.get(cls)
        if reader is None:
            reader = self._readers[cls] = self._find_reader(cls).convert
        try:
            return reader(plain)
        except ValueError as error:
            reason, path = describe(error)
            # msgspec adds the place of this value; the place inside of it is ours to tell.
            raise ValueError(reason if path in ("", "$") else f"{reason} (at {path} in it)") from error

    def _find_reader(self, cls: type) -> Reader:
        stands_for = self._placeholders.get(cls, cls)
        if is_pydantic(stands_for) or is_pydantic_union(stands_for):
            return PydanticReader(stands_for)
        return UnionReader(stands_for, self._typed) if is_union(stands_for) else self._typed(stands_for)


class TypedDictReader(Reader):
    """Reads a typed dict: converts what is declared and there, and leaves everything else.

    Args:
        reader: of a copy in which nothing is required.
    """

    def __init__(self, reader: MsgspecReader) -> None:
        super().__init__(reader.annotation)
        self.problem = reader.problem
        self._reader = reader
        fields = list(fields_of(self.annotation))
        self._keys = frozenset(key for key, _, _ in fields)
        self._required = frozenset(key for key, _, is_required in fields if is_required)

    def convert(self, plain: Any) -> Any:
        """Convert what is declared."""
        converted = self._reader.convert(plain)
        return {key: converted.get(key, value) for key, value in plain.items()}

    def misfit(self, plain: dict[str, Any]) -> tuple[int, int]:
        """Count the keys that are missing, and those that are not declared: the least is the best fit in a union."""
        return len(self._required - plain.keys()), len(plain.keys() - self._keys)


class DataclassReader(Reader):
    """Reads a dataclass that msgspec refuses.

    Args:
        reader: of its fields, as a typed dict.
    """

    def __init__(self, reader: MsgspecReader) -> None:
        super().__init__(reader.annotation)
        self.problem = reader.problem
        self._reader = reader

    def read(self, data: bytes) -> Any:
        """Read an instance."""
        return None if not data else self._make(self._reader.read(data))

    def convert(self, plain: Any) -> Any:
        """Make an instance."""
        return self._make(self._reader.convert(plain))

    def _make(self, values: dict[str, Any]) -> Any:
        try:
            return self.annotation(**values)
        except (ValueError, TypeError) as error:  # its own checks
            raise SerdeError("read", type_name(self.annotation), str(error)) from error


class UnionReader(Reader):
    """Reads a union whose members msgspec cannot tell apart: the first one that fits.

    Args:
        union: the type.
        typed: gives the readers of its members.
    """

    def __init__(self, union: Any, typed: Callable[[Any], Reader]) -> None:
        super().__init__(union)
        self._readers = [typed(member) for member in get_args(union) if member is not NoneType]
        self.problem = next((each.problem for each in self._readers if each.problem is not None), None)

    def convert(self, plain: Any) -> Any:
        """Make a value of the member that fits best."""
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
    """Reads a type inside of itself: its reader is found when there is something to read.

    Args:
        annotation: the type.
        typed: gives the readers of types.
    """

    def __init__(self, annotation: Any, typed: Callable[[Any], Reader]) -> None:
        super().__init__(annotation)
        self._typed = typed
        self._reader: Reader | None = None

    def read(self, data: bytes) -> Any:
        """Read a value by its own reader's `convert`."""
        return self.convert(read_json(data))

    def convert(self, plain: Any) -> Any:
        """Make a value."""
        return self.found().convert(plain)

    def found(self) -> Reader:
        """Return the reader."""
        if self._reader is None:
            self._reader = self._typed(self.annotation)
        return self._reader
