"""Edits of the state of a key by operators: each replaces the whole state, in its turn among exclusive invocations.

An edit may name the version of the state that it was made for. It is refused if that is not the version of the state
that it would replace, as far as this is known: of the state that the last waiting edit gives, else of the current one.
If handlers change the state before its turn comes, it is dropped, as on the server, and the log says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from awaken.control.errors import ConflictError
from awaken.control.state_version import state_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.schema import Schema
    from awaken.runtime.tables.inbox import StateEdit
    from awaken.runtime.tables.tables import Tables

__all__ = ["StateEdits"]

log = logging.getLogger("awaken.runtime")


class StateEdits:
    """Applies edits of state, and passes keys on."""

    def __init__(self, schema: Schema, tables: Tables) -> None:
        self._schema = schema
        self._inbox = tables.inbox
        self._state = tables.state

    def replace(self, service: str, key: str, state: Mapping[str, bytes], version: str | None) -> None:
        """Replace the state of a key when its turn comes.

        That is at once if the key is free, and for workflows, whose edits do not wait for the end of their run.

        Raises:
            ConflictError: `version` is given and is not that of the state that would be replaced.
        """
        found = self._schema.service(service)
        is_workflow = found is not None and found.kind == "workflow"
        is_waiting = not is_workflow and self._inbox.is_taken(service, key)
        if version is not None:
            self._check(service, key, version, self._inbox.last_edit(service, key) if is_waiting else None)
        if is_waiting:
            self._inbox.add_edit(service, key, state, version)
        else:
            self._state.replace(service, key, state)

    def pass_on(self, service: str, key: str, invocation: int) -> int | None:
        """Take an invocation out of the queue of its key, and apply the edits whose turn that makes it.

        Returns:
            The invocation that holds the key now, if it did not before.
        """
        if not self._inbox.remove(service, key, invocation):
            return None
        while (edit := self._inbox.take_edit(service, key)) is not None:
            self._apply(service, key, edit)
        return self._inbox.holder(service, key)

    def _check(self, service: str, key: str, version: str, waiting: StateEdit | None) -> None:
        known = self._state.items(service, key) if waiting is None else waiting.state.items()
        current = state_version(known)
        if version != current:
            when = "now" if waiting is None else "after the edit that waits for its turn"
            raise ConflictError(
                f"The state of '{service}/{key}' was not changed: the edit is for version '{version}', and the version "
                f"{when} is '{current}'. Read the state again, or leave out the version to replace any."
            )

    def _apply(self, service: str, key: str, edit: StateEdit) -> None:
        current = state_version(self._state.items(service, key)) if edit.version is not None else None
        if edit.version == current:
            self._state.replace(service, key, edit.state)
            return
        log.warning(
            "an edit of the state of %s/%s that waited for its turn changes nothing: it was made for version %s, and "
            "the handlers that ran before it left version %s; read the state again and repeat the edit",
            service,
            key,
            edit.version,
            current,
        )
