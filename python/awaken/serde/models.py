"""Serdes that use the library of a model, and the detection of pydantic models without importing pydantic."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from awaken.errors import SerdeError
from awaken.serde.annotations import type_name
from awaken.serde.base import Serde
from awaken.serde.validation import adapter, read_error, validate_json

__all__ = ["MsgspecJsonSerde", "PydanticJsonSerde", "is_pydantic"]

T = TypeVar("T")


def is_pydantic(annotation: Any) -> bool:
    """Return whether this is a pydantic model or dataclass. Pydantic is not imported."""
    return isinstance(annotation, type) and hasattr(annotation, "__pydantic_validator__")


class PydanticJsonSerde(Serde[T]):
    """Reads and writes a pydantic model, or anything else that a pydantic `TypeAdapter` accepts, with pydantic.

    Args:
        model: the model class.
    """

    def __init__(self, model: type[T]) -> None:
        self.model = model
        self._adapter = adapter(model)

    def deserialize(self, buf: bytes) -> T | None:
        """Read and validate the model.

        Raises:
            SerdeError: the bytes are not a valid value.
        """
        if not buf:
            return None
        try:
            return cast("T", validate_json(self._adapter, buf))
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.model) from error

    def serialize(self, obj: T | None) -> bytes:
        """Write the model in pydantic's compact form.

        Raises:
            SerdeError: pydantic cannot write the value.
        """
        if obj is None:
            return b""
        try:
            return self._adapter.dump_json(obj)
        except (ValueError, TypeError, RecursionError) as error:
            raise SerdeError("write", type_name(self.model), str(error)) from error


class MsgspecJsonSerde(Serde[T]):
    """Reads and writes a `msgspec.Struct`, or any other type that msgspec supports, with msgspec.

    Args:
        model: the type.
    """

    def __init__(self, model: type[T]) -> None:
        import msgspec  # few applications have such a serde

        self.model = model
        self._decoder = msgspec.json.Decoder(model)
        self._encode = msgspec.json.encode

    def deserialize(self, buf: bytes) -> T | None:
        """Read and validate the type.

        Raises:
            SerdeError: the bytes are not a valid value.
        """
        if not buf:
            return None
        try:
            return self._decoder.decode(buf)
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.model) from error

    def serialize(self, obj: T | None) -> bytes:
        """Write the value in msgspec's compact form.

        Raises:
            SerdeError: msgspec cannot write the value.
        """
        if obj is None:
            return b""
        try:
            return self._encode(obj)
        except (ValueError, TypeError, RecursionError) as error:
            raise SerdeError("write", type_name(type(obj)), str(error)) from error
