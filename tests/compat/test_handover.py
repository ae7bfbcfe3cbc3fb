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


BOTH_WAYS = (("official", "awaken"), ("awaken", "official"))


@pytest.fixture(
    scope="module",
    params=[
        *((*way, app, "client") for app in ("app", "sealed") for way in (*BOTH_WAYS, ("awaken", "awaken"))),
        *((*way, "app", "modern_client") for way in BOTH_WAYS),
    ],
    ids="-".join,
)
def journey(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """A server with default settings, and one that suspends every wait and speaks protocol 7."""
    first, second, app, server = request.param
    client: Client = request.getfixturevalue(server)
    directory = tmp_path_factory.mktemp("-".join(request.param))
    journey = Journey(client, app, f"{first}{second}{app}".title(), directory)
    journey.travel(first, second)
    return journey


@pytest.mark.parametrize("target", HANDLERS)
def test_invocation_ends_as_it_would_have_without_the_change(journey: Journey, target: str) -> None:
    assert journey.travellers[target].answer == ANSWERS[target]


def test_no_effect_happens_twice(journey: Journey) -> None:
    for traveller in journey.travellers.values():
        lines = traveller.effects.lines()
        assert len(lines) == len(set(lines)), traveller.target


def test_journal_is_of_the_protocol_that_the_server_speaks(journey: Journey) -> None:
    assert journey.protocol_versions == {7 if "modern" in str(journey.directory) else 6}
