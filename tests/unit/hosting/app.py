"""A program that serves, for the tests of signals and workers: `python app.py WORKERS GRACE_SECONDS`."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from awaken.serve import run

if TYPE_CHECKING:
    from awaken.exchange import Exchange


class Program:
    """Do what the path says: return the process id, wait until the drain, or wait forever."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        exchange.start(200, [])
        exchange.write(b"%d\n" % os.getpid())
        if exchange.path == "/pid":
            exchange.end()

    def receive_data(self, data: bytes) -> None:
        self.exchange.acknowledge(len(data))

    def receive_end(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass

    def drain(self) -> None:
        if self.exchange.path == "/until-drain":
            self.exchange.write(b"wound up")
            self.exchange.end()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    run(Program, port=0, workers=int(sys.argv[1]), grace=timedelta(seconds=float(sys.argv[2])))
