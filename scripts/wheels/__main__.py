"""Build the wheels for Linux and the source distribution into dist/, check them, and print a table of what there is.

`python -m scripts.wheels` builds all of them; `--only TAG` one, such as `musllinux_1_2_aarch64` or `sdist`. It needs
maturin, cargo-zigbuild, ziglang and auditwheel, which `make wheel` installs. The status is 1 if anything is missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.wheels.checks import WheelError, check_sdist, check_wheel
from scripts.wheels.installing import try_wheel
from scripts.wheels.progress import say
from scripts.wheels.targets import TARGETS, Target
from scripts.wheels.toolchains import UnavailableError, prepare_toolchain

ROOT: Final = Path(__file__).resolve().parents[2]
DIST: Final = ROOT / "dist"
SDIST: Final = "sdist"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing to build.

    Args:
        tag: its platform tag, or `sdist`.
        path: the file; None if it was not built.
        notes: how it was built and checked, or why not.
    """

    tag: str
    path: Path | None
    notes: tuple[str, ...]


def main() -> int:
    """Build what the command line names."""
    tags = [*(target.tag for target in TARGETS), SDIST]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tags, action="append", help="build this one; may be repeated")
    wanted = parser.parse_args().only or tags
    DIST.mkdir(exist_ok=True)
    outcomes = [_build_wheel(target) for target in TARGETS if target.tag in wanted]
    if SDIST in wanted:
        outcomes.append(_build_sdist())
    _print_table(outcomes)
    return 0 if all(outcome.path for outcome in outcomes) else 1


def _build_wheel(target: Target) -> Outcome:
    try:
        compiler = prepare_toolchain(target.triple)
    except UnavailableError as error:
        return Outcome(target.tag, None, (str(error),))
    say(f"building {target.tag} with {compiler}: one to five minutes")
    before = set(DIST.iterdir())
    command = ["maturin", "build", "--release", "--locked", "--zig", "--target", target.triple]
    command += ["--compatibility", target.policy, "--out", str(DIST)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    built = sorted(DIST.glob(f"awaken-*{target.tag}*.whl"), key=lambda path: path.stat().st_mtime)
    if done.returncode or not built:
        return Outcome(target.tag, None, (f"maturin ended with {done.returncode}; see above", compiler))
    path = built[-1]
    for old in {*built[:-1]} & before:
        old.unlink()
    try:
        notes = (*check_wheel(path, target), *try_wheel(path, target))
    except WheelError as error:
        path.rename(path.with_suffix(".refused"))
        return Outcome(target.tag, None, (str(error), compiler))
    return Outcome(target.tag, path, (compiler, *notes))


def _build_sdist() -> Outcome:
    say("packing the source distribution")
    for old in DIST.glob("awaken-*.tar.gz"):
        old.unlink()
    done = subprocess.run(["maturin", "sdist", "--out", str(DIST)], cwd=ROOT, check=False)
    built = list(DIST.glob("awaken-*.tar.gz"))
    if done.returncode or not built:
        return Outcome(SDIST, None, (f"maturin ended with {done.returncode}; see above",))
    try:
        return Outcome(SDIST, built[0], check_sdist(built[0]))
    except WheelError as error:
        return Outcome(SDIST, None, (str(error),))


def _print_table(outcomes: list[Outcome]) -> None:
    sys.stdout.write("\n")
    for outcome in outcomes:
        if outcome.path is None:
            sys.stdout.write(f"NOT BUILT  {outcome.tag}\n")
        else:
            size = outcome.path.stat().st_size / 1_000_000
            sys.stdout.write(f"built      {outcome.tag}: {outcome.path.name}, {size:.1f} MB\n")
        for note in outcome.notes:
            sys.stdout.write(f"             {note}\n")


if __name__ == "__main__":
    sys.exit(main())
