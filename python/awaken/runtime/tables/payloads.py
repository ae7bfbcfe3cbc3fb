"""Large payloads, in a table of their own: of journal entries, and of results.

A result is not stored a second time: it is the end of the payload of its Output entry. Each payload belongs to an
invocation, and is deleted with it, or with its journal if the result is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from awaken.runtime.errors import StoreError

if TYPE_CHECKING:
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations

__all__ = ["INLINE_SIZE", "PAYLOAD", "RESULT", "Payloads"]

#: Bytes of the largest payload that is within its row.
INLINE_SIZE: Final = 32 * 1024
#: The payload of an entry, in a statement that reads `journal`; NULL if it is missing.
PAYLOAD: Final = (
    "iif(payload_id IS NULL, payload, (SELECT bytes FROM payload AS large WHERE large.id = payload_id))"
)
#: The value of a result, in a statement that reads `invocation`; NULL if there is none, or it is missing.
RESULT: Final = (
    "iif(result_payload_id IS NULL, result_value, "
    "(SELECT substr(bytes, result_offset + 1) FROM payload AS large WHERE large.id = result_payload_id))"
)


class _Output(NamedTuple):
    """Where the value of an Output entry is."""

    payload_id: int
    offset: int
    size: int


class Payloads:
    """Writes, reads and deletes them. An invocation is given by the number of its row."""

    def __init__(self, store: Store, fresh: FreshInvocations) -> None:
        self._store = store
        self._fresh = fresh
        #: The last one that was added: invocation and number.
        self._last: tuple[int, int] | None = None
        #: Of invocations that are about to complete.
        self._outputs: dict[int, _Output] = {}
        store.when_taken_back(self._forget_all)
        #: Bytes that were deleted so far: deleting takes time for each of their pages.
        self.deleted_size = 0

    def add(self, invocation: int, payload: bytes) -> int:
        """Add one, and return its number."""
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.has_payloads = True
        cursor = self._store.write(
            "INSERT INTO payload (invocation, bytes) VALUES (?, zeroblob(?))", (invocation, len(payload))
        )
        payload_id = cursor.lastrowid or 0
        self._store.write_blob("payload", "bytes", payload_id, payload)
        self._last = (invocation, payload_id)
        return payload_id

    def read(self, payload_id: int, offset: int = 0) -> bytes:
        """Return one from an offset on. Raises StoreError if it is missing."""
        return self._store.read_blob("payload", "bytes", payload_id, offset)

    def missing(self, invocation: int) -> StoreError:
        """Return the error for an entry of an invocation whose payload is not there."""
        return StoreError(
            f"a payload of invocation {invocation} is missing in {self._store.path}; `awaken check` lists what is "
            "damaged"
        )

    # Results.

    def note_output(self, invocation: int, size: int, offset: int) -> None:
        """Note that an Output entry was appended just now, which ends with what may become the result.

        Args:
            invocation: of the entry.
            size: of its payload.
            offset: where the value begins in it.
        """
        if size > INLINE_SIZE and self._last is not None:
            owner, payload_id = self._last
            if owner == invocation:
                self._outputs[invocation] = _Output(payload_id, offset, size - offset)

    def note_place(self, invocation: int, payload_id: int, offset: int, size: int) -> None:
        """Note where the result of an invocation is that is about to complete, for `place`."""
        self._outputs[invocation] = _Output(payload_id, offset, size)

    def place(self, invocation: int, value: bytes | None) -> tuple[bytes | None, int | None, int | None]:
        """Return a result as columns: the value itself if it is small, else number and offset of what has it."""
        if value is None or len(value) <= INLINE_SIZE:
            return value, None, None
        output = self._outputs.get(invocation)
        if output is not None and output.size == len(value):
            return None, output.payload_id, output.offset
        return None, self.add(invocation, value), 0

    def forget(self, invocation: int) -> None:
        """Forget what was noted of an invocation, which has ended."""
        self._outputs.pop(invocation, None)

    def _forget_all(self) -> None:
        self._last = None
        self._outputs.clear()

    # Deleting.

    def delete(self, invocation: int) -> None:
        """Delete all of an invocation."""
        self.forget(invocation)
        fresh = self._fresh.get(invocation)
        if fresh is None or fresh.has_payloads:
            self._delete("invocation = ?", invocation)

    def delete_all_but_result(self, invocation: int) -> None:
        """Delete those of the journal that do not have the result in them."""
        self._delete(
            "invocation = ?1 AND id IS NOT (SELECT result_payload_id FROM invocation WHERE seq = ?1)",
            invocation,
        )

    def _delete(self, condition: str, invocation: int) -> None:
        deleted = self._store.write(
            f"DELETE FROM payload WHERE {condition} RETURNING length(bytes)",  # noqa: S608 - of this class
            (invocation,),
        )
        self.deleted_size += sum(size for (size,) in deleted.fetchall())
