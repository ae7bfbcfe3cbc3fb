"""How a tool call ended, as the journal keeps it.

Pydantic AI steers agents with exceptions of tools: ask the model again, wait for an approval, leave the call to others.
To a run they are failures, which it would repeat. They are recorded as outcomes instead, and raised behind it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_ai import exceptions
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred, ModelRetry
from pydantic_ai.messages import MultiModalContent, ToolReturn

from awaken.ext.pydantic.serde import PydanticTypeAdapter

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ["OUTCOME", "Outcome", "outcome_of", "restored"]

#: Newer versions of Pydantic AI have it.
TOOL_FAILED: Final[type[Exception] | None] = getattr(exceptions, "ToolFailed", None)
FILE: Final[TypeAdapter[Any]] = TypeAdapter(MultiModalContent)
RETURNED: Final[TypeAdapter[Any]] = TypeAdapter(ToolReturn)


@dataclass(frozen=True)
class Outcome:
    """The end of a tool call, in the form that the official SDK gives it; only the last kind is ours."""

    kind: Literal["output", "call_deferred", "approval_required", "model_retry", "tool_failed"]
    #: What the tool returned, or the metadata of a call that waits for somebody.
    output: Any
    #: The text for the model, or what a deferred call asks for.
    error: str | None = None

    def unwrap(self) -> Any:
        """Return what the tool returned, or raise what it raised."""
        match self.kind:
            case "output":
                return restored(self.output)
            case "call_deferred" if self.error is not None:
                raise CallDeferred(self.output, kind=self.error)  # type: ignore[arg-type]  # checked where it was made
            case "call_deferred":
                raise CallDeferred(self.output)
            case "approval_required":
                raise ApprovalRequired(self.output)
            case "tool_failed" if TOOL_FAILED is not None:
                raise TOOL_FAILED(self.error or "")
            case _:
                raise ModelRetry(self.error or "")


OUTCOME: Final = PydanticTypeAdapter(Outcome)


async def outcome_of(call: Awaitable[Any]) -> Outcome:
    """Await a tool call and return how it ended, except with errors that mean nothing to Pydantic AI."""
    try:
        return Outcome("output", await call)
    except CallDeferred as deferred:
        kind = getattr(deferred, "kind", "external")
        return Outcome("call_deferred", deferred.metadata, None if kind == "external" else kind)
    except ApprovalRequired as required:
        return Outcome("approval_required", required.metadata)
    except ModelRetry as retry:
        return Outcome("model_retry", None, retry.message)
    except Exception as error:
        if TOOL_FAILED is None or not isinstance(error, TOOL_FAILED):
            raise
        return Outcome("tool_failed", None, str(error))


def restored(output: Any) -> Any:
    """Return a recorded output with its images, documents and `ToolReturn` as objects again."""
    if isinstance(output, list):
        return [restored(item) for item in output]
    if not isinstance(output, dict):
        return output
    match output.get("kind"):
        case "tool-return":
            returned = RETURNED.validate_python(output)
            returned.return_value = restored(output["return_value"])
            return returned
        case str():
            with suppress(ValidationError):  # then it is a dict of the application
                return FILE.validate_python(output)
    return {name: restored(item) for name, item in output.items()}
