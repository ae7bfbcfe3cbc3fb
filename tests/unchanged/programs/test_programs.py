"""Programs in one text: under the official SDK as they are, under ours with the imports changed, on both runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.compat.serving import SDKS, Serving
from tests.e2e.ingress import Client
from tests.unchanged.programs.caller import Caller
from tests.unchanged.programs.scenarios import SCENARIOS
from tests.unchanged.runtimes import KINDS

if TYPE_CHECKING:
    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

APP = "tests.unchanged.programs.app:app"

#: Facts of each result that do not depend on what another combination answers.
EXPECTED: dict[str, Any] = {
    "deadline": [["late", "timeout"], ["late", "other"]],
    "sleeping": ["5", "60", "120"],
    "limit": [True, False, True, False],
    "cron": 4,
    "chance": [True, True, True],
    "retries": [["ok", 3], ["gave up", 500, 3]],
    "idempotency": [True, False, True],
    "cancelled_call": ["cancelled", 409, "cancelled"],
    "managers": ["connected", True],
}

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def found(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Results and commands of each scenario, by combination.

    Both SDKs serve services of the same names, so one serves after the other: a deployment replaces the one before.
    """
    results: Found = {name: {} for name in SCENARIOS}
    for sdk in SDKS:
        serving = Serving(sdk, "", tmp_path_factory.mktemp(sdk), APP)
        try:
            serving.start()
            for kind in KINDS:
                runtime = both.of(kind)
                with Client(runtime.ingress_url, runtime.admin_url) as client:
                    client.register(serving.url, use_http_11=False)
                    for name, scenario in SCENARIOS.items():
                        caller = Caller(client, f"{sdk}-{name}")
                        results[name][f"{sdk} on {kind}"] = run(scenario, caller)
        finally:
            serving.kill()
    return results


def run(scenario: Any, caller: Caller) -> Any:
    try:
        return scenario(caller), caller.commands
    except Exception as error:  # the test of this scenario shows it
        return repr(error), caller.commands


@pytest.mark.parametrize("name", SCENARIOS)
def test_program_does_the_same(found: Found, name: str) -> None:
    results = found[name]

    first = results["official on server"]
    assert {where: result for where, result in results.items() if result != first} == {}
    assert "Error" not in str(first[0]), first[0]
    if name in EXPECTED:
        assert first[0] == EXPECTED[name]
