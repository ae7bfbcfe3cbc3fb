"""`awaken dev` with the application of a company, and forty invocations as they look after a few days of work."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Self

from awaken.approvals import Via
from awaken.control.answering import Answerer, answer_question
from awaken.control.reads import list_awakeables
from awaken.control.remote import connect_runtime
from awaken.runtime.store.directory import DATABASE

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

APP: Final = "tests.e2e.services.company:app"
HOUR_MS: Final = 3_600_000
VENDORS: Final = (
    ("ACME Tools", "machines", "1,240.00", "drill", 4),
    ("Blue Paper", "office", "86.40", "paper", 24),
    ("Northwind Hosting", "it", "412.00", "server", 1),
    ("Kranich Travel", "sales", "1,905.50", "train ticket", 6),
    ("Fabrikam Print", "office", "233.10", "brochure", 300),
    ("Contoso Coffee", "office", "118.00", "coffee beans", 12),
)


class Company:
    """`awaken dev`. Starting it again continues with the same data, at the same addresses."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        ports = [free_port() for _ in range(3)]
        self.ingress_url, self.admin_url = (f"http://127.0.0.1:{port}" for port in ports[:2])
        #: Where the inbox is.
        self.inbox_url = f"{self.admin_url}/ui"
        #: Where Slack sends clicks.
        self.clicks_url = f"http://127.0.0.1:{ports[2]}/slack"
        self.database = directory / "data" / DATABASE
        self._ports = ports
        ingress, admin, callbacks = (f"127.0.0.1:{port}" for port in ports)
        self._process = Process(
            [
                *(sys.executable, "-m", "awaken.cli", "dev", APP, "--data-dir", str(directory / "data")),
                *("--ingress", ingress, "--admin", admin, "--callbacks", callbacks, "--grpc", "off"),
                *("--inbox-user-header", "x-user", "--inbox-groups-header", "x-groups"),
            ],
            log=directory / "dev.log",
            cwd=ROOT,
            env={
                "PYTHONUNBUFFERED": "1",
                "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s",
                **(environment or {}),
            },
        )
        self.client = Client(self.ingress_url, self.admin_url)

    @property
    def log(self) -> str:
        return self._process.log

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.client.__exit__()

    def start(self) -> None:
        self._process.start()
        eventually(lambda: all(map(is_listening, self._ports)), what=f"awaken dev:\n{self.log[-4000:]}")

    def stop(self) -> None:
        assert self._process.stop() == 0


def invoice(number: int, **changes: Any) -> dict[str, Any]:
    vendor, team, amount, what, pieces = VENDORS[number % len(VENDORS)]
    price = amount.replace(",", "")
    return {
        "number": f"{4700 + number}",
        "vendor": vendor,
        "amount": price,
        "due": f"{1 + number % 28} December",
        "order": f"2026-{310 + number}",
        "positions": [
            {"what": what, "pieces": pieces, "price": price},
            {"what": "delivery", "pieces": 1, "price": "0.00"},
        ],
        "approvers": ["lead@example.com", "group:finance"],
        "team": team,
        **changes,
    }


