"""Opens environments."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from awaken.diagnostics import development
from awaken.endpoint.applications import application_of, codecs_of
from awaken.testing.environment import Environment
from awaken.testing.errors import DevelopmentWarning
from awaken.testing.failures import FailureHandling
from awaken.testing.options import PATIENCE, EnvironmentOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import timedelta

    from awaken.runtime.events import Observer
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.testing.failures import HandlerFailure

__all__ = ["add_failures", "open_environment", "open_with"]

#: Files here are as durable as a test needs, and do not touch a disk.
_MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108 -- a fresh directory is made in it


@asynccontextmanager
async def open_environment(
    app: Any,
    *,
    always_replay: bool = False,
    retries: bool = False,
    disable_retries: bool = False,
    directory: Path | None = None,
    probe: CommitProbe | None = None,
    observer: Observer | None = None,
    patience: timedelta | float = PATIENCE,
) -> AsyncIterator[Environment]:
    """Run an application on an embedded runtime of its own, until the end of the `async with` block.

    An exception of a handler that is not a `TerminalError` is raised in your test: where the test waits for the handler
    or for anything else, and at the latest at the end of the block. Retries that the handler asks for do happen: those
    of a `RetryableError`, and of a run with retry options.

    Args:
        app: what `awaken.app(...)` returned, a service, or a list of services.
        always_replay: every wait suspends the handler, which then continues by replaying its journal.
        retries: retry every failed attempt, as in production. The test then receives only failures that no retry can
            fix: an invocation whose retries are used up, a journal mismatch.
        disable_retries: a failed attempt ends the invocation, and its callers get the failure as an `HttpError`.
        directory: where to store the data; by default a temporary directory.
        probe: called before and after each commit.
        observer: receives each event of each invocation.
        patience: how long to wait for what a handler usually does within milliseconds, as a `timedelta` or in seconds.

    Raises:
        TypeError: `app` is not an application.
        ValueError: both `retries` and `disable_retries` are given.
    """
    if retries and disable_retries:
        raise ValueError("retries=True and disable_retries=True exclude each other; give one of them")
    handling = FailureHandling.RETRY if retries else FailureHandling.RAISE
    options = EnvironmentOptions(
        handling=FailureHandling.END if disable_retries else handling,
        always_replay=always_replay,
        disable_retries=disable_retries,
        directory=directory,
        probe=probe,
        observer=observer,
        patience=patience,
    )
    async with open_with(app, options) as environment:
        yield environment


@asynccontextmanager
async def open_with(app: Any, options: EnvironmentOptions) -> AsyncIterator[Environment]:
    """Open an environment with options; see `open_environment`."""
    application = application_of(app)
    with contextlib.ExitStack() as stack:
        directory = options.directory
        if directory is None:
            parent = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
            directory = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix=f"awaken-{os.getpid()}-", dir=parent))
            )
        mistakes: list[str] = []
        stack.enter_context(development.enabled(mistakes.append))
        environment = Environment(application.accept, directory, options, codecs_of(application))
        async with _running(environment):
            yield environment
    if options.handling is not FailureHandling.LOOK_ON:
        for text in mistakes:
            warnings.warn(text, DevelopmentWarning, stacklevel=2)


@asynccontextmanager
async def _running(environment: Environment) -> AsyncIterator[None]:
    await environment.start()
    try:
        async with environment.connected():
            yield
            await environment.finish()
    except BaseException as error:
        add_failures(error, environment.take_failures())
        raise
    finally:
        await environment.stop()
    __tracebackhide__ = True
    _raise(environment.take_failures())


def add_failures(error: BaseException, failures: Sequence[HandlerFailure]) -> None:
    """Add failures of handlers as notes to the error of a test, so that they do not hide it."""
    for failure in failures:
        with contextlib.suppress(Exception):  # some exceptions are frozen
            error.add_note(f"a handler failed as well: {failure}")


def _raise(failures: Sequence[HandlerFailure]) -> None:
    __tracebackhide__ = True
    errors = [failure.exception() for failure in failures]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} failures of handlers that the test did not receive", errors)
