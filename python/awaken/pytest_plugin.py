"""The pytest plugin: the fixture `awaken_env`, and what it takes.

It is loaded into every run of pytest on a machine with awaken, so it imports nothing before a fixture is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.testing.environment import Environment

__all__ = ["awaken_always_replay", "awaken_app", "awaken_env"]


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line(
        "markers",
        "awaken(app=..., always_replay=False, disable_retries=False): what the fixture awaken_env runs, and how",
    )


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


async def _open(app: Any, options: dict[str, Any], *, always_replay: bool) -> AsyncIterator[Environment]:
    from awaken.testing.environment import open_environment

    disable_retries = bool(options.get("disable_retries", False))
    async with open_environment(app, always_replay=always_replay, disable_retries=disable_retries) as found:
        yield found


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("awaken")
    return {} if marker is None else dict(marker.kwargs)


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
    options = _options(request)
    async for environment in _open(awaken_app, options, always_replay=awaken_always_replay):
        yield environment
