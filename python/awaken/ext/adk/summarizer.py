"""Summaries of long sessions, with the answer of the model in the journal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from google.adk.apps.base_events_summarizer import BaseEventsSummarizer
from google.adk.apps.llm_event_summarizer import LlmEventSummarizer
from google.adk.events.event import Event

from awaken.context.extensions import current_context
from awaken.context.runs import RunOptions
from awaken.errors import InvocationCancelledError, TerminalError
from awaken.ext.adk.identifiers import ids_for_run
from awaken.ext.contexts import is_in_run
from awaken.serde import Serde

if TYPE_CHECKING:
    from google.adk.models.base_llm import BaseLlm

__all__ = ["RestateEventSummarizer"]

log = logging.getLogger("awaken")


class RestateEventSummarizer(BaseEventsSummarizer):
    """Has another summarizer work in a run named `compaction LLM call`.

    A summary that fails each time is left out, and the session keeps its events: the agent has answered already.

    Args:
        inner: makes the summary.
        max_retries: how often it is asked at most.
    """

    def __init__(self, inner: BaseEventsSummarizer, max_retries: int = 10) -> None:
        self._inner = inner
        self._options = RunOptions[Event | None](serde=_EventSerde(), max_attempts=max_retries)

    @staticmethod
    def from_llm(
        llm: BaseLlm, prompt_template: str | None = None, max_retries: int = 10
    ) -> RestateEventSummarizer:
        """Return a summarizer that asks a model.

        Args:
            llm: the model.
            prompt_template: of the question, with `{conversation_history}`.
            max_retries: how often the model is asked at most.
        """
        inner = (
            LlmEventSummarizer(llm) if prompt_template is None else LlmEventSummarizer(llm, prompt_template)
        )
        return RestateEventSummarizer(inner, max_retries)

    @staticmethod
    def from_summarizer(summarizer: BaseEventsSummarizer, max_retries: int = 10) -> RestateEventSummarizer:
        """Return a summarizer that makes another one durable."""
        return RestateEventSummarizer(summarizer, max_retries)

    async def maybe_summarize_events(self, *, events: list[Event]) -> Event | None:
        """Return the summary of some events, or None if there is none.

        Outside of a handler, and in the action of a run, this asks the inner summarizer and nothing else.
        """
        inner = self._inner
        context = current_context()
        if context is None or is_in_run():
            return await inner.maybe_summarize_events(events=events)
        ids = ids_for_run(context)

        async def summarize() -> Event | None:
            ids.install()
            return await inner.maybe_summarize_events(events=events)

        try:
            return await context.run_typed("compaction LLM call", summarize, self._options)
        except InvocationCancelledError:
            raise
        except TerminalError as error:
            log.warning("the session is not compacted: its summary failed: %s", error)
            return None


class _EventSerde(Serde[Event | None]):
    def serialize(self, obj: Event | None) -> bytes:
        return b"" if obj is None else obj.model_dump_json(exclude_none=True).encode()

    def deserialize(self, buf: bytes) -> Event | None:
        return Event.model_validate_json(buf) if buf and buf != b"null" else None
