"""Answers of models as bytes: every kind of message comes back as it was, and the official SDK's form is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from awaken.errors import SerdeError
from awaken.ext.langchain.model_response import ModelResponseSerde
from langchain.agents.middleware.types import ModelResponse
from langchain.agents.structured_output import AutoStrategy, ProviderStrategy, ToolStrategy
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from pydantic import BaseModel, ConfigDict, Field

from tests.unchanged.agents.langchain.basics import KINDS
from tests.unchanged.agents.langchain.scripted import asks, call, says


def again(response: ModelResponse[Any], wanted: Any = None) -> ModelResponse[Any]:
    serde: ModelResponseSerde[Any] = ModelResponseSerde(wanted)
    read = serde.deserialize(serde.serialize(response))
    assert read is not None
    return read


@pytest.mark.parametrize(
    "message",
    [
        *KINDS,
        HumanMessage("ü", name="Ada"),
        HumanMessageChunk(content="half"),
        SystemMessage("be brief"),
        ChatMessage(content="x", role="narrator"),
        FunctionMessage(content="x", name="f"),
        ToolMessage("x", tool_call_id="c", artifact={"rows": [1, None]}, status="error"),
        AIMessageChunk(content=[{"type": "text", "text": "a", "index": 0}], chunk_position="last"),
        AIMessage("x" * 5_000_000),
        RemoveMessage(id="gone"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_message_comes_back(message: Any) -> None:
    (read,) = again(ModelResponse([message])).result

    assert type(read) is type(message)
    assert read == message


def test_form_is_that_of_the_official_sdk() -> None:
    written = ModelResponseSerde[Any](None).serialize(ModelResponse([says("ü", id="1")]))

    assert (
        written
        == (
            '{"result":[{"content":"ü","additional_kwargs":{},"response_metadata":{},"type":"ai","name":null,"id":"1",'
            '"tool_calls":[],"invalid_tool_calls":[],"usage_metadata":null}],"structured_response":null}'
        ).encode()
    )


class Aliased(BaseModel):
    model_config = ConfigDict(strict=True)

    due: datetime = Field(alias="dueDate")
    tags: set[str] = set()


@dataclass
class Point:
    x: int
    y: tuple[int, int] = (1, 2)


DUE = Aliased(dueDate=datetime(2026, 1, 2, 3), tags={"a"})


@pytest.mark.parametrize("wrap", [ToolStrategy, ProviderStrategy, AutoStrategy])
@pytest.mark.parametrize("value", [DUE, Point(1)], ids=["aliased model", "dataclass"])
def test_structured_response_keeps_type_and_values(wrap: Any, value: Any) -> None:
    answer = asks(call(type(value).__name__))

    assert again(ModelResponse([answer], value), wrap(type(value))).structured_response == value


def test_structured_response_that_other_code_chose_is_kept() -> None:
    assert again(ModelResponse([says(".")], [1, {"a": None}])).structured_response == [1, {"a": None}]


@pytest.mark.parametrize(
    "data",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"result": [{}]}',
        b'{"result": [{"type": "no such"}]}',
        json.dumps({"result": [], "structured_response": {"x": "no number"}}).encode(),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SerdeError, match="ModelResponse"):
        ModelResponseSerde[Any](ToolStrategy(Point)).deserialize(data)
