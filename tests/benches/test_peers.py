from __future__ import annotations

import pytest
from rich.console import Console

from benches.peers.__main__ import prepare
from benches.peers.endpoints import PEERS, Peer
from benches.peers.programs import Build, MissingProgram, find_installed, find_sdk_versions
from benches.peers.report import ratio_table
from benches.peers.scenarios import SCENARIOS
from benches.rounds import Round, Rounds

NO_TOOL = Peer("cobol", "COBOL", "", Build("go", ("no-such-compiler", "build"), ("./target/peer",)), ())
FAILS = Peer("broken", "a build that fails", "", Build("go", ("false",), ("./target/peer",)), ())
HERE = Peer("here", "Python", "", "python", ())


def test_a_run_goes_on_without_the_peers_that_cannot_be_built() -> None:
    console = Console(record=True, width=200)
    found, missing = prepare([NO_TOOL, HERE, FAILS], is_needed=False, console=console)
    assert found == [HERE]
    assert missing == {"cobol": "there is no `no-such-compiler`", "broken": "`false` failed: "}
    assert "Without COBOL: there is no `no-such-compiler`" in console.export_text()


def test_a_peer_that_was_asked_for_has_to_be_there() -> None:
    with pytest.raises(MissingProgram, match="COBOL: there is no `no-such-compiler`"):
        prepare([HERE, NO_TOOL], is_needed=True, console=Console(quiet=True))


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(MissingProgram, match="no-such-program; install the package"):
        find_installed("no-such-program")


def test_versions_of_the_official_sdks_are_found() -> None:
    assert len(find_sdk_versions()) == 3
    assert all(version.count(".") == 2 for version in find_sdk_versions().values())


def test_ratios_are_of_awaken_to_each_other_with_the_goals_beside_them() -> None:
    rates = {"awaken": (10.0, 2.0), "rust": (20.0, 1.0), "granian": (1.0, 40.0)}
    rounds = Rounds([Round("greet", peer, 0, {"rate": r, "cpu": c}) for peer, (r, c) in rates.items()])
    console = Console(record=True, width=200)
    console.print(ratio_table(rounds, SCENARIOS[:1], [one for one in PEERS if one.name in rates]))
    rust, granian = (
        [cell.strip() for cell in line.split("│")[2:8]]
        for line in console.export_text().splitlines()
        if "│ rust" in line or "│ granian" in line
    )
    assert rust == ["rust", "0.50 (0.50 to 0.50)", "2.00 (2.00 to 2.00)", "", "", "≤ 1"]
    assert granian == ["granian", "10.00 (10.00 to 10.00)", "0.05 (0.05 to 0.05)", "", "≥ 10", "≤ 0.07"]
