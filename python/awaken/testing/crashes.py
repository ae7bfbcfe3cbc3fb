"""Crashes at every position: a test runs once undisturbed, then once for each position, with a crash there.

Everything that one turn of the event loop stores is one commit, so a journal can be cut only between commits. Each
commit gives two positions: before it (what it holds is lost) and after it (it is on disk, but no one has been
notified). Runtime and handlers die together and start again from the file, as after kill -9.

These must be the same with the crash as without: what the test function returns, the state of every key, and the
invocations that were made, with their inputs and results. An action inside a run may happen again if the crash came
before its result was stored. Outside runs, nothing may happen twice.
"""

from __future__ import annotations

import functools
import inspect
import os
import random
import sys
from typing import TYPE_CHECKING, Any, Final, overload

from awaken.endpoint.error_fields import printable
from awaken.testing.errors import CrashFoundError
from awaken.testing.opening import open_environment
from awaken.testing.positions import CrashProbe, Position
from awaken.testing.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from awaken.testing.snapshot import Snapshot

    Scenario = Callable[..., Awaitable[Any]]

__all__ = ["crash_everywhere"]

#: Environment variable that repeats a sample of positions.
_SEED: Final = "AWAKEN_CRASH_SEED"
#: Environment variable that selects one position to crash at.
_POSITION: Final = "AWAKEN_CRASH_AT"
#: Longest text that is quoted of a test's own error, in characters; the error itself is the `__cause__`.
_LONGEST_ERROR: Final = 2000
_LARGEST_SEED: Final = 2**32


@overload
def crash_everywhere(scenario: Scenario) -> Scenario: ...


@overload
def crash_everywhere(
    *,
    app: Any = None,
    max_positions: int = 100,
    seed: int | None = None,
    always_replay: bool = False,
    retries: bool = False,
) -> Callable[[Scenario], Scenario]: ...


def crash_everywhere(
    scenario: Scenario | None = None,
    *,
    app: Any = None,
    max_positions: int = 100,
    seed: int | None = None,
    always_replay: bool = False,
    retries: bool = False,
) -> Any:
    """Run a test once undisturbed, and once per position with a crash there; fail if an outcome differs.

    The decorated function takes an `Environment` as its first argument; its return value is compared as well.

    Args:
        scenario: the test function.
        app: the application under test; by default the fixture `awaken_app`.
        max_positions: if there are more positions, this many are chosen at random.
        seed: seed of that choice; by default AWAKEN_CRASH_SEED, or a new one.
        always_replay: every wait suspends the handler, even without a crash.
        retries: retry failed attempts; see `open_environment`.
    """
    decorate = functools.partial(
        _decorate,
        app=app,
        max_positions=max_positions,
        seed=seed,
        always_replay=always_replay,
        retries=retries,
    )
    return decorate if scenario is None else decorate(scenario)


def _decorate(
    scenario: Scenario, *, app: Any, max_positions: int, seed: int | None, always_replay: bool, retries: bool
) -> Scenario:
    if not inspect.iscoroutinefunction(scenario):
        name = getattr(scenario, "__qualname__", repr(scenario))
        raise TypeError(
            f"{name} is not a coroutine function; write `async def`, since you have to await an Environment's methods"
        )
    parameters = list(inspect.signature(scenario).parameters.values())
    if not parameters:
        raise TypeError(f"{scenario.__qualname__} takes no argument; it is called with an Environment")

    async def run(**arguments: Any) -> None:
        __tracebackhide__ = True
        chosen = arguments.pop(_APP_FIXTURE) if app is None else app
        check = _Check(
            functools.partial(scenario, **arguments), chosen, always_replay=always_replay, retries=retries
        )
        await check.everywhere(max_positions, seed)

    functools.update_wrapper(run, scenario)
    rest = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters[1:]]
    if app is None:
        rest.append(inspect.Parameter(_APP_FIXTURE, inspect.Parameter.KEYWORD_ONLY))
    # pytest reads the signature to know which fixtures to pass.
    run.__signature__ = inspect.Signature(rest)  # type: ignore[attr-defined]
    del run.__wrapped__  # type: ignore[attr-defined]
    return run


_APP_FIXTURE: Final = "awaken_app"


class _Check:
    """Runs one scenario with and without crashes."""

    def __init__(self, scenario: Scenario, app: Any, **options: Any) -> None:
        self._scenario = scenario
        self._app = app
        self._options = options

    async def everywhere(self, max_positions: int, seed: int | None) -> None:
        """Crash at all positions, at a sample of them, or at the one that the environment variable selects."""
        __tracebackhide__ = True
        counting = CrashProbe(None)
        undisturbed = await self._run(counting)
        positions = [
            Position(commit, stored) for commit in range(1, counting.commits + 1) for stored in (False, True)
        ]
        chosen = os.environ.get(_POSITION)
        if chosen:
            positions, seed = [Position.parse(chosen)], None
        elif len(positions) > max_positions:
            seed = _choose_seed(seed)
            positions = sorted(random.Random(seed).sample(positions, max_positions))  # noqa: S311
        else:
            seed = None
        with _progress(positions) as tracked:
            for position in tracked:
                await self._check(position, undisturbed, seed)

    async def _check(self, position: Position, undisturbed: Snapshot, seed: int | None) -> None:
        __tracebackhide__ = True
        probe = CrashProbe(position)
        try:
            snapshot = await self._run(probe)
        except Exception as error:
            text = f"the test failed: {type(error).__name__}: {printable(error, _LONGEST_ERROR)}"
            raise CrashFoundError(_report(probe, position, seed, [text])) from error
        differences = list(undisturbed.differences(snapshot))
        if differences:
            raise CrashFoundError(_report(probe, position, seed, differences))

    async def _run(self, probe: CrashProbe) -> Snapshot:
        __tracebackhide__ = True
        async with open_environment(self._app, probe=probe, **self._options) as environment:
            probe.watch(environment)
            result = await self._scenario(environment)
            await environment.settle()
            probe.stop()
            return take_snapshot(environment.fetch, environment.effects.outside_runs, result)


def _report(probe: CrashProbe, position: Position, seed: int | None, differences: Sequence[str]) -> str:
    where = f"with a crash right {'after' if position.is_stored else 'before'} commit {position.commit}"
    if probe.content:
        where += f" ({probe.content})"
    lines = "".join(f"\n  {difference}" for difference in differences)
    sample = "" if seed is None else f"; the whole sample with {_SEED}={seed}"
    return f'{where}:{lines}\nrepeat this one with {_POSITION}="{position}"{sample}'


def _choose_seed(seed: int | None) -> int:
    if seed is not None:
        return seed
    given = os.environ.get(_SEED)
    return int(given) if given else random.randrange(_LARGEST_SEED)  # noqa: S311


def _progress(positions: Sequence[Position]) -> AbstractContextManager[Iterator[Position]]:
    """Show a progress bar if stderr is a terminal; it vanishes at the end."""
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
