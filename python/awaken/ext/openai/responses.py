"""Answers of models as bytes of the journal, in the form of the official SDK: output items, usage, id of the response.

An item is written with the fields that the model set and no others, so that the next request contains exactly what it
would contain without a journal. The official SDK reads this, and what it writes is read here.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, cast, get_args

from agents import ModelResponse, Usage
from openai.types.responses import Response, ResponseCompletedEvent, ResponseOutputItem, ResponseOutputMessage
from openai.types.responses.response_usage import ResponseUsage
from pydantic import BaseModel, TypeAdapter, ValidationError

from awaken.serde.base import Serde

if TYPE_CHECKING:
    from agents.items import TResponseOutputItem

__all__ = ["ResponseSerde", "completed_event"]


class ResponseSerde(Serde[ModelResponse]):
    """Writes and reads an answer of a model."""

    def serialize(self, obj: ModelResponse | None) -> bytes:
        """Return an answer as JSON."""
        if obj is None:
            return b""
        recorded: dict[str, Any] = {
            "output": [_written(item) for item in obj.output],
            "usage": _usages().dump_python(obj.usage, mode="json", warnings=False),
            "response_id": obj.response_id,
        }
        # Versions of the framework that know these have them.
        for name in ("request_id", "raw_usage"):
            if (value := getattr(obj, name, None)) is not None:
                recorded[name] = value
        return json.dumps(recorded, separators=(",", ":")).encode()

    def deserialize(self, buf: bytes) -> ModelResponse | None:
        """Return the answer in JSON."""
        if not buf:
            return None
        recorded = json.loads(buf)
        return ModelResponse(
            output=[_read(item) for item in recorded["output"]],
            usage=_usages().validate_python(recorded["usage"]),
            response_id=recorded["response_id"],
            **{name: recorded[name] for name in ("request_id", "raw_usage") if name in recorded},
        )


def completed_event(answer: ModelResponse) -> ResponseCompletedEvent:
    """Return the last event of the stream that would have transported an answer."""
    usage = answer.usage
    return ResponseCompletedEvent(
        type="response.completed",
        sequence_number=0,
        response=Response.construct(
            id=answer.response_id or "",
            object="response",
            created_at=0,
            model="",
            output=answer.output,
            parallel_tool_calls=True,
            tool_choice="auto",
            tools=[],
            usage=ResponseUsage(
                input_tokens=usage.input_tokens,
                input_tokens_details=usage.input_tokens_details,
                output_tokens=usage.output_tokens,
                output_tokens_details=usage.output_tokens_details,
                total_tokens=usage.total_tokens,
            ),
        ),
    )


def _written(item: BaseModel) -> dict[str, Any]:
    """Return an output item as a JSON value."""
    written = item.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    if (kind := getattr(item, "type", None)) is not None:
        written.setdefault("type", kind)  # a default does not count as set, and reading needs it
    return written


def _read(item: Any) -> TResponseOutputItem:
    """Return an output item. One that is newer than the installed types is kept as it is, as by the client."""
    try:
        return _items().validate_python(item)
    except ValidationError:
        # The client makes such an item without validation, of the first type if its own is unknown.
        kind = _item_types().get(item.get("type"), ResponseOutputMessage)
        return cast("TResponseOutputItem", kind.construct(**item))


@cache
def _items() -> TypeAdapter[TResponseOutputItem]:
    return TypeAdapter(ResponseOutputItem)


@cache
def _usages() -> TypeAdapter[Usage]:
    return TypeAdapter(Usage)


@cache
def _item_types() -> dict[str, Any]:
    """Return the types of output items, by the value of their field `type`."""
    return {
        kind: each
        for each in get_args(get_args(ResponseOutputItem)[0])
        for kind in get_args(each.model_fields["type"].annotation)
    }
