"""Development mode: warnings for developers, once for each place."""

from __future__ import annotations

import awaken
import pytest
from awaken.diagnostics import development
from awaken.testing import DevelopmentWarning, open_environment


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "awaken"]


def test_nothing_is_warned_of_outside_of_development_mode(caplog: pytest.LogCaptureFixture) -> None:
    assert not development.is_enabled()

    development.warn("is an int", place='state "a" of S/h')

    assert warnings_in(caplog) == []


def test_each_place_is_warned_of_once_until_the_outermost_block_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        with development.enabled():
            with development.enabled():
                development.warn("is an int", place="input of S/h")
            development.warn("is an int", place="input of S/h")
            development.warn("is a list", place="input of S/i")

    assert warnings_in(caplog) == ["input of S/h: is an int", "input of S/i: is a list"] * 2


async def test_environment_of_the_test_kit_is_in_development_mode() -> None:
    seen = []
    service = awaken.Service("S")

    @service.handler()
    async def look(ctx: awaken.Context) -> None:
        seen.append(development.is_enabled())

    async with open_environment([service]) as environment:
        await environment.client.service_call(look, None)

    assert seen == [True]
    assert not development.is_enabled()


async def test_test_kit_gives_warnings_that_runners_of_tests_show() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def double(ctx: awaken.Context, amount: int) -> float:
        return amount * 2

    async def scenario() -> None:
        async with open_environment([service]) as environment:
            assert await environment.client.generic_call("S", "double", b"1.5") == b"3.0"

    with pytest.warns(DevelopmentWarning, match="S/double"):
        await scenario()
