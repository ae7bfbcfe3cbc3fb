"""Crashes at every position: a handler runs once undisturbed, then once for each commit with a crash right there.

Everything that one turn of the event loop stores is one commit, so the commits are where a journal can be cut. At each
of them the crash comes once before it (what it held is lost) and once after it (it is on disk, and nobody was told).
Runtime and handlers die together and start again from the file, as after kill -9.

What has to be the same afterwards: what the test function returns, the state of every key, and the invocations that
were made, with their inputs and results. What is allowed: an action inside of a run happens again when the crash came
before its result was stored. Outside of runs nothing may happen twice.
"""

from __future__ import annotations

import functools
import inspect
import os
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, overload

from awaken.testing.errors import CrashFoundError
from awaken.testing.opening import open_environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from awaken.testing.environment import Environment

    Scenario = Callable[..., Awaitable[Any]]

__all__ = ["crash_everywhere"]

#: Environment variable that repeats a sample of positions.
_SEED: Final = "AWAKEN_CRASH_SEED"
_LARGEST_SEED: Final = 2**32


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a crash comes."""

    #: Number of the commit, from 1.
    commit: int
    #: Whether the commit is on disk by then.
    is_stored: bool

    def __str__(self) -> str:
        return f"{'after' if self.is_stored else 'before'} commit {self.commit}"


@dataclass(frozen=True)
class Outcome:
    """What can be seen of one run of the scenario."""

    result: Any
    state: Any
    invocations: Any
    outside_runs: Any

    def differences(self, other: Outcome) -> Iterator[str]:
        """Tell how another outcome differs from this one."""
        for name, title in (
            ("result", "the result"),
            ("state", "the state"),
            ("invocations", "the invocations"),
        ):
            before, after = getattr(self, name), getattr(other, name)
            if before != after:
                yield f"{title} was {before!r} and became {after!r}"
        for label, count in other.outside_runs.items():
            before = self.outside_runs[label]
            if count > before:
                yield (
                    f"effect {label!r} happened outside of a run, {before} times undisturbed and {count} times with "
                    "the crash; do it inside of ctx.run_typed"
                )


class CrashProbe:
    """Crashes the runtime at one commit. An `awaken.runtime.store.store.CommitProbe`.

    Args:
        position: where; None never crashes, and only counts.
    """

    def __init__(self, position: Position | None) -> None:
        self.commits = 0
        self.environment: Environment | None = None
        self._position = position
        self._has_crashed = False

    def before_commit(self) -> None:
        """Count it, and maybe crash instead of it."""
        if self.environment is not None and not self._has_crashed:
            self.commits += 1
            self._crash_at(Position(self.commits, is_stored=False))

    def after_commit(self) -> None:
        """Maybe crash before anybody is told of it."""
        if self.environment is not None and not self._has_crashed:
            self._crash_at(Position(self.commits, is_stored=True))

    def _crash_at(self, position: Position) -> None:
        if position == self._position and self.environment is not None:
            self._has_crashed = True
            self.environment.crash_soon()


@overload
def crash_everywhere(scenario: Scenario) -> Scenario: ...


@overload
def crash_everywhere(
    *, app: Any = None, max_positions: int = 100, seed: int | None = None, always_replay: bool = False
) -> Callable[[Scenario], Scenario]: ...


def crash_everywhere(
    scenario: Scenario | None = None,
    *,
    app: Any = None,
    max_positions: int = 100,
    seed: int | None = None,
    always_replay: bool = False,
) -> Any:
    """Run a test once undisturbed, and once for each position with a crash there; fail where something differs.

    The decorated function takes an `Environment` as its first argument; what it returns is compared as well.

    Args:
        scenario: the test function.
        app: the application under test; the fixture `awaken_app` without.
        max_positions: where there are more, so many are chosen at random.
        seed: of that choice; AWAKEN_CRASH_SEED, or a new one, without.
        always_replay: every wait suspends the handler, also without a crash.
    """
    if scenario is None:
        return functools.partial(
            _decorate, app=app, max_positions=max_positions, seed=seed, always_replay=always_replay
        )
    return _decorate(scenario, app=app, max_positions=max_positions, seed=seed, always_replay=always_replay)


def _decorate(
    scenario: Scenario, *, app: Any, max_positions: int, seed: int | None, always_replay: bool
) -> Scenario:
    parameters = list(inspect.signature(scenario).parameters.values())
    if not parameters:
        raise TypeError(f"{scenario.__qualname__} takes no argument; it is called with an Environment")

    async def run(**arguments: Any) -> None:
        chosen = arguments.pop(_APP_FIXTURE) if app is None else app
        check = _Check(functools.partial(scenario, **arguments), chosen, always_replay=always_replay)
        await check.everywhere(max_positions, seed)

    functools.update_wrapper(run, scenario)
    rest = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters[1:]]
    if app is None:
        rest.append(inspect.Parameter(_APP_FIXTURE, inspect.Parameter.KEYWORD_ONLY))
    # What pytest reads to know which fixtures to give.
    run.__signature__ = inspect.Signature(rest)  # type: ignore[attr-defined]
    del run.__wrapped__  # type: ignore[attr-defined]
    return run


_APP_FIXTURE: Final = "awaken_app"


class _Check:
    """Runs one scenario with and without crashes."""

    def __init__(self, scenario: Scenario, app: Any, *, always_replay: bool) -> None:
        self._scenario = scenario
        self._app = app
        self._always_replay = always_replay

    async def everywhere(self, max_positions: int, seed: int | None) -> None:
        """Crash at all positions, or at a sample of them."""
        undisturbed, commits = await self._run(None)
        positions = [Position(commit, stored) for commit in range(1, commits + 1) for stored in (False, True)]
        if len(positions) > max_positions:
            seed = _choose_seed(seed)
            positions = sorted(random.Random(seed).sample(positions, max_positions))  # noqa: S311
        with _progress(positions) as tracked:
            for position in tracked:
                await self._check(position, undisturbed, seed)

    async def _check(self, position: Position, undisturbed: Outcome, seed: int | None) -> None:
        hint = "" if seed is None else f" (positions chosen with {_SEED}={seed})"
        try:
            outcome, _ = await self._run(position)
        except Exception as error:
            raise CrashFoundError(
                f"with a crash {position}, the test failed{hint}: {type(error).__name__}: {error}"
            ) from error
        differences = list(undisturbed.differences(outcome))
        if differences:
            raise CrashFoundError(f"with a crash {position}{hint}: {'; '.join(differences)}")

    async def _run(self, position: Position | None) -> tuple[Outcome, int]:
        probe = CrashProbe(position)
        async with open_environment(self._app, always_replay=self._always_replay, probe=probe) as environment:
            probe.environment = environment
            result = await self._scenario(environment)
            await environment.settle()
            commits = probe.commits
            probe.environment = None
            return _look_at(environment, result), commits


def _look_at(environment: Environment, result: Any) -> Outcome:
    fetch = environment.fetch
    state = fetch("SELECT service, key, name, value FROM state ORDER BY 1, 2, 3")
    invocations = fetch(
        "SELECT service, coalesce(invocation.key, ''), handler, status, hex(coalesce(result_value, '')), "
        "failure_code, failure_message, hex(payload) FROM invocation LEFT JOIN journal "
        "ON journal.invocation = invocation.seq AND journal.idx = 0 ORDER BY 1, 2, 3, 8, 5"
    )
    return Outcome(result, state, invocations, environment.effects.outside_runs)


def _choose_seed(seed: int | None) -> int:
    if seed is not None:
        return seed
    given = os.environ.get(_SEED)
    return int(given) if given else random.randrange(_LARGEST_SEED)  # noqa: S311


def _progress(positions: Sequence[Position]) -> AbstractContextManager[Iterator[Position]]:
    """Show a bar on a terminal; it vanishes at the end."""
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext(iter(positions))
    from rich.console import Console
    from rich.progress import Progress

    class Tracked:
        def __enter__(self) -> Iterator[Position]:
            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            return iter(self._progress.track(positions, description="crashing"))

        def __exit__(self, *_: object) -> None:
            self._progress.stop()

    return Tracked()
