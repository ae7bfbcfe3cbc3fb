"""A receiver that raises: what its peer sees, how it is called, and what is logged, the same on every transport.

The rule is in `awaken.exchange`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.transports.hosted import asgi_exchange
from awaken.transports.memory.dialer import MemoryDialer

from tests.unit.transports.raising import DIALED, GOOD, OPEN, WAYS, Answer, Raiser
from tests.unit.transports.receivers import Acceptor, Echo, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.transports.raising import Dialed, OpenWay, Way


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of these requests are never ended."""
    monkeypatch.setattr(asgi_exchange, "HALF_CLOSE_TIMEOUT", 0)


@pytest_asyncio.fixture(params=WAYS)
async def way(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    made = await WAYS[request.param](Acceptor(Raiser))
    yield made
    await made.close()


@pytest_asyncio.fixture(params=OPEN)
async def open_way(request: pytest.FixtureRequest) -> AsyncIterator[OpenWay]:
    made = await OPEN[request.param](Acceptor(Raiser))
    yield made
    await made.close()


@pytest_asyncio.fixture(params=DIALED)
async def dialed(request: pytest.FixtureRequest) -> AsyncIterator[Dialed]:
    made = await DIALED[request.param](Acceptor(Echo))
    yield made
    await made.close()


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return level and message of each record of the transports, all of which have to have a traceback."""
    records = [record for record in caplog.records if record.name == "awaken.transports"]
    assert all(record.exc_info and record.exc_info[2] for record in records)
    return [(record.levelno, record.getMessage()) for record in records]


@pytest.mark.parametrize("error", [ValueError("a bug"), Raiser.error], ids=["Exception", "BaseException"])
@pytest.mark.parametrize(
    ("before", "answer"),
    [("untouched", Answer(500)), ("started", Answer(None, is_broken=True)), ("ended", Answer(200))],
)
@pytest.mark.parametrize("where", ["accept", "data", "end"])
async def test_only_the_exchange_of_a_receiver_that_raises_fails(
    way: Way,
    where: str,
    before: str,
    answer: Answer,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Raiser, "error", error)

    failed = await way.ask(f"/{where}/{before}")
    good = await way.ask(GOOD)

    assert (failed, good) == (answer, Answer(200))
    ((level, message),) = logged(caplog)
    assert level == logging.ERROR
    assert f"the receiver of <POST /{where}/{before} " in message
    if where != "accept":
        calls = {"data": ["data"], "end": ["data", "end"]}[where]
        assert way.acceptor.receivers[0].calls == calls + ["disconnect"] * (before != "ended")


async def test_another_exchange_of_the_same_caller_continues(open_way: OpenWay) -> None:
    await open_way.begin(GOOD)
    await (await open_way.acceptor.wait_for(1)).wait_for("data")

    assert await open_way.ask("/data/untouched") == Answer(500)
    assert open_way.acceptor.receivers[0].calls == ["data"]


async def test_receiver_that_raises_when_it_may_write_again_breaks_its_response(
    open_way: OpenWay, caplog: pytest.LogCaptureFixture
) -> None:
    await open_way.begin("/resume/started")
    receiver = await open_way.acceptor.wait_for(1)
    await open_way.take()
    await receiver.wait_for("resume")

    assert await open_way.answer() == Answer(None, is_broken=True)
    assert [call for call in receiver.calls if call != "data"] == ["resume", "disconnect"]
    assert [level for level, _ in logged(caplog)] == [logging.ERROR]


async def test_receiver_that_raises_when_it_shall_wind_up_is_answered_with_500(
    open_way: OpenWay, caplog: pytest.LogCaptureFixture
) -> None:
    await open_way.begin("/drain/untouched")
    receiver = await open_way.acceptor.wait_for(1)
    await receiver.wait_for("data")

    await open_way.drain()

    assert await open_way.answer() == Answer(500)
    assert receiver.calls == ["data", "drain", "disconnect"]
    assert [level for level, _ in logged(caplog)] == [logging.ERROR]
    await open_way.leave()  # or the transport waits for the end of the request


async def test_receiver_that_raises_when_its_peer_has_left_is_logged(
    open_way: OpenWay, caplog: pytest.LogCaptureFixture
) -> None:
    await open_way.begin("/disconnect/untouched")
    receiver = await open_way.acceptor.wait_for(1)
    await receiver.wait_for("data")

    await open_way.leave()
    await receiver.wait_for("disconnect")

    assert await open_way.ask(GOOD) == Answer(200)
    assert receiver.calls == ["data", "disconnect"]
    assert [level for level, _ in logged(caplog)] == [logging.ERROR]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)], ids=repr)
async def test_what_is_meant_for_the_process_propagates(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Raiser, "error", error)
    exchange = MemoryDialer(Acceptor(Raiser)).open("POST", "/data/untouched", {}, lambda: None)

    with pytest.raises(type(error)):
        exchange.send(b"x")


@pytest.mark.parametrize("error", [ValueError("a bug"), Raiser.error], ids=["Exception", "BaseException"])
async def test_caller_that_raises_gives_its_exchange_up(
    dialed: Dialed, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    changes: list[bool] = []

    def on_change() -> None:
        changes.append(exchange.is_reset)
        raise error

    exchange = dialed.dialer.open("POST", "/x", {}, on_change)
    exchange.send(b"x")
    receiver = await dialed.acceptor.wait_for(1)
    receiver.exchange.start(200, [])
    await receiver.wait_for("disconnect")
    await wait_until(lambda: len(changes) == 2)
    await asyncio.sleep(0.01)

    assert changes == [False, True]
    name = type(error).__name__
    assert exchange.failure == f"given up: on_change raised {name}; the log has its traceback"
    assert [level for level, _ in logged(caplog)] == [logging.ERROR] * 2
    assert await dialed.ask("/y") == Answer(200)


async def test_caller_that_raises_at_the_end_of_a_response_has_it_all_the_same(
    dialed: Dialed, caplog: pytest.LogCaptureFixture
) -> None:
    def on_change() -> None:
        if exchange.is_ended:
            raise ValueError("a bug")

    exchange = dialed.dialer.open("POST", "/x", {}, on_change)
    exchange.send(b"x")
    exchange.end()
    await wait_until(lambda: bool(logged(caplog)))

    assert (exchange.take(), exchange.failure) == (b"x", None)
    assert await dialed.ask("/y") == Answer(200)
