"""Answers of models as bytes in the journal, in the form that the official SDK gives them.

A JSON object with two fields: `result` has the messages, as pydantic writes them; `structured_response` has the value
that LangChain read from the answer, if the agent has a response format. It is read as the type of that format.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, cast

from langchain.agents.middleware.types import ModelResponse, ResponseT
from langchain.agents.structured_output import AutoStrategy, ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, RemoveMessage
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from awaken.errors import SerdeError
from awaken.serde import Serde

if TYPE_CHECKING:
    from langchain.agents.structured_output import ResponseFormat

__all__ = ["ModelResponseSerde"]

_TYPE = "ModelResponse"


class ModelResponseSerde(Serde[ModelResponse[ResponseT]]):
    """Writes and reads the answer to one model call.

    Args:
        response_format: of the agent, or None.
    """

    def __init__(self, response_format: ResponseFormat[Any] | None) -> None:
        self._response_format = response_format

    def serialize(self, obj: ModelResponse[ResponseT] | None) -> bytes:
        """Write an answer.

        Raises:
            SerdeError: a message or the structured response has no JSON form.
        """
        if obj is None:
            return b""
        try:
            return to_json({"result": obj.result, "structured_response": obj.structured_response})
        except ValueError as error:
            raise SerdeError("write", _TYPE, str(error)) from error

    def deserialize(self, buf: bytes) -> ModelResponse[ResponseT] | None:
        """Read an answer.

        Raises:
            SerdeError: these bytes are not such an answer, or do not fit the response format.
        """
        if not buf:
            return None
        try:
            fields = from_json(buf)
            messages = [_read_message(given) for given in fields["result"]]
            structured = self._read_structured(fields.get("structured_response"), messages)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise SerdeError("read", _TYPE, str(error)) from error
        return ModelResponse(result=messages, structured_response=cast("ResponseT", structured))

    def _read_structured(self, given: Any, messages: list[BaseMessage]) -> Any:
        if given is None:
            return None
        schema = self._schema(messages)
        if schema is None or isinstance(schema, dict):  # a JSON Schema, which LangChain does not apply either
            return given
        return _adapter(schema).validate_json(to_json(given), by_alias=True, by_name=True)

    def _schema(self, messages: list[BaseMessage]) -> Any:
        """Return the schema of the structured response: of the tool that was called, or the only one."""
        chosen = self._response_format
        if isinstance(chosen, ProviderStrategy):
            return chosen.schema
        if isinstance(chosen, AutoStrategy):
            chosen = ToolStrategy(chosen.schema)
        if not isinstance(chosen, ToolStrategy):
            return None
        schemas = {spec.name: spec.schema for spec in chosen.schema_specs}
        for message in messages:
            if isinstance(message, AIMessage):
                for call in message.tool_calls:
                    if call["name"] in schemas:
                        return schemas[call["name"]]
        return next(iter(schemas.values())) if len(schemas) == 1 else None


@cache
def _messages() -> TypeAdapter[AnyMessage]:
    return TypeAdapter(AnyMessage)


@lru_cache(maxsize=64)  # handlers may make schemas of their own for each invocation
def _adapter(schema: Any) -> TypeAdapter[Any]:
    return TypeAdapter(schema)


def _read_message(given: dict[str, Any]) -> BaseMessage:
    if given["type"] == "remove":
        return RemoveMessage.model_validate(given)
    return _messages().validate_python(given)
