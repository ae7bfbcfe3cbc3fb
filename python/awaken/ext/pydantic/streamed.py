"""The answer of a streaming request that is over, as Pydantic AI reads streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_ai.models import StreamedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from pydantic_ai.messages import ModelResponse, ModelResponseStreamEvent
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.usage import RequestUsage

__all__ = ["StreamedAnswer"]


class StreamedAnswer(StreamedResponse):
    """A whole answer behind the interface of a stream.

    Args:
        model_request_parameters: of the request.
        response: the answer.
        has_events: give an event for each part. False if the events were handled while they arrived.
    """

    def __init__(
        self, model_request_parameters: ModelRequestParameters, response: ModelResponse, *, has_events: bool
    ) -> None:
        super().__init__(model_request_parameters)
        self._response = response
        self._has_events = has_events

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        if self._has_events:
            for part in self._response.parts:
                # The manager of parts has to know them, because consumers of the stream ask it.
                yield self._parts_manager.handle_part(vendor_part_id=None, part=part)

    async def close_stream(self) -> None:
        """Do nothing: the stream of the model was closed in its run."""

    def get(self) -> ModelResponse:
        """Return the answer."""
        return self._response

    @property
    def usage(self) -> RequestUsage:
        """What the request cost."""
        return self._response.usage

    @property
    def model_name(self) -> str:
        """The name of the model that answered."""
        return self._response.model_name or ""

    @property
    def provider_name(self) -> str | None:
        """The provider of the model."""
        return self._response.provider_name

    @property
    def provider_url(self) -> str | None:
        """The address of the provider."""
        return getattr(self._response, "provider_url", None)

    @property
    def timestamp(self) -> datetime:
        """When the model answered."""
        return self._response.timestamp
