"""The pytest plugin: the fixture `awaken_env`, and those it depends on.

Every run of pytest with awaken installed loads it, so it imports the rest of the package only when a fixture is used.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.testing.environment import Environment

__all__ = ["awaken_always_replay", "awaken_app", "awaken_env"]


#: The arguments of the mark; the first tuple is passed to `open_environment` unchanged.
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
    """Report failed handlers as notes of a failed test, instead of as further errors."""
    environment = getattr(item, "funcargs", {}).get("awaken_env")
    if environment is None or call.when != "call" or call.excinfo is None:
        return
    if not call.excinfo.errisinstance(pytest.skip.Exception):
        from awaken.testing.opening import add_failures

        add_failures(call.excinfo.value, environment.take_failures())


@pytest.fixture
def awaken_app(request: pytest.FixtureRequest) -> Any:
    """The application under test. Define this fixture yourself, or use `@pytest.mark.awaken(app=...)`."""
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
    """Whether every wait suspends the handler. Override it with `params` to test both."""
    return bool(_options(request).get("always_replay", False))


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the marks' arguments; those of a closer mark override those of outer ones."""
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
    """Fail a test that is not a coroutine function: it cannot await anything, and would pass without doing anything."""
    function = getattr(request.node, "function", None)
    if function is None or "awaken_env" not in inspect.signature(function).parameters:
        return  # another fixture uses it
    if not inspect.iscoroutinefunction(function):
        name = function.__name__
        pytest.fail(
            f"{name} is a plain function, but you have to await the methods of awaken_env: write `async def {name}`, "
            "with @pytest.mark.asyncio above it, or asyncio_mode = auto in the settings of pytest",
            pytrace=False,
        )


def _async_fixture(function: Any) -> Any:
    """Make a fixture of an async generator, or one that fails and says what to install."""
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
