"""A session as it is in the state of a key."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.adk.sessions.session import Session
from google.adk.sessions.state import State
from pydantic import ValidationError

from awaken.errors import TerminalError
from awaken.serde import Serde

if TYPE_CHECKING:
    from google.adk.events.event import Event
    from google.adk.sessions.base_session_service import GetSessionConfig

__all__ = ["KEY_PREFIX", "Record", "RecordSerde", "lasting"]

#: State keys of sessions are this and their id, as with the official SDK.
KEY_PREFIX = "session_store::"


def lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a session's state without what belongs to one invocation of ADK only."""
    return {
        key: copy.deepcopy(value) for key, value in state.items() if not key.startswith(State.TEMP_PREFIX)
    }


@dataclass(slots=True)
class Record:
    """All of a session."""

    app_name: str
    user_id: str
    id: str
    state: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    last_update_time: float = 0.0
    #: The state value that this was read from or written as.
    data: bytes = b""

    @classmethod
    def read(cls, key: str, data: bytes) -> Record:
        """Return the session that a state value has.

        Args:
            key: the state key, for the error.
            data: its value.

        Raises:
            TerminalError: it is not a session.
        """
        try:
            session = Session.model_validate_json(data)
        except ValidationError as error:
            raise TerminalError(
                f'state "{key}" is not a session that this release of ADK can read: {error}'
            ) from error
        return cls(
            session.app_name,
            session.user_id,
            session.id,
            session.state,
            session.events,
            session.last_update_time,
            data,
        )

    @property
    def key(self) -> str:
        """The state key."""
        return KEY_PREFIX + self.id

    def add(self, event: Event) -> None:
        """Add an event, and what it changes in the state."""
        self.events.append(event)
        self.last_update_time = event.timestamp
        if event.actions and event.actions.state_delta:
            self.state.update(lasting(event.actions.state_delta))

    def session(self, config: GetSessionConfig | None = None) -> Session:
        """Return a session of its own for ADK, with all events or the newest ones."""
        events = self.events
        if config is not None:
            if config.num_recent_events is not None:
                events = events[-config.num_recent_events :] if config.num_recent_events else []
            if config.after_timestamp is not None:
                after = config.after_timestamp
                older = next((i for i in reversed(range(len(events))) if events[i].timestamp < after), -1)
                events = events[older + 1 :]
        return Session(
            id=self.id,
            app_name=self.app_name,
            user_id=self.user_id,
            state=copy.deepcopy(self.state),
            events=list(events),
            last_update_time=self.last_update_time,
        )


class RecordSerde(Serde[Any]):
    """Writes a record as the JSON of ADK's session, without what has its default; it is read as bytes."""

    def serialize(self, obj: Record | None) -> bytes:
        """Write a record."""
        if obj is None:
            return b""
        session = Session.model_construct(
            id=obj.id,
            app_name=obj.app_name,
            user_id=obj.user_id,
            state=obj.state,
            events=obj.events,
            last_update_time=obj.last_update_time,
        )
        return session.model_dump_json(exclude_none=True, exclude_defaults=True).encode()

    def deserialize(self, buf: bytes) -> bytes:
        """Return the bytes as they are."""
        return buf
