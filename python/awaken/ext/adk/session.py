"""Sessions in the state of a virtual object or workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.adk.sessions.base_session_service import BaseSessionService, ListSessionsResponse

from awaken.context.context import ObjectContext, ObjectSharedContext
from awaken.context.extensions import current_context, get_extension_data, set_extension_data
from awaken.context.runs import RunOptions
from awaken.errors import LocalProtocolError, TerminalError, UsageError
from awaken.ext.adk.identifiers import repeat_ids
from awaken.ext.adk.record import KEY_PREFIX, Record, RecordSerde, lasting
from awaken.ext.contexts import is_in_run, restate_object_context
from awaken.serde import BytesSerde

if TYPE_CHECKING:
    from google.adk.events.event import Event
    from google.adk.sessions.base_session_service import GetSessionConfig
    from google.adk.sessions.session import Session

__all__ = ["RestateSessionService"]

_KEY = "awaken.ext.adk.sessions"

_USE_RUN_ASYNC = "Runner.run() starts a thread, so use `async for event in runner.run_async(...)`"
_USE_ANOTHER = "the agent needs another session service there, such as ADK's InMemorySessionService"
_STORED = RunOptions[Any](serde=RecordSerde())


@dataclass(slots=True)
class _Run:
    """An agent that runs, or has failed; what it appends to its session is not stored before it has ended well."""

    session: Session
    #: How many events are stored.
    stored: int
    added: list[Event] = field(default_factory=list)


class _Attempt:
    """The sessions that this attempt of a handler has read or changed."""

    def __init__(self) -> None:
        #: By id, as they are stored.
        self.records: dict[str, Record] = {}
        self.runs: list[_Run] = []

    def run_of(self, session: Session) -> _Run | None:
        """Return the run of the agent that has this very object, if there is one."""
        return next((run for run in self.runs if run.session is session), None)


class RestateSessionService(BaseSessionService):
    """Keeps each session in the state of the key whose handler runs the agent.

    A session is the state `session_store::<id>`, in JSON that people can read. It is written once, at the end of
    `Runner.run_async`; what you append to it yourself is written at once. A session that does not exist is an empty
    one: agents need no `create_session`.
    """

    def ctx(self) -> ObjectContext:
        """Return the context of the handler, which has the sessions.

        Raises:
            UsageError: it is not an exclusive handler of a virtual object or workflow.
        """
        context = restate_object_context()
        repeat_ids(context)
        return context

    async def create_session(
        self,
        *,
        app_name: str,
        user_id: str,
        state: dict[str, Any] | None = None,
        session_id: str | None = None,
    ) -> Session:
        """Store a new session and return it.

        Args:
            app_name: of the session.
            user_id: of the session.
            state: to begin with.
            session_id: its id, by default a new one.

        Raises:
            TerminalError: there is a session with this id.
            UsageError: this is not an exclusive handler of a virtual object or workflow.
        """
        context = self.ctx()
        identifier = session_id or str(context.uuid())
        if await self.has_session(session_id=identifier):
            raise TerminalError(f"the key {context.key()!r} has a session {identifier!r} already")
        record = Record(app_name, user_id, identifier, lasting(state or {}))
        _attempt(context).records[identifier] = record
        await _store(context, record)
        return record.session()

    async def has_session(self, *, session_id: str) -> bool:
        """Return whether a session is stored."""
        return await _read(_reader(), KEY_PREFIX + session_id) is not None

    async def get_session(
        self, *, app_name: str, user_id: str, session_id: str, config: GetSessionConfig | None = None
    ) -> Session | None:
        """Return a session, a new and empty one if it does not exist.

        Args:
            app_name: of a new session.
            user_id: of a new session.
            session_id: its id.
            config: which events to return; all of them stay stored.

        Raises:
            UsageError: this is not a handler of a virtual object or workflow.
        """
        context = _reader()
        return (await _load(context, app_name, user_id, session_id)).session(config)

    async def list_sessions(self, *, app_name: str, user_id: str | None = None) -> ListSessionsResponse:
        """Return the stored sessions of the key without their events, the one that changed last at the end.

        Args:
            app_name: not used: all sessions of the key are returned.
            user_id: not used.
        """
        context = _reader()
        sessions = []
        for key in await context.state_keys():
            if key.startswith(KEY_PREFIX):
                data = await _read(context, key)
                if data is not None:
                    session = Record.read(key, data).session()
                    session.events = []
                    sessions.append(session)
        sessions.sort(key=lambda session: (session.last_update_time, session.user_id, session.id))
        return ListSessionsResponse(sessions=sessions)

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Delete a session, if it exists."""
        context = self.ctx()
        context.clear(KEY_PREFIX + session_id)
        _attempt(context).records.pop(session_id, None)

    async def append_event(self, session: Session, event: Event) -> Event:
        """Add an event to a session, and what it changes in the session's state.

        It is stored at once, unless an agent runs with this session: then `RestatePlugin` stores the session when the
        agent has ended.
        """
        if event.partial:
            return event
        context = self.ctx()
        run = _attempt(context).run_of(session)
        event = await super().append_event(session, event)
        session.last_update_time = event.timestamp
        if run is not None:
            run.added.append(event)
        else:
            record = await _known(context, session)
            record.add(event)
            await _store(context, record)
        return event

    async def flush_session_state(self, session: Session) -> None:
        """Store a session: what was appended to it, and its state as it is in this object."""
        context = self.ctx()
        record = await _known(context, session)
        run = _attempt(context).run_of(session)
        is_newest = run is None or run.stored == len(record.events)  # or another agent ran with it meanwhile
        if run is not None:
            for event in run.added:
                record.add(event)
            run.added.clear()
            run.stored = len(record.events)
        if is_newest:
            record.state.update(lasting(session.state))
        await _store(context, record)

    async def begin_run(self, session: Session) -> None:
        """Collect what is appended to this object; `RestatePlugin` calls this when an agent begins."""
        context = self.ctx()
        attempt = _attempt(context)
        if attempt.run_of(session) is None:
            attempt.runs.append(_Run(session, len((await _known(context, session)).events)))

    async def end_run(self, session: Session) -> None:
        """Store the session of an agent that has ended well; `RestatePlugin` calls this."""
        await self.flush_session_state(session)
        attempt = _attempt(self.ctx())
        attempt.runs = [run for run in attempt.runs if run.session is not session]


