"""How a log record carries an error of the author's code: shortened to read, whole for tools."""

from __future__ import annotations

import io
import logging
import traceback
from logging.handlers import BufferingHandler
from typing import TYPE_CHECKING

import awaken

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    import pytest


async def fail() -> logging.LogRecord:
    """Return the record of a handler that failed."""
    service = awaken.Service("Greeter")

    @service.handler()
    async def greet(ctx: awaken.Context) -> None:
        raise LookupError("no greeting")

    handler = BufferingHandler(capacity=100)
    logger = logging.getLogger("awaken")
    logger.addHandler(handler)
    try:
        call = Call(service, "greet")
        call.send(frames.request())
        await call.until_ended()
    finally:
        logger.removeHandler(handler)
    [record] = handler.buffer
    return record


def functions(text: str) -> list[str]:
    return [line.rpartition(" in ")[2] for line in text.splitlines() if line.startswith("  File ")]


async def test_exception_in_the_record_keeps_all_its_frames() -> None:
    record = await fail()

    assert record.exc_info is not None
    kind, error, shown = record.exc_info
    assert kind is LookupError
    assert error is not None
    whole = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert whole == ["_run_handler", "greet"]
    assert [frame.name for frame in traceback.extract_tb(shown)] == ["greet"]


async def test_every_formatter_prints_the_authors_frames_only() -> None:
    record = await fail()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)

    handler.handle(record)
    assert functions(stream.getvalue()) == ["greet"]

    record.exc_text = None  # as formatters do that print tracebacks in their own way
    handler.handle(record)
    assert functions(stream.getvalue()) == ["greet", "greet"]


async def test_record_names_the_place_that_logged_it(caplog: pytest.LogCaptureFixture) -> None:
    record = await fail()

    assert (record.name, record.levelno) == ("awaken", logging.WARNING)
    assert (record.module, record.funcName) == ("outcome", "report")


async def test_error_of_only_our_own_frames_is_told_without_any(caplog: pytest.LogCaptureFixture) -> None:
    service = awaken.Service("Greeter")

    async def add(left: int, right: int) -> int:
        return left + right

    @service.handler()
    async def greet(ctx: awaken.Context) -> None:
        await ctx.run_typed("wrong", add, left=1)  # type: ignore[call-overload]  # the mistake

    call = Call(service, "greet")
    call.send(frames.request())
    await call.until(lambda: bool(caplog.records))
    call.receiver.disconnect()

    [record] = caplog.records
    assert record.exc_text is not None
    assert "missing 1 required positional argument: 'right'" in record.exc_text
    assert "\n" not in record.exc_text
