"""`awaken awakeables`: what the outside world still has to answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from awaken.cli.addresses import parse_url
from awaken.cli.failures import explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="What handlers wait for from outside.")

_ASKED: Final = (
    *("id", "target_service_name", "target_service_key", "target_handler_name", "status", "modified_at"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
)


@commands.callback()
def _group() -> None:
    """What handlers wait for from outside."""


@commands.command("list")
@explain_failures
def show_list(
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this service.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Only of this key.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Look at so many waiting invocations, oldest first.")
    ] = 1000,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """List pending awakeables, those that wait longest first.

    A runtime knows of an awakeable when its handler awaits it: over protocol 7 at once, over earlier ones when the
    handler is suspended, by default after a minute.
    """
    from awaken.cli.invocations import age
    from awaken.cli.operator import Operator, quote_sql, select
    from awaken.cli.output import print_json, print_table, print_text

    conditions = ["status IN ('running', 'backing-off', 'suspended', 'paused')"]
    columns = {"target_service_name": service, "target_service_key": key}
    conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
    sql = select(_ASKED, "sys_invocation", conditions, order="modified_at", limit=limit)
    with Operator(parse_url(admin, "an admin API")) as operator:
        rows = operator.query(sql)
    pending = [awakeable for row in rows for awakeable in _awakeables(row)]
    if json_output:
        print_json(pending)
    elif not pending:
        print_text("Nothing waits for the outside, as far as the runtime knows.")
    else:
        print_table(
            ("Id", "Handler", "Key", "Status", "Since", "Waits for"),
            [
                (
                    *(found["id"], found["handler"], found["key"] or "", found["status"]),
                    *(age(found["since"]).removesuffix(" ago"), found["waits_for"]),
                )
                for found in pending
            ],
            whole=("Id",),
        )


def _awakeables(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rebuild the ids of the awakeables that an invocation awaits, from the signals it names."""
    from awaken import _core
    from awaken.cli.awakeables import FIRST_AWAKEABLE_INDEX

    text = row.get("suspended_waiting_future_json") or row.get("last_awaiting_on_future_json")
    if not text:
        return
    awaited = list(_leaves(json.loads(text)))
    raw = _core.parse_invocation_id(row["id"])
    indexes = {leaf["SignalIndex"] for leaf in awaited if "SignalIndex" in leaf}
    others = [_describe(leaf) for leaf in awaited]
    for index in sorted(index for index in indexes if index >= FIRST_AWAKEABLE_INDEX):
        beside = [told for told in others if told and told != f"awakeable {index}"]
        yield {
            "id": _core.format_awakeable_id(raw, index),
            "invocation": row["id"],
            "handler": f"{row['target_service_name']}/{row['target_handler_name']}",
            "key": row.get("target_service_key"),
            "status": row["status"],
            "since": row.get("modified_at"),
            "waits_for": ", ".join([f"awakeable {index}", *sorted(set(beside))]),
        }


def _leaves(future: Any) -> Iterator[dict[str, Any]]:
    """Walk a tree of futures: `{"Single": {...}}`, and combinators over lists of trees."""
    if isinstance(future, list):
        for part in future:
            yield from _leaves(part)
    elif isinstance(future, dict):
        for kind, inner in future.items():
            if kind == "Single" and isinstance(inner, dict):
                yield inner
            else:
                yield from _leaves(inner)


def _describe(leaf: Mapping[str, Any]) -> str:
    from awaken.cli.awakeables import FIRST_AWAKEABLE_INDEX

    if "SignalIndex" in leaf:
        index = leaf["SignalIndex"]
        return (
            f"awakeable {index}" if index >= FIRST_AWAKEABLE_INDEX else ""
        )  # the others are the runtime's own
    return ", ".join(f"{kind} {value}" for kind, value in leaf.items())
