"""Serdes that leave the work to the library of a model, and how to tell pydantic without importing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from awaken.errors import SerdeError
from awaken.serde.base import Serde

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pydantic

__all__ = ["MsgspecJsonSerde", "PydanticJsonSerde", "is_pydantic"]

T = TypeVar("T")


def is_pydantic(annotation: Any) -> bool:
    """Tell whether this is a pydantic model or dataclass; pydantic itself is not imported."""
    return isinstance(annotation, type) and hasattr(annotation, "__pydantic_validator__")


def type_name(annotation: Any) -> str:
    """Name a type for people."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")


def adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    """Return pydantic's reader for an annotation.

    Raises:
        TypeError: pydantic cannot read it.
        NameError: the type refers to a name that does not exist yet.
    """
    import pydantic

    try:
        return pydantic.TypeAdapter(annotation)
    except pydantic.errors.PydanticUserError as error:
        reason = str(error).partition("\n")[0]
        raise TypeError(f"cannot read {type_name(annotation)} from JSON: {reason}") from error


def read_error(error: Exception, annotation: Any) -> SerdeError:
    """Describe a library's failure to read, without quoting the payload."""
    reason, path = describe(error)
    return SerdeError("read", type_name(annotation), reason, path)


def describe(error: Exception) -> tuple[str, str]:
    """Return the reason and the path of a validation error."""
    if isinstance(error, RecursionError):
        return "nested too deeply", ""
    list_errors = getattr(error, "errors", None)
    if list_errors is not None:  # pydantic's; its own text quotes the input
        problems = list_errors(include_url=False, include_input=False, include_context=False)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return f"{problems[0]['msg']}{more}", _json_path(problems[0]["loc"])
    # msgspec tells the place only as the end of its text; without it the reason still stands.
    reason, separator, place = str(error).partition(" - at `")
    return reason, place.rstrip("`") if separator else "$"


def _json_path(location: Sequence[int | str]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


class PydanticJsonSerde(Serde[T]):
    """A pydantic model (or anything a pydantic `TypeAdapter` takes), read and written by pydantic.

    Args:
        model: the model class.
    """

    def __init__(self, model: type[T]) -> None:
        self.model = model
        self._adapter = adapter(model)

    def deserialize(self, buf: bytes) -> T | None:
        """Read and validate the model.

        Raises:
            SerdeError: the bytes do not validate.
        """
        if not buf:
            return None
        try:
            return cast("T", self._adapter.validate_json(buf))
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.model) from error

    def serialize(self, obj: T | None) -> bytes:
        """Write the model in pydantic's compact form.

        Raises:
            SerdeError: pydantic cannot write a value in it.
        """
        if obj is None:
            return b""
        try:
            return self._adapter.dump_json(obj)
        except (ValueError, TypeError, RecursionError) as error:
            raise SerdeError("write", type_name(self.model), str(error)) from error


class MsgspecJsonSerde(Serde[T]):
    """A `msgspec.Struct` (or any type msgspec knows), read and written by msgspec.

    Args:
        model: the type.
    """

    def __init__(self, model: type[T]) -> None:
        self.model = model
        self._decoder = msgspec.json.Decoder(model)

    def deserialize(self, buf: bytes) -> T | None:
        """Read and validate the type.

        Raises:
            SerdeError: the bytes do not validate.
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
            SerdeError: msgspec cannot write a value in it.
        """
        if obj is None:
            return b""
        try:
            return msgspec.json.encode(obj)
        except (ValueError, TypeError, RecursionError) as error:
            raise SerdeError("write", type_name(type(obj)), str(error)) from error
