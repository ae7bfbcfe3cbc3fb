"""Answers of models in the journal: nothing is lost, and the official SDK reads and writes the same form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agents import ModelResponse
from agents.models.openai_responses import OpenAIResponsesModel
from awaken.ext.openai.responses import ResponseSerde, completed_event
from openai.types.responses import (
    Response,
    ResponseCodeInterpreterToolCall,
    ResponseFileSearchToolCall,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseReasoningItem,
)
from openai.types.responses.response_reasoning_item import Summary
from restate.ext.openai.models import RestateModelResponse

from tests.unchanged.agents.openai.scripted import calls, says, usage

serde = ResponseSerde()

REASONING = ResponseReasoningItem(
    id="rs", type="reasoning", summary=[Summary(type="summary_text", text="hm")], encrypted_content="opaque"
)
REFUSAL = ResponseOutputMessage(
    id="m",
    type="message",
    role="assistant",
    status="completed",
    content=[ResponseOutputRefusal(type="refusal", refusal="no")],
)
SEARCH = ResponseFileSearchToolCall(id="fs", type="file_search_call", status="completed", queries=["a", "b"])
CODE = ResponseCodeInterpreterToolCall(
    id="ci", type="code_interpreter_call", status="completed", code="1+1", container_id="c", outputs=None
)
ITEMS: list[Any] = [
    REASONING,
    SEARCH,
    CODE,
    REFUSAL,
    says("Zürich ☕ \ud83d \x00"),
    calls("tool", a=[1, {"b": None}]),
]


def answer(**options: Any) -> ModelResponse:
    return ModelResponse(output=list(ITEMS), usage=usage(), response_id="resp_1", **options)


def test_answer_comes_back_as_it_was() -> None:
    given = answer(request_id="req_1", raw_usage={"input_tokens": 10, "extra": [1.5]})

    read = serde.deserialize(serde.serialize(given))

    assert read is not None
    assert read == given
    assert [type(item) for item in read.output] == [type(item) for item in ITEMS]


def test_next_request_is_the_same_as_without_a_journal() -> None:
    """Fields that the model did not set must not be sent as null: the API refuses some of them."""
    read = serde.deserialize(serde.serialize(answer()))

    assert read is not None
    assert read.to_input_items() == answer().to_input_items()


def test_official_sdk_reads_it() -> None:
    written = serde.serialize(
        ModelResponse(
            output=[*ITEMS[:4], says("Zürich ☕")], usage=usage(), response_id=None, request_id="req_1"
        )
    )

    read = RestateModelResponse.model_validate_json(written)

    assert [item.type for item in read.output] == [item.type for item in [*ITEMS[:4], says("")]]
    assert read.usage == usage()
    assert read.response_id is None


def test_what_the_official_sdk_wrote_is_read() -> None:
    written = RestateModelResponse(
        output=[*ITEMS[:4], says("Zürich ☕")], usage=usage(), response_id="resp_1"
    ).model_dump_json()

    read = serde.deserialize(written.encode())

    assert read is not None
    assert [type(item) for item in read.output] == [type(item) for item in [*ITEMS[:4], says("")]]
    assert read.usage == usage()
    assert read.response_id == "resp_1"


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "id": "m", "role": "assistant", "status": "a new status", "content": []},
        {"type": "a_new_item", "id": "n", "content": {"deep": [1]}},
        {
            "type": "function_call",
            "id": "f",
            "call_id": "c",
            "name": "t",
            "arguments": "{}",
            "a_new_field": 1,
        },
    ],
)
def test_items_that_are_newer_than_the_types_are_kept(item: dict[str, Any]) -> None:
    given = Response.construct(output=[item])  # as the client does, which validates nothing

    read = serde.deserialize(
        serde.serialize(ModelResponse(output=given.output, usage=usage(), response_id=None))
    )

    assert read is not None
    assert json.loads(serde.serialize(read))["output"] == [item]
    assert [type(each).__name__ for each in read.output]


def test_no_answer_is_no_bytes() -> None:
    assert serde.serialize(None) == b""
    assert serde.deserialize(b"") is None


def test_event_has_the_whole_answer() -> None:
    event = completed_event(answer())

    assert event.response.output == ITEMS
    assert event.response.usage is not None
    assert event.response.usage.output_tokens_details.reasoning_tokens == 2


def test_models_of_the_framework_stay_what_they_are() -> None:
    """Whoever looks at a durable model finds what the model has."""
    from awaken.ext.openai.models import DurableModel, durable

    model = OpenAIResponsesModel(model="m", openai_client=None)  # type: ignore[arg-type]

    assert durable(durable(model)) is not durable(model)
    assert isinstance(durable(model), DurableModel)
    assert durable(model).model == "m"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = durable(model).nonsense
