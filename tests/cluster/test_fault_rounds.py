"""Nodes, leaders and endpoints are killed again and again while workflows start, wait, are resolved and call."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.account import Account
from tests.cluster.faults import Faults
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.cluster.app import Request
    from tests.cluster.callers import Callers
    from tests.cluster.nodes import Cluster
    from tests.e2e.effects import Effects
    from tests.e2e.endpoint import EndpointProcess

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

WORKFLOWS = 300
COUNTERS = 8
#: A workflow counts that often, and each comes with one count from outside.
COUNTS = 4
CALLERS = 8
#: Timers come due before, during and after a fault.
LONGEST_PAUSE_MS = 6000
STARTED_TIMEOUT_S = 60


def test_faults_lose_nothing_and_repeat_nothing(
    cluster: Cluster,
    endpoint: EndpointProcess,
    callers: Callers,
    effects: Effects,
    seed: int,
    pytestconfig: pytest.Config,
) -> None:
    rounds = int(str(pytestconfig.getoption("--cluster-rounds")))
    print(f"\n{rounds} rounds, repeated by SEED={seed}")
    chance = random.Random(seed)
    harm = Faults(cluster, endpoint, chance)
    requests: dict[str, Request] = {
        f"{seed}-{number}": {
            "effects": effects.path,
            "counter": f"{seed}-{number % COUNTERS}",
            "pause_ms": chance.randrange(LONGEST_PAUSE_MS),
        }
        for number in range(WORKFLOWS)
    }
    keys = list(requests)
    workflows = {key: f"{chance.choice(('Job', 'Shelved'))}/{key}" for key in keys}
    ids: dict[str, str] = {}

    with ThreadPoolExecutor(CALLERS) as pool:
        waiting: dict[str, str] = {}
        for number, kind in enumerate(harm.plan(rounds)):
            share = keys[number::rounds]
            work: list[Future[Any]] = []
            for key in share:
                work.append(pool.submit(callers.start, workflows[key], requests[key]))
                work.append(pool.submit(callers.add, requests[key]["counter"], f"from outside {key}"))
            work += [pool.submit(callers.resolve, id_, _told(key)) for key, id_ in waiting.items()]
            time.sleep(chance.uniform(0, 0.5))  # no condition: the fault may come at any moment
            print(harm.happen(kind))
            for future in work:
                future.result()
            waiting = _handed_out(effects, share)
            ids |= waiting
        for key, id_ in waiting.items():
            callers.resolve(id_, _told(key))
        results = dict(zip(keys, pool.map(callers.result, workflows.values()), strict=True))
        again = set(pool.map(lambda key: callers.start_again(workflows[key], requests[key]), keys))

    account = Account(effects)
    _print_numbers(callers, account)
    assert {key: (result["told"], result["id"]) for key, result in results.items()} == {
        key: (f"told {key}", ids[key]) for key in keys
    }
    assert again == {409}
    assert [
        wrong
        for key, result in results.items()
        for word, stored in (("act", result["acted"]), ("pay", result["paid"]))
        for wrong in account.unexplained(word, key, stored)
    ] == []
    eventually(
        lambda: sum(callers.total(f"{seed}-{number}") for number in range(COUNTERS)),
        lambda total: total == COUNTS * WORKFLOWS,
        within=30,
        what="the sum of the counters",
    )


def _told(key: str) -> bytes:
    return f'"told {key}"'.encode()


def _handed_out(effects: Effects, keys: list[str]) -> dict[str, str]:
    """Wait until these workflows have handed out their awakeables, and return the ids by key."""
    known = eventually(
        lambda: dict(line.split() for line in effects.values("id")),
        lambda known: known.keys() >= set(keys),
        within=STARTED_TIMEOUT_S,
        what="the ids of all awakeables",
    )
    return {key: known[key] for key in keys}


def _print_numbers(callers: Callers, account: Account) -> None:
    """Print what a reader of the output wants to know, with `-s` or after a failure."""
    overlaps = account.overlaps()
    longest = max(overlaps, default=0)
    print(f"{account.endings().total()} attempts: {dict(account.endings())}")
    print(f"{len(overlaps)} of them went on when the next one had begun, for {longest:.1f} s at most")
    print(f"{account.repetitions()} effects executed again")
    print("slowest: " + ", ".join(f"{kind} {took:.1f} s" for kind, took in callers.slowest.items()))
    for reason, times in callers.retries.most_common():
        print(f"{times} times {reason}")
