"""Entry points of applications for the official SDK run with one import changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.ingress import Client, InvocationFailed
from tests.unchanged.entry_points.programs import PROGRAMS
from tests.unchanged.entry_points.running import SDKS, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unchanged.runtimes import Both

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

#: What runs, in this order.
CASES = [
    (name, sdk)
    for name, program in PROGRAMS.items()
    for sdk in SDKS
    if sdk == "awaken" or program.is_compared
]
IDS = [f"{name}, {sdk}" for name, sdk in CASES]
#: How many programs start while others are tried.
AHEAD = 3


class Runs:
    """All programs; the next ones start already when one is asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._runs = [Running(PROGRAMS[name], sdk, factory.mktemp(sdk)) for name, sdk in CASES]
        self._started = 0

    def of(self, case: tuple[str, str]) -> Running:
        index = CASES.index(case)
        for run in self._runs[self._started : index + AHEAD]:
            run.start()
            self._started += 1
        return self._runs[index]

    def kill(self) -> None:
        for run in self._runs:
            run.kill()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    runs = Runs(tmp_path_factory)
    yield runs
    runs.kill()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_program_answers_on_both_runtimes(case: tuple[str, str], runs: Runs, both: Both) -> None:
    run = runs.of(case)
    run.wait_until_ready()

    for runtime in both:
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            deployment = client.register(run.url, use_http_11=not run.program.is_http2)
            answer = client.call("Greeter/greet", "Ada")
            with pytest.raises(InvocationFailed) as failed:
                client.call("Greeter/greet", "")
            client.remove(deployment)
        assert answer == "Hello Ada, 7, {'approved': True}"
        assert (failed.value.code, failed.value.message) == (400, "a name, please")

    assert "Traceback" not in run.log, run.log
    run.terminate()  # how it ends is tested below, while the others run


@pytest.mark.parametrize("case", [case for case in CASES if case[1] == "awaken"], ids=lambda case: case[0])
def test_program_ends_on_sigterm(case: tuple[str, str], runs: Runs) -> None:
    """Under the official SDK, the process ignores SIGTERM after its first request."""
    run = runs.of(case)
    run.terminate()

    exit_code = run.wait(within=5)

    assert exit_code == run.program.exit_code, run.log
    assert "Traceback" not in run.log, run.log
