"""`make soak`: an hour of work, attacks and kills on `awaken dev`, `runtime` and `gateway`, with exact accounts.

A failing run is repeated with the same `--seed`; what threads and disks do between is not in its hand.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.doors.setups import ServerWithEndpoint, Setup
from tests.soak.run import Plan, soak

APP = "tests.soak.application:app"
KINDS = ("dev", "runtime", "gateway")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long in all  [default: 60]")
    parser.add_argument("--seed", type=int, help="decides what is done  [default: by chance]")
    parser.add_argument("--on", choices=KINDS, action="append", help="may be repeated  [default: all three]")
    options = parser.parse_args()
    seed = random.randrange(10_000) if options.seed is None else options.seed
    kinds = options.on or KINDS
    plan = Plan(seconds=options.minutes * 60 / len(kinds), seed=seed)
    return max(_run(kind, plan) for kind in kinds)


def _run(kind: str, plan: Plan) -> int:
    print(f"awaken {kind}: {plan.seconds / 60:g} minutes, seed {plan.seed}", flush=True)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="awaken-soak-")))
        server = stack.enter_context(ServerWithEndpoint(directory, APP)) if kind == "gateway" else None
        setup = stack.enter_context(Setup(kind, directory, server=server, app=APP))
        path = directory / "traces"
        path.touch()
        ledger = soak(setup, plan, path, lambda line: print(line, flush=True))
    for what, count in sorted(ledger.done.items()):
        print(f"  {what}: {count}")
    waits = sorted(ledger.waits)
    if waits:
        p99 = waits[int(len(waits) * 0.99)]
        print(
            f"  another caller, {len(waits)} calls: p99 {p99 * 1000:.0f} ms, worst {waits[-1] * 1000:.0f} ms"
        )
    for problem in ledger.problems:
        print(f"WRONG: {problem}")
    print(
        f"awaken {kind}: {'failed' if ledger.problems else 'nothing lost, nothing twice'} (seed {plan.seed})"
    )
    return 1 if ledger.problems else 0


if __name__ == "__main__":
    sys.exit(main())
