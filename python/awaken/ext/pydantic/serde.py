"""A serde for every type that Pydantic can validate."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter

from awaken.serde import Serde

__all__ = ["PydanticTypeAdapter"]

T = TypeVar("T")


class PydanticTypeAdapter(Serde[T]):
    """Write values of a type as JSON, and validate what is read.

    Unlike a `type_hint`, it also takes types that are not classes, such as the messages of a conversation:

        MESSAGES = PydanticTypeAdapter(list[ModelMessage])

        history = await ctx.get("messages", serde=MESSAGES)
        result = await agent.run(prompt, message_history=history)
        ctx.set("messages", result.all_messages(), serde=MESSAGES)

    Args:
        model_type: a type or annotation.
    """

    def __init__(self, model_type: type[T]) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(model_type)

    def deserialize(self, buf: bytes) -> T | None:
        """Read a value; no bytes are None.

        Raises:
            ValidationError: the bytes are not such a value.
        """
        return self._adapter.validate_json(buf) if buf else None

    def serialize(self, obj: T | None) -> bytes:
        """Write a value; None is no bytes."""
        return b"" if obj is None else self._adapter.dump_json(obj)
