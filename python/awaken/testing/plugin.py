"""The pytest plugin: the fixture `awaken_env`, and what it takes.

It is loaded into every run of pytest on a machine with awaken, so it imports nothing before a fixture is asked for.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.testing.environment import Environment

__all__ = ["awaken_always_replay", "awaken_app", "awaken_env"]


#: What the mark takes, and what `open_environment` takes of it as it is.
_ENVIRONMENT_OPTIONS: Final = ("retries", "disable_retries", "patience")
_OPTIONS: Final = ("app", "always_replay", *_ENVIRONMENT_OPTIONS)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line(
        "markers",
        "awaken(app=..., always_replay=False, retries=False, disable_retries=False, patience=timedelta(seconds=5)): "
        "what the fixture awaken_env runs, and how",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Tell of handlers that failed in the report of a test that failed itself, and nowhere else."""
    environment = getattr(item, "funcargs", {}).get("awaken_env")
    if environment is None or call.when != "call" or call.excinfo is None:
        return
    if not call.excinfo.errisinstance(pytest.skip.Exception):
        from awaken.testing.opening import add_failures

        add_failures(call.excinfo.value, environment.take_failures())


@pytest.fixture
def awaken_app(request: pytest.FixtureRequest) -> Any:
    """The application under test; define this fixture yourself, or give it by `@pytest.mark.awaken(app=...)`."""
    app = _options(request).get("app")
    if app is None:
        pytest.fail(
            "awaken does not know the application under test: define the fixture awaken_app in conftest.py or in "
            "the test's module, for example\n\n"
            "    @pytest.fixture\n"
            "    def awaken_app():\n"
            "        return awaken.app([my_service])\n",
            pytrace=False,
        )
    return app


@pytest.fixture
def awaken_always_replay(request: pytest.FixtureRequest) -> bool:
    """Whether every wait suspends the handler; override it to have both, by `params`."""
    return bool(_options(request).get("always_replay", False))


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the closest mark gives, and what marks farther out give besides."""
    found: dict[str, Any] = {}
    for marker in request.node.iter_markers("awaken"):
        unknown = [repr(given) for given in marker.args]
        unknown += [f"{name}={given!r}" for name, given in marker.kwargs.items() if name not in _OPTIONS]
        if unknown:
            pytest.fail(
                f"@pytest.mark.awaken does not take {', '.join(unknown)}; it takes "
                f"{', '.join(f'{name}=' for name in _OPTIONS)}",
                pytrace=False,
            )
        found = {**marker.kwargs, **found}
    return found


def _refuse_plain_function(request: pytest.FixtureRequest) -> None:
    """Refuse a test that cannot await what the environment gives: it would pass without having done anything."""
    function = getattr(request.node, "function", None)
    if function is None or "awaken_env" not in inspect.signature(function).parameters:
        return  # another fixture uses it
    if not inspect.iscoroutinefunction(function):
        name = function.__name__
        pytest.fail(
            f"{name} is a plain function, and what awaken_env does has to be awaited: write `async def {name}`, "
            "with @pytest.mark.asyncio above it, or asyncio_mode = auto in the settings of pytest",
            pytrace=False,
        )


def _async_fixture(function: Any) -> Any:
    """Make a fixture of an async generator, or one that says what is missing for that."""
    try:
        import pytest_asyncio
    except ImportError:
        return pytest.fixture(name=function.__name__)(_explain)
    return pytest_asyncio.fixture(function)


def _explain() -> None:
    pytest.fail("awaken_env needs pytest-asyncio: pip install pytest-asyncio", pytrace=False)


@_async_fixture
async def awaken_env(
    request: pytest.FixtureRequest, awaken_app: Any, awaken_always_replay: bool
) -> AsyncIterator[Environment]:
    """A running embedded runtime with the application under test."""
    from awaken.testing.opening import open_environment

    _refuse_plain_function(request)
    options = _options(request)
    given = {name: options[name] for name in _ENVIRONMENT_OPTIONS if name in options}
    async with open_environment(awaken_app, always_replay=awaken_always_replay, **given) as environment:
        yield environment
