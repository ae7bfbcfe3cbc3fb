"""`awaken id`: decode an id."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer

from awaken.cli.failures import UsageError, explain_failures
from awaken.cli.settings import JsonOutputOption  # noqa: TC001 -- typer reads the annotations

__all__ = ["decode"]


@explain_failures
def decode(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="An invocation or awakeable id.")],
    json_output: JsonOutputOption = False,
) -> None:
    """Decode an invocation id or an awakeable id.

    Invocation ids begin with inv_1, awakeable ids with sign_1 or prom_1.
    """
    from awaken.cli.output import print_facts, print_json
    from awaken.errors import InvalidIdError

    try:
        facts = _invocation(identifier) if identifier.startswith("inv_") else _awakeable(identifier)
    except InvalidIdError as error:
        raise UsageError(
            f"{identifier!r} is not an id ({error}); an invocation id begins with inv_1, an awakeable id "
            "with sign_1: copy it whole"
        ) from error
    if json_output:
        print_json(facts)
        return
    print_facts(facts)


def _invocation(text: str) -> dict[str, Any]:
    from awaken import _core

    raw = _core.parse_invocation_id(text)
    return {
        "kind": "invocation",
        "invocation": text,
        "raw": raw.hex(),
        "partition_key": int.from_bytes(raw[:8], "big"),
        "uuid": str(UUID(bytes=raw[8:])),
    }


def _awakeable(text: str) -> dict[str, Any]:
    from awaken import _core
    from awaken.outcomes import FIRST_AWAKEABLE

    parsed = _core.parse_awakeable_id(text)
    facts = _invocation(parsed.invocation_id) | {"kind": "awakeable"}
    if parsed.is_legacy:
        return facts | {"journal_index": parsed.index, "legacy": True}
    facts |= {"signal_index": parsed.index, "legacy": False}
    if parsed.index >= FIRST_AWAKEABLE:
        facts["number"] = parsed.index - FIRST_AWAKEABLE + 1
    return facts