def _attempt(context: Any) -> _Attempt:
    attempt: _Attempt | None = get_extension_data(context, _KEY)
    if attempt is None:
        attempt = _Attempt()
        set_extension_data(context, _KEY, attempt)
    return attempt


def _reader() -> ObjectContext | ObjectSharedContext:
    """Return the context of a handler that may read sessions."""
    context = current_context()
    if context is None:
        raise UsageError(
            f"RestateSessionService was used outside of a handler: {_USE_ANOTHER}; {_USE_RUN_ASYNC}"
        )
    if not isinstance(context, (ObjectContext, ObjectSharedContext)):
        raise UsageError(
            "RestateSessionService keeps sessions in the state of a key, so it needs a handler of a virtual object or "
            f"a workflow, and this one has a context of type {type(context).__name__}; in a service, make a runner "
            "with ADK's InMemorySessionService in the handler"
        )
    repeat_ids(context)
    return context


async def _read(context: ObjectContext | ObjectSharedContext, key: str) -> bytes | None:
    try:
        return await context.get(key, serde=BytesSerde())
    except LocalProtocolError as error:
        raise UsageError(
            f"RestateSessionService cannot read sessions here: {error}; "
            f"{_USE_ANOTHER if is_in_run() else _USE_RUN_ASYNC}"
        ) from error


async def _load(
    context: ObjectContext | ObjectSharedContext, app_name: str, user_id: str, session_id: str
) -> Record:
    """Return a session as it is stored, or a new one."""
    key = KEY_PREFIX + session_id
    data = await _read(context, key)
    records = _attempt(context).records
    record = records.get(session_id)
    if record is None or record.data != (data or b""):
        record = Record(app_name, user_id, session_id) if data is None else Record.read(key, data)
        records[session_id] = record
    return record


async def _known(context: ObjectContext, session: Session) -> Record:
    """Return a session that was read already as it is stored now."""
    record = _attempt(context).records.get(session.id)
    if record is None:
        record = await _load(context, session.app_name, session.user_id, session.id)
    return record


async def _store(context: ObjectContext, record: Record) -> None:
    """Write a session. It is in the journal first, so that a replay writes the same bytes."""
    is_new = False

    async def take() -> Any:
        nonlocal is_new
        is_new = True
        return record

    data = await context.run_typed("store session", take, _STORED)
    if is_new:
        record.data = data
    else:  # times of events are those of the attempt that wrote them
        _attempt(context).records[record.id] = Record.read(record.key, data)
    context.set(record.key, data, serde=BytesSerde())
