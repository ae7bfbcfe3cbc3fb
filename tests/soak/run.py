"""One run: flows, attacks and kills side by side for some time, and the accounts at its end."""

from __future__ import annotations

import random
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import grpc
import httpx
import psutil

from tests.e2e.ingress import InvocationFailed
from tests.e2e.waiting import eventually
from tests.soak.attacks import ATTACKS
from tests.soak.flows import Flows
from tests.soak.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.doors.setups import Setup

__all__ = ["Plan", "soak"]

#: Bytes of resident memory, and open files, that the process under attack never needs.
MEMORY = 1_500_000_000
OPEN_FILES = 2_000
END_TIMEOUT_S = 60
PROBE_INTERVAL_S = 0.05
WATCH_INTERVAL_S = 1.0


@dataclass(frozen=True)
class Plan:
    """What to do, decided by `seed` as far as chance decides it."""

    seconds: float
    seed: int
    flow_threads: int = 8
    attack_threads: int = 2
    #: Seconds between two kills, at least and at most.
    between_kills: tuple[float, float] = (15, 45)


def soak(setup: Setup, plan: Plan, path: Path, report: Callable[[str], None]) -> Ledger:
    """Run a plan on a setup that has been started.

    Args:
        setup: serves `tests.soak.application`.
        plan: what to do.
        path: an empty file, for the traces of handlers.
        report: called with a line about the progress now and then.
    """
    ledger = Ledger()
    stop = threading.Event()
    steady = threading.Event()  # the process is up
    steady.set()
    seeds = [plan.seed * 1000 + number for number in range(max(plan.flow_threads, plan.attack_threads))]
    jobs = [
        *(partial(_flow, setup, ledger, seed, path, stop) for seed in seeds[: plan.flow_threads]),
        *(partial(_attack, setup, ledger, seed, stop) for seed in seeds[: plan.attack_threads]),
        partial(_kill, setup, ledger, plan, stop, steady),
        partial(_probe, setup, ledger, stop, steady),
        partial(_watch, setup, ledger, stop, steady),
    ]
    began = time.monotonic()
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in jobs:
            pool.submit(_contain, job, ledger)
        while time.monotonic() - began < plan.seconds and not ledger.problems:
            time.sleep(min(10.0, plan.seconds))
            report(f"{time.monotonic() - began:6.0f} s: {_summary(ledger)}")
        stop.set()
    _settle(setup, ledger, path)
    return ledger


def _contain(job: Callable[[], None], ledger: Ledger) -> None:
    try:
        job()
    except Exception as error:
        ledger.complain(f"a part of the run failed: {error!r:.500}")


def _flow(setup: Setup, ledger: Ledger, seed: int, path: Path, stop: threading.Event) -> None:
    flows = Flows(setup, ledger, path, seed)
    while not stop.is_set():
        flows.step()


def _attack(setup: Setup, ledger: Ledger, seed: int, stop: threading.Event) -> None:
    chance = random.Random(seed)
    while not stop.is_set():
        attack = chance.choice(ATTACKS)
        with suppress(OSError, httpx.HTTPError, grpc.RpcError):  # what becomes of an attacker does not matter
            attack(setup, chance)
        ledger.count(f"attacks: {attack.__name__}")
        stop.wait(chance.uniform(0, 0.5))


def _kill(setup: Setup, ledger: Ledger, plan: Plan, stop: threading.Event, steady: threading.Event) -> None:
    chance = random.Random(plan.seed)
    while not stop.wait(chance.uniform(*plan.between_kills)):
        if setup.endpoint is not None and chance.random() < 0.5:
            setup.endpoint.kill()
            time.sleep(chance.uniform(0, 1))
            setup.endpoint.start()
            ledger.count("kills of the endpoint")
            continue
        steady.clear()
        if chance.random() < 0.7:
            setup.process.kill()
            ledger.count("kills")
        else:
            setup.process.stop(within=END_TIMEOUT_S)
            ledger.count("orderly ends")
        setup.start()
        steady.set()


def _probe(setup: Setup, ledger: Ledger, stop: threading.Event, steady: threading.Event) -> None:
    """Be somebody else, and measure how long an answer takes while nothing is down."""
    with httpx.Client(timeout=30) as client:
        while not stop.wait(PROBE_INTERVAL_S):
            began = time.monotonic()
            was_steady = steady.is_set()
            try:
                response = client.post(f"{setup.ingress_url}/Greeter/greet", json="somebody")
            except httpx.TransportError:
                continue
            if response.is_success and was_steady and steady.is_set():
                ledger.wait(time.monotonic() - began)


def _watch(setup: Setup, ledger: Ledger, stop: threading.Event, steady: threading.Event) -> None:
    while not stop.wait(WATCH_INTERVAL_S):
        if not steady.is_set():
            continue
        with suppress(psutil.Error, RuntimeError):
            process = psutil.Process(setup.process.pid)
            memory, files = process.memory_info().rss, process.num_fds()
            if memory > MEMORY:
                ledger.complain(f"awaken {setup.kind} takes {memory // 1_000_000} MB of memory")
            if files > OPEN_FILES:
                ledger.complain(f"awaken {setup.kind} has {files} open files")


def _settle(setup: Setup, ledger: Ledger, path: Path) -> None:
    """Compare what was asked for with what is there."""
    for key, expected in ledger.sums.items():
        found = _total(setup, key)
        if found != expected:
            ledger.complain(f"Counter {key} is {found}, and {expected} was added")
    left = "SELECT id FROM sys_invocation WHERE status != 'completed'"
    try:
        eventually(lambda: setup.client.query(left), lambda rows: not rows, within=END_TIMEOUT_S)
    except TimeoutError as error:
        ledger.complain(f"not everything has ended: {error}")
    traces = path.read_text().splitlines()
    missing = {f"began {name}" for name in ledger.names} - set(traces)
    if missing:
        ledger.complain(f"{len(missing)} flows left no trace, such as {min(missing)}")
    ledger.done["runs repeated after a kill"] = len(traces) - len(set(traces))
    for what, log in (
        ("awaken " + setup.kind, setup.log),
        ("endpoint", setup.endpoint.log if setup.endpoint else ""),
    ):
        if "Traceback" in log:
            at = log.index("Traceback")
            ledger.complain(f"{what} printed a traceback: {log[at : at + 3000]}")


def _total(setup: Setup, key: str) -> int | str:
    try:
        return int(setup.client.call(f"Counter/{key}/total"))
    except (httpx.TransportError, InvocationFailed) as error:
        return f"unknown ({error})"


def _summary(ledger: Ledger) -> str:
    done = ledger.done
    attacks = sum(count for what, count in done.items() if what.startswith("attacks"))
    kills = done["kills"] + done["orderly ends"] + done["kills of the endpoint"]
    waits = sorted(ledger.waits[-200:]) or [0.0]
    median, p99 = statistics.median(waits) * 1000, waits[int(len(waits) * 0.99)] * 1000
    return (
        f"{len(ledger.names)} waits ended, {done['additions']} additions, {attacks} attacks, {kills} kills; "
        f"another caller waits {median:.0f} ms (p99 {p99:.0f} ms)"
    )