def fill(company: Company) -> None:
    """Make forty invocations, answer some, and let days pass over them."""
    send = company.client.send
    ages: dict[str, float] = {}
    answered: list[tuple[str, bool, str, Via, float]] = []

    def begin(hours: float, target: str, argument: Any) -> str:
        invocation = send(target, argument)
        ages[invocation] = hours
        return invocation

    for number, hours in enumerate((0.2, 1.5, 5, 22, 29, 52)):
        begin(
            hours,
            "Payments/pay",
            invoice(number, quorum=1 + number % 2, expires_in_s=(8 + 30 * number) * 3600),
        )
    for number, hours in enumerate((3, 20, 26, 31, 47, 75), 6):
        via = (Via.LINK, Via.SLACK, Via.INBOX)[number % 3]
        by = ("lead@example.com", "cfo@example.com", "ada@example.com")[number % 3]
        answered.append((begin(hours, "Payments/pay", invoice(number)), number != 8, by, via, hours * 0.4))
    for number, (who, where) in enumerate(
        (
            *(("Ada", "Lisbon"), ("Linus", "Berlin"), ("Grace", "Zürich"), ("Edsger", "Eindhoven")),
            *(
                ("Barbara", "Boston"),
                ("Alan", "Manchester"),
                ("Margaret", "Houston"),
                ("Dennis", "Murray Hill"),
            ),
        )
    ):
        trip = {"traveller": who, "destination": where, "days": 2 + number, "cost": f"{410 + 97 * number}.00"}
        hours = 0.7 + 6 * number
        trip |= {"approver": "sales@example.com", "expires_in_s": (5 + 7 * number) * 3600}
        invocation = begin(hours, "Trips/plan", trip)
        if number >= 3:
            answered.append((invocation, number != 5, "sales@example.com", Via.LINK, hours * 0.3))
    for number, name in enumerate(("ada", "grace", "linus", "barbara")):
        begin(2 + 17 * number, f"Onboarding/{name}/run", name.capitalize())
    for number, order in enumerate(("bad-7", "bad-9", "unknown-3", "2026-277", "2026-281", "2026-290")):
        begin(0.4 + 9 * number, "Refunds/refund", order)
    for number, month in enumerate(("November", "October", "September", "August", "July")):
        begin(1 + 16 * number, "Reports/monthly", month)
    asyncio.run(_answer(company, answered))
    eventually(lambda: _is_quiet(company, len(answered)), what="the end of what was answered")
    company.stop()
    _age(company.database, ages, {one[0]: one[4] for one in answered})
    company.start()


async def _answer(company: Company, answered: list[tuple[str, bool, str, Via, float]]) -> None:
    runtime = connect_runtime(company.ingress_url, company.admin_url)
    now_ms = time.time_ns() // 1_000_000
    try:
        for invocation, is_approval, by, via, hours in answered:
            question = await _find_question(runtime, invocation)
            answer = {"approved": is_approval, "comment": "" if is_approval else "not what we ordered"}
            groups = () if by in ("lead@example.com", "sales@example.com") else ("group:finance",)
            answerer = Answerer(by, groups, via, now_ms - round(hours * HOUR_MS))
            outcome = await answer_question(runtime, question, json.dumps(answer).encode(), answerer)
            assert outcome.is_applied, outcome
    finally:
        await runtime.close()


async def _find_question(runtime: Any, invocation: str) -> str:
    for _ in range(500):
        async for one in list_awakeables(runtime, invocation_id=invocation):
            if one.approval is not None:
                return str(one.question_id)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{invocation} does not ask")


def _is_quiet(company: Company, count: int) -> bool:
    rows = company.client.query("SELECT id FROM sys_invocation WHERE status = 'completed'")
    return len(rows) >= count + 12


def _age(database: Path, ages: Mapping[str, float], answers: Mapping[str, float]) -> None:
    """Move what happened into the past: hours from now, for the beginning and for the answer of each invocation."""
    with closing(sqlite3.connect(database)) as store, store:
        rows = store.execute("SELECT seq, id, invoked_by_id FROM invocation").fetchall()
        for seq, invocation, caller in rows:
            begun = ages.get(invocation, answers.get(caller or "", 0))
            ended = answers.get(invocation, answers.get(caller or "", begun))
            before, after = round(begun * HOUR_MS), round(ended * HOUR_MS)
            first = store.execute(
                "SELECT min(idx) FROM journal WHERE invocation = ? AND signal >= 17", (seq,)
            ).fetchone()[0]
            store.execute(
                "UPDATE journal SET appended_at = appended_at - iif(idx < ?, ?, ?) WHERE invocation = ?",
                (1 << 30 if first is None else first, before, after, seq),
            )
            store.execute(
                "UPDATE invocation SET created_at = created_at - ?, running_at = running_at - ?, "
                "inboxed_at = inboxed_at - ?, modified_at = modified_at - ?, completed_at = completed_at - ? "
                "WHERE seq = ?",
                (before, before, before, after, after, seq),
            )
            store.execute(
                "UPDATE journal_event SET appended_at = appended_at - ? WHERE invocation = ?", (before, seq)
            )
            store.execute("UPDATE awakeable SET since = since - ? WHERE invocation = ?", (before, seq))
