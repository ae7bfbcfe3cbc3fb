"""Whether a body fits the input that a handler declared. Only its type and presence count; it is not parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.ingress.answers import IngressError

if TYPE_CHECKING:
    from awaken.runtime.schema import HandlerSchema

__all__ = ["check_input"]


def check_input(handler: HandlerSchema, content_type: str | None, body: bytes) -> None:
    """Accept a body and its content type.

    Raises:
        IngressError: the handler does not take them.
    """
    declared = handler.input
    accepted = declared.content_type
    if declared.is_none or accepted is None:
        if body or content_type is not None:
            shown = "None" if content_type is None else f'Some("{content_type}")'
            raise _refused(
                f"Expected body and content-type to be empty, but wasn't with content-type '{shown}'"
            )
        return
    if content_type is None and not body and not declared.is_required:
        return
    if content_type is None:
        raise _refused("Empty content-type")
    # Where there is a schema, nothing is no document; without one it may be a value like any other.
    if not body and (declared.is_required or declared.json_schema is not None):
        raise _refused("Empty body not allowed")
    if not _matches(content_type.partition(";")[0].strip(), accepted):
        raise _refused(f"Content-type '{content_type}' does not match '{accepted}'")


def _matches(content_type: str, accepted: str) -> bool:
    if accepted == "*/*":
        return True
    if accepted.endswith("/*"):
        return content_type.startswith(accepted[:-1])
    return content_type == accepted


def _refused(reason: str) -> IngressError:
    return IngressError(400, f"input validation error: {reason}")
