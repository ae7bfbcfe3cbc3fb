"""`awaken dev --reload` while code breaks, is repaired and changes, as people and editors do it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from tests.unit.cli.test_dev import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

SHOP = """
import awaken
from shop.prices import PRICE

shop = awaken.Service("Shop")

@shop.handler()
async def price(ctx: awaken.Context) -> int:
    return PRICE

app = awaken.app([shop])
"""

#: Beyond what any of these takes on a busy machine, in seconds.
GUARD = 60


class Reloading(Command):
    """`awaken dev --reload`, of which tests read what it printed since they last looked."""

    def __init__(self, folder: Path, target: str) -> None:
        self.shop = folder / "shop"
        self._read = 0
        ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        super().__init__(folder, "dev", target, *ports, "--reload", "--quiet", PYTHONDONTWRITEBYTECODE="1")

    def __enter__(self) -> Self:
        return self

    @property
    def output(self) -> str:
        return Path(
            self._log.name
        ).read_text()  # not through its own handle, whose position the process shares

    def next(self, pattern: str) -> re.Match[str]:
        """Wait for this after what was waited for before."""
        deadline = time.monotonic() + GUARD
        while (found := re.compile(pattern).search(self.output, self._read)) is None:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)
        self._read = found.end()
        return found

    def price(self) -> int:
        """Wait until the application runs, and ask it."""
        ingress = self.next(r"ingress on (http\S+)").group(1)
        answer = httpx.post(f"{ingress}/Shop/price", timeout=GUARD, trust_env=False)
        return int(answer.json())


def lay_out(folder: Path) -> Path:
    """Put an application of two modules in a package into a folder."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "prices.py").write_text("PRICE = 1\n")
    (folder / "shop" / "main.py").write_text(SHOP)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reloading]:
    """Run an application, which each test finds and leaves in order."""
    with Reloading(lay_out(tmp_path_factory.mktemp("running")), "shop.main:app") as command:
        assert command.price() == 1
        yield command
        assert command.end() == 0


def broken_by(text: str) -> Callable[[Path], None]:
    def mistake(shop: Path) -> None:
        (shop / "prices.py").write_text(text)

    return mistake


def remove(shop: Path) -> None:
    (shop / "prices.py").unlink()


def break_package(shop: Path) -> None:
    (shop / "__init__.py").write_text("from shop import no_such_module\n")


def use_missing_module(shop: Path) -> None:
    (shop / "prices.py").write_text("from shop.rates import PRICE\n")


def read_missing_file(shop: Path) -> None:
    (shop / "prices.py").write_text("PRICE = int(open('price.txt').read())\n")


def take_a_name_twice(shop: Path) -> None:
    (shop / "main.py").write_text(
        SHOP.replace("awaken.app([shop])", "awaken.app([shop, awaken.Service('Shop')])")
    )


def undo(shop: Path) -> None:
    (shop / "prices.py").write_text("PRICE = 2\n")
    (shop / "__init__.py").write_text("")
    (shop / "main.py").write_text(SHOP)


def create_module(shop: Path) -> None:
    (shop / "rates.py").write_text("PRICE = 2\n")


def create_data(shop: Path) -> None:
    (shop.parent / "price.txt").write_text("2\n")


def move_over(shop: Path) -> None:
    """Do as editors do that write beside a file first; the new one is as old as the broken one."""
    old = (shop / "prices.py").stat()
    draft = shop / ".prices.py.draft"
    draft.write_text("PRICE = 2".ljust(old.st_size))
    os.utime(draft, ns=(old.st_atime_ns, old.st_mtime_ns))
    draft.replace(shop / "prices.py")


@pytest.mark.parametrize(
    ("mistake", "expected", "repair"),
    [
        (broken_by("PRICE = \n"), "SyntaxError: invalid syntax", undo),
        (broken_by("PRICE = 1 / 0\n"), "ZeroDivisionError: division by zero", move_over),
        (broken_by("import sys; sys.exit(3)\n"), r"exit with 3 while it is imported at \S+main.py:3; ", undo),
        (broken_by("raise KeyError('x')\n"), "KeyError: 'x'", undo),
        (broken_by("class Odd(BaseException): ...\nraise Odd\n"), "Odd", undo),
        (remove, "No module named 'shop.prices'", undo),
        (break_package, "cannot import name 'no_such_module'", undo),
        (use_missing_module, "No module named 'shop.rates'", create_module),
        (read_missing_file, "No such file or directory: 'price.txt'", create_data),
        (take_a_name_twice, "two services are named", undo),
    ],
)
def test_mistake_is_told_and_its_repair_is_noticed(
    running: Reloading, mistake: Callable[[Path], None], expected: str, repair: Callable[[Path], None]
) -> None:
    mistake(running.shop)
    running.next("changed, starting again")
    running.next(expected)
    running.next("waiting for a change")
    assert "/awaken/" not in running.output

    repair(running.shop)

    assert running.price() == 2


def test_start_waits_for_the_repair_of_what_never_worked(folder: Path) -> None:
    shutil.move(folder / "shop", folder / "elsewhere")
    with Reloading(folder, "shop.main:app") as command:
        command.next("there is no module 'shop.main'")
        command.next("waiting for a change")

        shutil.move(folder / "elsewhere", folder / "shop")

        assert command.price() == 1


def test_target_that_no_change_can_repair_ends_the_command(folder: Path) -> None:
    with Reloading(folder, "shop/main.py") as command:
        assert command.process.wait(GUARD) == 2

    assert (
        command.output
        == "error: 'shop/main.py' names no application; write MODULE:NAME, such as shop.main:app\n"
    )


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_wait_for_a_repair(folder: Path, signum: signal.Signals) -> None:
    (folder / "shop" / "prices.py").write_text("PRICE = \n")
    with Reloading(folder, "shop.main:app") as command:
        command.next("waiting for a change")

        assert command.end(signum) == 0

    assert command.output.endswith("awaken: waiting for a change\n")


def test_changes_in_quick_succession_are_one(running: Reloading) -> None:
    printed = len(running.output)
    for price in range(3, 12):
        (running.shop / "prices.py").write_text(f"PRICE = {price}\n")

    assert running.price() == 11
    assert running.output[printed:].count("starting again") == 1


def test_files_that_are_no_code_or_are_not_loaded_change_nothing(running: Reloading) -> None:
    printed = len(running.output)
    (running.shop / "notes.txt").write_text("one")
    (running.shop / "unused.py").write_text("one")
    (running.shop / "prices.py").write_text("PRICE = 2\n")

    assert running.price() == 2
    assert re.findall(r"awaken: (\S+) changed", running.output[printed:]) == ["prices.py"]


def test_blocking_action_does_not_keep_the_new_code_from_starting(folder: Path) -> None:
    (folder / "shop" / "main.py").write_text(
        SHOP.replace(
            "app =",
            """
import pathlib, time

def block() -> None:
    pathlib.Path("blocked").touch()
    time.sleep(3600)

@shop.handler()
async def slow(ctx: awaken.Context) -> None:
    await ctx.run_typed("block", block)

app =""",
        )
    )
    with Reloading(folder, "shop.main:app") as command:
        ingress = command.next(r"ingress on (http\S+)").group(1)
        httpx.post(f"{ingress}/Shop/slow/send", timeout=GUARD, trust_env=False)
        deadline = time.monotonic() + GUARD
        while not (folder / "blocked").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)

        undo(folder / "shop")

        assert command.price() == 2
