"""Runs one page, from its first block to its last."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.docs import folder as files
from tests.docs.commands import read_commands
from tests.docs.formats import check_format
from tests.docs.modules import execute, group_modules
from tests.docs.page import ROOT, Block, Copy, PageError, Setting, read_page
from tests.docs.ports import Ports
from tests.docs.session import PATIENCE_S, Session
from tests.docs.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docs.commands import Command
    from tests.docs.page import Page
    from tests.docs.session import Ran

#: How long what a command looks at may need until it is as shown.
LOOK_PATIENCE_S: Final = 15
#: How long a command in the background, of which nothing is shown, has to print something or to fail.
SILENT_PATIENCE_S: Final = 5
#: Commands that change nothing. They are typed again until they print what the page shows, as a reader would.
_LOOKS: Final = re.compile(
    r"^(?:(?:cat|ls|head|tail|grep|jq|wc|find)\b"
    r"|awaken (?:invocations|awakeables) (?:list|show|get|describe)\b"
    r"|curl (?!.*(?:--json|--data|-d |-X|--request|-F|/send\b)))"
)
#: What a page that continues another one needs of its commands.
_PREPARATIONS: Final = re.compile(r"^(?:cd|mkdir|touch|cp|mv|rm|export|awaken new)\b")


def run_page(page: Page, folder: Path) -> list[str]:
    """Run a page in an empty folder.

    Returns:
        What differs from the page, with the lines where.
    """
    pages = _with_continued(page)
    texts = [block.text for one in pages for block in one.blocks]
    texts += [
        text for one in pages for item in one.items if isinstance(item, Copy) for text in files.texts(item)
    ]
    with Session(folder, ports := Ports(texts)) as session:
        run = _Run(session, ports)
        for one in pages[:-1]:
            run.prepare(one)
        run.run(page)
    return run.differences


def _with_continued(page: Page) -> list[Page]:
    pages = [page]
    while (before := pages[0].continues) is not None:
        if not Path(before).is_file():
            raise PageError(f"{pages[0].name}: the page that it continues is missing: {before}")
        pages.insert(0, read_page(Path(before)))
        if len(pages) > 50:
            raise PageError(f"{page.name}: the pages continue each other in a circle")
    return pages


class _Run:
    def __init__(self, session: Session, ports: Ports) -> None:
        self.differences: list[str] = []
        self._session = session
        self._ports = ports
        self._shapes = Shapes()

    def prepare(self, page: Page) -> None:
        """Write what a page leaves, for the one that continues it."""
        for item in page.items:
            if isinstance(item, Copy):
                files.copy(item, self._session.folder, self._ports)
            elif isinstance(item, Setting):
                self._session.run(f"export {item.text}")
            elif item.title is not None and item.excerpt is None:
                files.write(item, self._session.folder, self._ports)
            elif item.language == "console":
                for command in read_commands(item):
                    if _PREPARATIONS.match(command.text):
                        self._session.run(command.text)

    def run(self, page: Page) -> None:
        modules = group_modules(page.blocks)
        for item in page.items:
            try:
                if isinstance(item, Copy):
                    files.copy(item, self._session.folder, self._ports)
                elif isinstance(item, Setting):
                    self._session.run(f"export {item.text}")
                else:
                    self._block(item)
                    if module := next((one for one in modules if one[-1] is item), None):
                        self._module(module)
            except (PageError, LookupError) as error:
                self.differences.append(str(error))
            except (TimeoutError, EOFError) as error:
                # What is typed from now on would start late, or never.
                self.differences.append(str(error))
                break
        for command, ran in self._session.failed():
            self.differences.append(f"{page.name}: $ {command}\n{_failure(ran)}")

    def _block(self, block: Block) -> None:
        if block.excerpt is not None:
            files.check_excerpt(block, self._session.folder, self._ports)
        elif block.language == "console":
            for command in read_commands(block):
                self._command(command, block.page)
        elif block.title is not None:
            files.write(block, self._session.folder, self._ports)
        if block.language not in ("console", "python", "py", "pycon") and (problem := check_format(block)):
            self.differences.append(f"{block.where}: {problem}")

    def _module(self, blocks: list[Block]) -> None:
        problem = execute(blocks, self._session)
        if problem is not None:
            self.differences.append(f"{blocks[0].where}: the Python blocks do not run:\n{_indent(problem)}")

    def _command(self, command: Command, page: str) -> None:
        text = self._shapes.replace(command.text)
        where = f"{page}:{command.line}"
        if (target := re.match(r"make ([\w-]+)", text)) is not None:
            if not re.search(rf"^{target[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE):
                self.differences.append(f"{where}: the Makefile has no target {target[1]!r}")
        elif not text or self._session.is_endless(text):
            self._endless(command, text, where)
        else:
            self._ending(command, text, where)
        if command.is_interrupted:
            self._interrupt(command, where)

    def _ending(self, command: Command, text: str, where: str) -> None:
        deadline = time.monotonic() + LOOK_PATIENCE_S
        while True:
            ran = self._session.run(text)
            if command.output.strip() in ("", "..."):  # it shows nothing that would tell a failure
                if ran.status == 0:
                    return
                difference = _failure(ran)
            elif self._shapes.matches(command.output, ran.output):
                return
            else:
                difference = _difference(self._shapes.replace(command.output), ran.output)
            if not _LOOKS.match(text) or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.differences.append(f"{where}: $ {text}\n{difference}")

    def _endless(self, command: Command, text: str, where: str) -> None:
        if text:
            self._session.start(text)
        printed = self._wait_for(command.output, self._session.background_output)
        if printed is not None:
            self.differences.append(f"{where}: $ {text}\n{_difference(command.output, printed)}")

    def _interrupt(self, command: Command, where: str) -> None:
        printed = self._session.interrupt()
        wanted = "\n".join(["...", *command.shown_at_end])
        if command.shown_at_end and not self._shapes.matches(wanted, printed):
            self.differences.append(f"{where}: ^C\n{_difference(wanted, printed)}")

    def _wait_for(self, shown: str, output: Callable[[], str]) -> str | None:
        """Wait until a command prints what is shown, after other lines if it is the rest of an output.

        Returns:
            What it printed, if that differs.
        """
        deadline = time.monotonic() + (PATIENCE_S / 2 if shown.strip() else SILENT_PATIENCE_S)
        while True:
            is_last = self._session.is_over() or time.monotonic() > deadline
            printed = output()
            if not shown.strip():
                if printed or is_last:
                    return None
            elif any(self._shapes.match(lines, printed) is not None for lines in (shown, f"...\n{shown}")):
                return None
            if is_last:
                return printed
            time.sleep(0.05)


def _failure(ran: Ran) -> str:
    return f"  exited with {ran.status} and printed:\n{_indent(ran.output)}"


def _difference(shown: str, printed: str) -> str:
    return f"  shown:\n{_indent(shown)}\n  printed:\n{_indent(printed)}"


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip("\n").splitlines()) or "    (nothing)"
