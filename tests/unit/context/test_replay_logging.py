"""Logging from handlers: silent while they replay, and every record has its invocation id."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import RestateLoggingFilter, getLogger

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Iterator


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def records() -> Iterator[Records]:
    """What arrives at a handler of the root logger, with the filter on it."""
    handler = Records()
    handler.addFilter(RestateLoggingFilter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def replay(logger: logging.Logger) -> None:
    """Run a handler that logs around two runs, of which the first is replayed."""
    service = awaken.Service("Greeter")

    async def effect() -> None:
        logger.info("inside of a run")

    @service.handler()
    async def greet(ctx: awaken.Context) -> None:
        logger.info("before")
        await ctx.run_typed("first", effect)
        logger.info("between")
        await ctx.run_typed("second", effect)

    call = Call(service, "greet")
    call.send(
        frames.request(b"", frames.run_command(1, "first"), frames.run_completion(1, b""), retry_count=2)
    )
    await call.until(lambda: "ProposeRunCompletion" in call.answer)
    call.receiver.disconnect()
    await call.settle()


@pytest.mark.parametrize("name", ["stdlib", "stdlib.deeper"])
async def test_plain_logger_is_silent_while_its_handler_replays(name: str, records: Records) -> None:
    await replay(logging.getLogger(name))

    assert records.messages == ["between", "inside of a run"]


async def test_records_know_their_invocation_handler_and_attempt(records: Records) -> None:
    logging.getLogger("app").info("outside")
    await replay(logging.getLogger("app"))

    facts = [
        (record.invocation_id, record.invocation_target, record.invocation_attempt)
        for record in records.records
    ]
    assert facts == [("-", "-", 0)] + [(frames.INVOCATION_ID, "Greeter/greet", 3)] * 2


async def test_logger_of_our_own_has_the_filter_once() -> None:
    logger = getLogger("with filter")
    assert getLogger("with filter") is logger is logging.getLogger("with filter")
    assert [type(existing) for existing in logger.filters] == [RestateLoggingFilter]

    handler = Records()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    await replay(logger)

    assert handler.messages == ["between", "inside of a run"]
    assert getLogger() is logging.getLogger()
    logging.getLogger().filters.clear()


async def test_what_we_tell_of_a_failing_replay_is_never_dropped(records: Records) -> None:
    service = awaken.Service("Greeter")

    @service.handler()
    async def greet(ctx: awaken.Context) -> None:
        logging.getLogger("awakened").info("another logger")
        raise ValueError("in the middle of a replay")

    call = Call(service, "greet")
    call.send(frames.request(b"", frames.run_command(1, "first")))
    await call.until_answer("Error")

    assert len(records.messages) == 1
    assert "attempt failed" in records.messages[0]
    assert records.records[0].invocation_target == "Greeter/greet"


def test_filter_by_name_is_that_of_the_standard_library() -> None:
    record = logging.makeLogRecord({"name": "b"})
    assert not RestateLoggingFilter("a").filter(record)
    assert RestateLoggingFilter("b").filter(record)
