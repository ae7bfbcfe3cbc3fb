"""A few seconds of `make soak` on each setup: the accounts are exact after attacks and kills."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.doors.conftest import KINDS
from tests.doors.setups import ServerWithEndpoint, Setup
from tests.soak.__main__ import APP
from tests.soak.run import Plan, soak

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(seconds=12, seed=7, flow_threads=4, attack_threads=1, between_kills=(3, 5))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path, kind: str) -> None:
    traces = tmp_path / "traces"
    traces.touch()
    with ExitStack() as stack:
        server = stack.enter_context(ServerWithEndpoint(tmp_path, APP)) if kind == "gateway" else None
        setup = stack.enter_context(Setup(kind, tmp_path, server=server, app=APP))

        ledger = soak(setup, PLAN, traces, print)

    assert ledger.problems == []
    assert ledger.names
    assert ledger.done["kills"] + ledger.done["orderly ends"] + ledger.done["kills of the endpoint"] > 0
