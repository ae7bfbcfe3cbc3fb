"""`awaken awakeables`: list, show and complete what handlers wait for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from awaken.cli.addresses import parse_urls
from awaken.cli.ages import age
from awaken.cli.failures import explain_failures
from awaken.cli.settings import (
    DEFAULT_ADMIN,
    AdminOption,
    JsonOutputOption,
)
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from awaken.approvals import ApprovalFacts
    from awaken.control.operations import AwakeableView
    from awaken.control.questions import Question
    from awaken.control.remote import RemoteOperations

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="List, show and complete awakeables.")

#: Awakeables that are asked for at once.
_PAGE = 1_000


@commands.callback()
def _group() -> None:
    """List, show and complete awakeables."""


@commands.command("list")
@explain_failures
def show_list(
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this service.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Only those of this key.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="At most this many, those that have waited longest.")
    ] = 1000,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """List pending awakeables, the longest waiting first.

    A runtime learns of an awakeable when its handler awaits it: at once over protocol 7; over earlier versions when it
    suspends the handler, by default after a minute.
    """
    from awaken.cli.output import print_json, print_text
    from awaken.cli.runtime_client import talk
    from awaken.cli.tables import Column, print_table

    async def work(runtime: RemoteOperations) -> list[AwakeableView]:
        found: list[AwakeableView] = []
        after: str | None = None
        while len(found) < limit:
            page = await runtime.awakeables(
                service=service, key=key, limit=min(limit - len(found), _PAGE), after=after
            )
            found += page.awakeables
            after = page.next
            if after is None:
                break
        return found[:limit]  # a page of a server may be longer

    pending = [_facts(one) for one in talk(work, admin=parse_urls([admin], "an admin API"))]
    if json_output:
        print_json(pending)
    elif not pending:
        print_text("No pending awakeables that the runtime knows of.")
    else:
        print_table(
            (
                Column("Id", is_whole=True),
                Column("Name", is_optional=True),
                Column("Handler"),
                Column("Key", is_optional=True),
                Column("Since", is_optional=True),
                Column("Status", is_optional=True),
                Column("Asked", is_optional=True),
                Column("Answers", is_optional=True),
                Column("Waits for", is_optional=True),
            ),
            [
                (
                    *(one["id"], one["name"], one["handler"], one["key"] or ""),
                    *(age(one["since"]).removesuffix(" ago"), one["status"]),
                    *(", ".join(one.get("approvers", ())), _progress(one), one["waits_for"]),
                )
                for one in pending
            ],
        )


@commands.command("show")
@explain_failures
def show(
    awakeable_id: Annotated[str, typer.Argument(metavar="ID", help="The id the handler handed out.")],
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Show the state of one awakeable.

    The state is `pending`, `completed`, `not awaited` (the handler may still await it), or `invocation completed`.
    Of an approval it is `pending`, `decided`, `expired` or `invocation over`, with who has answered.
    """
    from awaken.cli.output import print_facts, print_json
    from awaken.cli.runtime_client import talk
    from awaken.control.operations import AwakeableState
    from awaken.control.questions import find_question
    from awaken.control.reads import find_awakeable

    async def work(runtime: RemoteOperations) -> tuple[AwakeableView, Question]:
        return await find_awakeable(runtime, awakeable_id), await find_question(runtime, awakeable_id)

    seen, question = talk(work, admin=parse_urls([admin], "an admin API"))
    facts: dict[str, Any] = {
        "id": seen.awakeable_id,
        "state": seen.state.value,
        "invocation": seen.invocation_id,
        "handler": f"{seen.target.service}/{seen.target.handler}",
        "key": seen.target.key,
    }
    if seen.state is AwakeableState.PENDING:
        facts = _facts(seen) | facts
    if question.approval is not None:
        facts |= _approval(question, question.approval)
    if json_output:
        print_json(facts)
        return
    if "answered" in facts:
        facts["answered"] = "\n".join(map(_answer, facts["answered"]))
    shown = {name: ", ".join(value) if isinstance(value, list) else value for name, value in facts.items()}
    print_facts({name: value for name, value in shown.items() if value not in (None, "", {})})


def _approval(question: Question, approval: ApprovalFacts) -> dict[str, Any]:
    from awaken.approvals import read_verdict

    answered = [
        {
            "by": one.by,
            "via": one.via.value,
            "at": _time(one.at_ms),
            "approves": read_verdict(approval, one),
        }
        for one in question.answers
    ]
    return {
        "state": question.state.value,
        "question": question.id,
        "name": question.name,
        "approvers": list(approval.people(_now_ms())),
        "quorum": approval.quorum,
        "answers": len(question.answers) + question.hidden_answers,
        "approved": question.tally.is_approved,
        "answered": answered,
    }


def _answer(answered: dict[str, Any]) -> str:
    verb = {True: "approved", False: "rejected", None: "gave no answer"}[answered["approves"]]
    return f"{answered['by'] or 'somebody unknown'} {verb} at {answered['at']} ({answered['via']})"


def _progress(facts: dict[str, Any]) -> str:
    return f"{facts['answers']} of {facts['quorum']}" if "quorum" in facts else ""


def _facts(found: AwakeableView) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": found.awakeable_id,
        "name": found.name or "",
        "type": found.type_name or "",
        "labels": dict(found.labels),
        "expires_at": _time(found.expires_at_ms),
        "invocation": found.invocation_id,
        "handler": f"{found.target.service}/{found.target.handler}",
        "key": found.target.key,
        "status": found.status,
        "since": _time(found.since_ms),
        "waits_for": ", ".join([_title(found), *found.beside]),
    }
    if found.approval is not None:
        facts |= {
            "question": found.question_id,
            "approvers": list(found.approval.people(_now_ms())),
            "quorum": found.approval.quorum,
            "answers": found.answer_count,
        }
    return facts


def _title(found: AwakeableView) -> str:
    kind = "callback" if found.approval is None else "approval"
    return f"{kind} {found.name!r}" if found.name else f"awakeable {found.index}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else format_time(at_ms)
