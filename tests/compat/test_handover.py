"""An invocation begun by one SDK finishes under the other, with and without a codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.compat.travelling import HANDLERS, VALUE, Journey

if TYPE_CHECKING:
    from tests.e2e.ingress import Client

ANSWERS: dict[str, Any] = {
    "Journey/chance": [True, 5],
    "Journey/clock": True,
    "Journey/actions": ["Höhe", 2, None, "ff", ["no", 418], "after"],
    "Journey/asleep": "awake",
    "Journey/answered": "top",
    "Journey/caller": ["{'a': [1, 2.5], 'ü': None}", b'{"b": 1}'.hex(), VALUE, True],
    "Journey/at_call_time": ["called", "ran", None, "inv_1", VALUE],
    "Journey/combined": ["nap", [1, 2], VALUE],
    "Journey/signalled": {"went": True},
    "Journey/own_awakeable": ["own", 432, VALUE],
    "Keeper/key/keep": [{"a": [1, 2.5], "ü": None}, "kept", None, None, VALUE, ["place", "plain"]],
    "LazyKeeper/key/keep": [
        {"a": [1, 2.5], "ü": None},
        "kept",
        None,
        None,
        VALUE,
        ["place", "plain"],
    ],
    "Saga/key/run": [None, "early", 7],
}


@pytest.fixture(
    scope="module",
    params=[
        (first, second, app)
        for app in ("app", "sealed")
        for first, second in (("official", "awaken"), ("awaken", "official"), ("awaken", "awaken"))
    ],
    ids="-".join,
)
def journey(
    request: pytest.FixtureRequest, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Journey:
    first, second, app = request.param
    journey = Journey(
        client, app, f"{first}{second}{app}".title(), tmp_path_factory.mktemp("-".join(request.param))
    )
    journey.travel(first, second)
    return journey


@pytest.mark.parametrize("target", HANDLERS)
def test_invocation_ends_as_it_would_have_without_the_change(journey: Journey, target: str) -> None:
    assert journey.travellers[target].answer == ANSWERS[target]


def test_no_effect_happens_twice(journey: Journey) -> None:
    for traveller in journey.travellers.values():
        lines = traveller.effects.lines()
        assert len(lines) == len(set(lines)), traveller.target
