"""The codes of failures, from the tables of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.diagnostics.error_codes import ATTEMPT_CODES, INGRESS_STATUSES, PROTOCOL_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.diagnostics.error_codes import ErrorCode


def write_pages() -> dict[str, str]:
    """Return the pages by their names below `docs/reference`."""
    lines = [
        "# Error codes",
        "",
        "Messages say what happened, where, and what to do. The codes beside them group them. The exceptions of the",
        "package have [a page of their own](python/exceptions.md).",
        "",
        "## Failures of attempts",
        "",
        "An attempt that fails is tried again, or the invocation is paused. `awaken invocations show`, the inbox, logs",
        "and metrics show these codes, which are those of the official server.",
        "",
        *_table(ATTEMPT_CODES),
        "",
        "## Codes of the protocol",
        "",
        "Failures between a runtime and an endpoint have statuses of HTTP as codes, and these.",
        "",
        *_table(PROTOCOL_CODES),
        "",
        "## Answers of the ingress",
        "",
        "A failed invocation answers with the code of its `TerminalError`, which is 500 unless the handler chooses",
        "another. The ingress itself answers with these.",
        "",
        *_table(INGRESS_STATUSES),
        "",
    ]
    return {"errors.md": "\n".join(lines)}


def _table(codes: Iterable[ErrorCode]) -> list[str]:
    rows = [f"| {one.code} | {one.meaning} | {one.advice} |" for one in codes]
    return ["| code | what happened | what to do |", "| --- | --- | --- |", *rows]
