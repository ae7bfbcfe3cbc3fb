"""What is done with each program, and what must come out of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unchanged.programs.caller import Caller


def saga(caller: Caller) -> Any:
    def trip(traveller: str, fails_at: str) -> Any:
        return caller.ask("SagaTrips/book", {"traveller": traveller, "fails_at": fails_at})

    return [trip("Ada", ""), trip("Ada", "hotel"), trip("strict", "car")]


def transfer(caller: Caller) -> Any:
    caller.ask("SagaAccounts/a/deposit", 10)

    def move(amount: int) -> Any:
        order = {"source": caller.key("a"), "target": caller.key("b"), "amount": amount}
        return caller.ask("SagaBank/transfer", order)

    moved = [move(4), move(3), move(50)]
    return [*moved, caller.ask("SagaAccounts/a/balance"), caller.ask("SagaAccounts/b/balance")]


def cancelled_order(caller: Caller) -> Any:
    placed = caller.send("SagaOrders/place", caller.key("ledger"))
    caller.until(lambda: caller.ask("SagaLedger/ledger/lines") == ["placed"])
    caller.ask("SagaOrders/cancel", placed)
    return [caller.answer(placed), caller.ask("SagaLedger/ledger/lines")]


def payment(caller: Caller) -> Any:
    results = []
    for event in ({"type": "ok", "by": "card"}, {"type": "no", "reason": "stolen"}):
        paying = caller.send("WaitPayments/p/pay", {"id": "1", "amount": 5})
        caller.until(lambda: caller.ask("WaitPayments/p/pending"))
        results += [caller.ask("WaitPayments/p/webhook", event), caller.answer(paying)]
    return [*results, caller.ask("WaitPayments/p/webhook", {"type": "ok"})]


def signup(caller: Caller) -> Any:
    running = caller.send("WaitSignups/ada/run", "ada@example.org")
    stage, secret = caller.until(lambda: caller.ask("WaitSignups/ada/stage"), lambda answer: answer[1])
    caller.ask("WaitSignups/ada/click", secret)
    refused = caller.send("WaitSignups/bob/run", "bob@example.org")
    caller.ask("WaitSignups/bob/refuse", "no robots")
    return [stage, caller.answer(running), caller.answer(refused), caller.ask("WaitSignups/ada/stage")[0]]


def deadline(caller: Caller) -> Any:
    return [caller.ask("WaitDeadlines/race", 1), caller.ask("WaitDeadlines/race", 2000)]


def callback(caller: Caller) -> Any:
    return [caller.ask("WaitCallbacks/start", "good"), caller.ask("WaitCallbacks/start", "bad")]


def sleeping(caller: Caller) -> Any:
    return caller.ask("WaitSleepers/doze", [60, 5, 120])


def machine(caller: Caller) -> Any:
    return [caller.ask("ObjectMachines/m/move", wanted) for wanted in ("up", "up", "down", "sideways")]


def limit(caller: Caller) -> Any:
    return [caller.ask("ObjectLimits/l/take", tokens) for tokens in (3, 3, 2, 1)]


def queue(caller: Caller) -> Any:
    sql = (
        "SELECT value_utf8 FROM state WHERE service_name = 'ObjectQueues' "
        f"AND service_key = '{caller.key('q')}' AND key = 'waiting'"
    )

    def length() -> int:
        rows = caller.client.query(sql)
        return len(json.loads(rows[0]["value_utf8"])) if rows else 0

    guests = []
    for priority in (1, 9, 5):
        ticket = {"queue": caller.key("q"), "priority": priority}
        guests.append(caller.send("ObjectGuests/visit", ticket))
        caller.until(length, len(guests).__eq__)
    admitted = [caller.ask("ObjectQueues/q/admit") for _ in range(4)]
    return [admitted, [caller.answer(guest) for guest in guests]]


def feed(caller: Caller) -> Any:
    posts = [caller.ask("ObjectFeeds/f/publish", {"text": text}) for text in ("a darn thing", "a day")]
    words = caller.until(lambda: caller.ask("ObjectFeeds/f-index/words"), lambda found: len(found) == 4)
    left = []
    for word in ("a", None):
        left += [caller.ask("ObjectFeeds/f-index/forget", word), caller.ask("ObjectFeeds/f-index/words")]
    return [posts, words, left]


def cron(caller: Caller) -> Any:
    caller.ask("ObjectJobs/j/tick", 4)
    return caller.until(lambda: caller.ask("ObjectJobs/j/count"), lambda count: count == 4)


def chance(caller: Caller) -> Any:
    return caller.ask("PlainChances/draw")


def combine(caller: Caller) -> Any:
    return caller.ask("PlainCombined/fan", [1, 2, 3, 4])


def generic(caller: Caller) -> Any:
    return caller.ask("PlainGeneric/by_name", 21)


def payloads(caller: Caller) -> Any:
    ingress = caller.client.ingress
    reversed_bytes = ingress.post(
        "/PlainPayloads/reverse", content=b"\x00\xffabc", headers={"content-type": "application/octet-stream"}
    )
    wrong = ingress.post("/PlainPayloads/model", json={"count": "many"})
    return [
        caller.ask("PlainPayloads/model", {"item": "tea"}),
        caller.ask("PlainPayloads/struct", {"item": "tea", "price": 1.5}),
        caller.ask("PlainPayloads/anything", [1, None, "ü"]),
        caller.ask("PlainPayloads/optional", {"item": "tea"}),
        caller.ask("PlainPayloads/nothing"),
        [reversed_bytes.status_code, reversed_bytes.content.hex(), reversed_bytes.headers["content-type"]],
        wrong.status_code,
    ]


def headers(caller: Caller) -> Any:
    given = {"x-shop-id": "7", "X-Shop-Name": "tea"}
    return [caller.ask("PlainHeaders/show", headers=given), caller.ask("PlainHeaders/forward")]


def retries(caller: Caller) -> Any:
    return [caller.ask("PlainFlaky/try_hard", 3), caller.ask("PlainFlaky/try_hard", 9)]


def idempotency(caller: Caller) -> Any:
    def once(key: str) -> Any:
        return caller.client.call("PlainTwice/once", "x", headers={"idempotency-key": caller.key(key)})

    return [once("a") == once("a"), once("a") == once("b"), caller.ask("PlainTwice/both", "y")]


def chain(caller: Caller) -> Any:
    return caller.ask("PlainChain/ingest", [" a ", "", "b"])


def background(caller: Caller) -> Any:
    return [caller.ask("PlainTasks/supervise", ms) for ms in (10, 5000)]


def cancelled_call(caller: Caller) -> Any:
    return caller.ask("PlainTasks/give_up")


def review(caller: Caller) -> Any:
    running = caller.send("LifeReviews/r/run", ["Ada", "Bob"])
    votes = [
        caller.ask("LifeReviews/r/vote", ballot) for ballot in (["Bob", None], ["Ada", True], ["Ada", False])
    ]
    return [votes, caller.answer(running)]


def chat(caller: Caller) -> Any:
    said = [caller.ask("LifeChats/ada/say", text) for text in ("hi", "ünï", "")]
    return [said, caller.ask("LifeChats/ada/recall"), caller.ask("LifeChats/bob/recall")]


def managers(caller: Caller) -> Any:
    return caller.ask("LifeManaged/use")


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        *(saga, transfer, cancelled_order, payment, signup, deadline, callback, sleeping, machine, limit),
        *(queue, feed, cron, chance, combine, generic, payloads, headers, retries, idempotency, chain),
        *(background, cancelled_call, review, chat, managers),
    )
}
